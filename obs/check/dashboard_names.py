"""dashboards/names.yaml: uid, title and slug of every dashboard that ever was deployed.

Links, bookmarks and alerts of last month carry them, so they never change. A new dashboard is added by
``obs dashboards accept``; one that is gone stays in the file, so that nobody gives its uid to another.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import yaml

from model.dashboard import Dashboard
from obs import atomic
from obs.check.finding import Finding
from obs.errors import ObsError

NAMES = Path("dashboards", "names.yaml")
_HEAD = "# Never edited: `obs dashboards accept STACK` adds what is new. Links of last month carry these names.\n"
_NO_LETTER = re.compile(r"[^a-z0-9]+")
Names = Mapping[str, Mapping[str, str]]
"""uid -> ``title`` and ``slug``."""


class NamesError(ObsError):
    """The record cannot be read, or must not be written."""


def slug(title: str) -> str:
    """The last part of a dashboard's address, as Grafana makes it of a title in plain letters."""
    return _NO_LETTER.sub("-", title.lower()).strip("-")


def read(file: Path) -> dict[str, dict[str, str]]:
    """Empty where there is no file. Raises NamesError for one that is no record."""
    if not file.is_file():
        return {}
    try:
        found = yaml.safe_load(file.read_text()) or {}
        return {uid: {"title": one["title"], "slug": one["slug"]} for uid, one in found.items()}
    except (yaml.YAMLError, AttributeError, TypeError, KeyError) as error:
        raise NamesError(f"{file}: is no record of dashboards (uid -> title, slug): {error}") from None


def problems(dashboards: Iterable[Dashboard], names: Names) -> Iterator[tuple[Dashboard, str]]:
    """(dashboard, what is wrong): new ones, changed ones, and ones whose name another has."""
    slugs = {one["slug"]: uid for uid, one in names.items()}
    for dashboard in dashboards:
        known = names.get(dashboard.uid)
        if known is not None and known["title"] != dashboard.title:
            yield dashboard, f"was {known['title']!r}: links carry that name, so it stays; a new page is a new uid"
        elif known is not None and known["slug"] != slug(dashboard.title):
            wanted = slug(dashboard.title)
            yield (
                dashboard,
                f"has the slug {known['slug']!r} in {NAMES.as_posix()}; Grafana makes {wanted!r} of its title",
            )
        elif known is None:
            other = slugs.get(slug(dashboard.title))
            taken = f"; its slug is that of {other}" if other else ""
            yield dashboard, f"is not in {NAMES.as_posix()}{taken}; `obs dashboards accept STACK` adds it"


def check_names(dashboards: Iterable[Dashboard], project: Path) -> list[Finding]:
    names = read(project / NAMES)
    return [
        Finding("dashboard/name", f"dashboard {dashboard.uid}", str(dashboard.where), message)
        for dashboard, message in problems(dashboards, names)
    ]


def accept(dashboards: Iterable[Dashboard], file: Path) -> list[str]:
    """Adds what is new and returns its uids. Raises NamesError where one changes its name or takes another's."""
    names = read(file)
    changed = [f"{d.uid}: {text}" for d, text in problems(dashboards, names) if d.uid in names or "slug" in text]
    if changed:
        raise NamesError(f"{file}: not written:\n" + "\n".join(f"  {line}" for line in changed))
    new = {d.uid: {"title": d.title, "slug": slug(d.title)} for d in dashboards if d.uid not in names}
    if len({one["slug"] for one in new.values()}) < len(new):
        raise NamesError(f"{file}: not written: two new dashboards have the same slug")
    if new:
        text = _HEAD + yaml.safe_dump(dict(sorted((names | new).items())), allow_unicode=True)
        atomic.write(file, text.encode())
    return sorted(new)
