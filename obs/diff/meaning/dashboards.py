"""Dashboards and panels that come, go, move and change, and links that break by it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from obs.diff.boards import Board, Panel
from obs.diff.entry import Entry, arrow, listed
from obs.diff.order import same
from obs.diff.pair import Pair

_WHY = "the JSON of the dashboard differs"


def dashboards(pair: Pair) -> Iterator[Entry]:
    before, after = pair.before.boards, pair.after.boards
    for uid in sorted(before.keys() | after.keys()):
        one, other = before.get(uid), after.get(uid)
        if one is None or other is None:
            yield _whole(pair, uid, other)
        elif one != other:
            yield from _inside(pair, one, other)


def _whole(pair: Pair, uid: str, other: Board | None) -> Entry:
    if other is not None:
        text = f"added: {other.title}, {len(other.panels)} panels"
    else:
        linking = [b.title for b in pair.after.boards.values() if uid in b.links]
        broken = f"; {listed(linking)} still lead to it" if linking else ""
        text = f"removed: bookmarks and links to /d/{uid} break{broken}"
    return Entry(
        topic="dashboards", subject=f"dashboard {uid}", text=text, where=pair.where(f"dashboard {uid}"), why=_WHY
    )


def _inside(pair: Pair, one: Board, other: Board) -> Iterator[Entry]:
    uid = other.uid
    for text in _own(one, other):
        where = pair.where(f"dashboard {uid}")
        yield Entry(topic="dashboards", subject=f"dashboard {uid}", text=text, where=where, why=_WHY)
    moved: list[str] = []
    for title in [*other.panels, *(title for title in one.panels if title not in other.panels)]:
        before, after = one.panels.get(title), other.panels.get(title)
        text = _panel(before, after)
        if text:
            where = pair.where(f"panel {uid}/{title}")
            yield Entry(topic="dashboards", subject=f"panel {other.title} / {title}", text=text, where=where, why=_WHY)
        elif before and after and _moved(before, after):
            moved.append(title)
    # Panels that shift because another comes or goes have not moved.
    if moved and [t for t in one.panels if t in other.panels] != [t for t in other.panels if t in one.panels]:
        yield Entry(
            topic="dashboards",
            subject=f"dashboard {uid}",
            text=f"panels stand in another order: {listed(moved)}",
            why=_WHY,
        )


def _moved(before: Panel, after: Panel) -> bool:
    return before.place != after.place


def _own(one: Board, other: Board) -> Iterator[str]:
    if one.title != other.title:
        yield f"title {arrow(one.title, other.title)}"
    if one.folder != other.folder:
        yield f"folder {arrow(one.folder, other.folder)}"
    for name in sorted(one.variables.keys() | other.variables.keys()):
        if not _same(one.variables.get(name), other.variables.get(name)):
            word = "added" if name not in one.variables else "removed" if name not in other.variables else "changed"
            yield f"variable {name} {word}"
    if rest := _differing(one.rest, other.rest):
        yield f"changed: {', '.join(rest)}"


def _panel(one: Panel | None, other: Panel | None) -> str:
    if one is None and other is not None:
        return f"added in row {other.row}"
    if one is not None and other is None:
        return "removed: links with its viewPanel break"
    return "; ".join(_panel_changes(one, other)) if one and other else ""


def _panel_changes(one: Panel, other: Panel) -> Iterator[str]:
    if one.row != other.row:
        yield f"moved to row {other.row}"
    if one.number != other.number:
        yield "has another id: links with its viewPanel break"
    asked = len(one.queries) == len(other.queries)
    if not asked or not all(map(same, one.queries, other.queries)):
        yield f"asks {arrow(_quoted(one.queries), _quoted(other.queries))}"
    told = {
        "kind": (one.kind, other.kind),
        "unit": (one.unit, other.unit),
        # Another number of queries has another number of legends.
        "legend": _lists(one.legends, other.legends if asked else one.legends),
        "data source": _lists(one.sources, other.sources),
        "colour steps": _lists(one.steps, other.steps),
        "leads to": _lists(one.links, other.links),
        "size": ("x".join(map(str, one.place[2:])), "x".join(map(str, other.place[2:]))),
    }
    yield from (f"{word} {arrow(a, b)}" for word, (a, b) in told.items() if a != b)
    if one.description != other.description:
        yield "description changed"
    looks = _differing(one.looks, other.looks)
    if looks and one.kind == other.kind:  # another kind has other options
        yield f"changed: {', '.join(looks)}"


def _lists(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, str]:
    return ", ".join(one), ", ".join(other)


def _differing(one: Mapping[str, str], other: Mapping[str, str]) -> list[str]:
    return sorted(key for key in one.keys() | other.keys() if not _same(one.get(key), other.get(key)))


def _same(one: str | None, other: str | None) -> bool:
    """JSON, in which quotes are escaped."""
    return one == other or bool(one and other and same(one.replace('\\"', '"'), other.replace('\\"', '"')))


def _quoted(queries: tuple[str, ...]) -> str:
    return ", ".join(f"`{query}`" for query in queries)
