"""Two snapshots side by side: which objects differ, and what both sides say in the terms that are compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from obs.check.rendered import Item, Rendered
from obs.check.security.rights import Right, rights
from obs.diff.boards import Board, boards
from obs.diff.changed_settings import Setting, changed_settings
from obs.diff.entry import earlier
from obs.diff.masking import UNKNOWN
from obs.diff.noise import bare, quiet
from obs.diff.promql import names
from obs.diff.routes import Routes
from obs.diff.rules import Rule, Rules, recorded
from obs.diff.snapshot import Snapshot
from obs.diff.workloads import Workload, workloads
from obs.documents import MASK
from obs.expand import RenderedObject

Key = tuple[str, str, str, str]
"""(API group, kind, namespace, name): another version of an API is the same object."""


@dataclass(frozen=True, eq=False)
class Change:
    """One object that differs; ``before`` is None where it is new, ``after`` where it goes."""

    before: Item | None
    after: Item | None

    @property
    def item(self) -> Item:
        found = self.after or self.before
        assert found is not None
        return found

    @property
    def subject(self) -> str:
        return self.item.subject

    @property
    def kind(self) -> str:
        return self.item.kind

    @property
    def where(self) -> str:
        """What registers it, in the revision that has it."""
        return self.item.where if self.after else earlier(self.item.where)

    @property
    def action(self) -> str:
        return "removed" if self.after is None else "added" if self.before is None else "changed"

    def manifests(self) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """Both whole, empty where there is none."""
        return (self.before.manifest if self.before else {}), (self.after.manifest if self.after else {})


class Side:
    """One snapshot, its objects by identity."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.rendered = Rendered(snapshot.expansion)

    @cached_property
    def items(self) -> dict[Key, Item]:
        return {_key(item): item for item in self.rendered.without(())}

    @cached_property
    def rules(self) -> Rules:
        return Rules(self.rendered)

    @cached_property
    def routes(self) -> Routes:
        return Routes(self.rendered)

    @cached_property
    def boards(self) -> dict[str, Board]:
        return boards(self.rendered)

    @cached_property
    def asking(self) -> dict[str, list[str]]:
        """Name of a series -> the panels that ask for it, in words."""
        found: dict[str, list[str]] = {}
        for expr, who in (read for board in self.boards.values() for read in board.reads()):
            for name in names(expr):
                found.setdefault(name, []).append(who)
        return found

    @cached_property
    def rights(self) -> dict[str, set[Right]]:
        return rights(self.rendered)

    @cached_property
    def workloads(self) -> dict[str, Workload]:
        return workloads(self.rendered)

    def definition(self, name: str) -> Mapping[str, Any]:
        """Of ``alert NAME`` and the like; empty where the snapshot has no such definition."""
        return self.snapshot.definitions.get(name, {})

    def record(self, rule: Rule) -> str:
        """file:line of a recording rule."""
        found = self.definition(f"record {recorded(rule.base, rule.labels)}")
        if not found and [one.base for one in self.rules.records.values()].count(rule.base) == 1:
            found = self.definition(f"record {rule.base}")  # snapshots of older workbenches name the series alone
        return str(found.get("where", ""))


class Pair:
    """``before`` and ``after``; every part of the report is a pure function of one."""

    def __init__(self, before: Snapshot, after: Snapshot) -> None:
        # A chart may leave the namespace to its release, which only a run knows.
        charts = after.charts or before.charts
        self.before = Side(replace(before, objects=_shared(before, after), charts=before.charts or charts))
        self.after = Side(replace(after, charts=after.charts or charts))

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """Every object that differs by more than noise, in the order of kind, namespace and name."""
        return tuple(_changes(self.before.items, self.after.items))

    @cached_property
    def written_again(self) -> tuple[str, ...]:
        """Objects that are the same but for their noise: the engine updates them, and nothing is different then."""
        both = ((one, self.after.items.get(key)) for key, one in self.before.items.items())
        changed = {change.subject for change in self.changes}
        return tuple(
            other.subject
            for one, other in both
            if other is not None and other.subject not in changed and not _equal(one, other)
        )

    def of(self, *kinds: str) -> list[Change]:
        return [change for change in self.changes if change.kind in kinds]

    def where(self, name: str) -> str:
        """file:line of a definition, as it is now; as it was where it is gone."""
        now, then = (str(side.definition(name).get("where", "")) for side in (self.after, self.before))
        return now or earlier(then)

    def record(self, name: str) -> str:
        """The same of a recording rule, by its name with the labels that it sets."""
        now, then = self.after.rules.records.get(name), self.before.rules.records.get(name)
        return self.after.record(now) if now else earlier(self.before.record(then)) if then else ""

    @cached_property
    def settings(self) -> tuple[Setting, ...]:
        """What differs between the files of both stacks."""
        return tuple(changed_settings(self.before.snapshot, self.after.snapshot))

    def place(self, subject: str) -> str:
        """file:line that registers an object, or its chart."""
        return self._places.get(subject, "")

    @cached_property
    def _places(self) -> dict[str, str]:
        then = {item.subject: earlier(item.where) for item in self.before.items.values()}
        return then | {item.subject: item.where for item in self.after.items.values()}

    def unit(self, name: str) -> str:
        """Of the values of an alert or a panel; a plain number where nobody says."""
        return str((self.after.definition(name) or self.before.definition(name)).get("unit", "short"))


def _shared(before: Snapshot, after: Snapshot) -> tuple[RenderedObject, ...]:
    """The objects of before, those of equal text being the very objects of after: each text is parsed once."""
    known = {(o.component, o.origin, o.kind, o.namespace, o.name): o for o in after.objects if o.text is not None}
    found = ((one, known.get((one.component, one.origin, one.kind, one.namespace, one.name))) for one in before.objects)
    return tuple(same if same is not None and same.text == one.text else one for one, same in found)


def _key(item: Item) -> Key:
    group, slash, _ = item.object.api_version.rpartition("/")
    return (group if slash else "", item.kind, item.namespace, item.name)


def _changes(before: Mapping[Key, Item], after: Mapping[Key, Item]) -> Iterator[Change]:
    for key in sorted(before.keys() | after.keys(), key=lambda k: (k[1], k[2], k[3], k[0])):
        one, other = before.get(key), after.get(key)
        if one is None or other is None or not _same(one, other):
            yield Change(one, other)


def _same(one: Item, other: Item) -> bool:
    a, b = one.object, other.object
    if a.text is not None and b.text is not None and (a.text == b.text or bare(a.text) == bare(b.text)):
        return True
    if a.manifest is not None and a.manifest == b.manifest:
        return True
    return _alike(_placed(quiet(one.manifest), one), _placed(quiet(other.manifest), other))


def _equal(one: Item, other: Item) -> bool:
    """Noise included."""
    a, b = one.object, other.object
    if a is b or (a.text is not None and a.text == b.text) or (a.manifest is not None and a.manifest == b.manifest):
        return True
    return _alike(_placed(dict(one.manifest), one), _placed(dict(other.manifest), other))


def _placed(manifest: dict[str, Any], item: Item) -> dict[str, Any]:
    """With the namespace that it lands in: one source states it, another leaves it to the release."""
    metadata = {**(manifest.get("metadata") or {}), "namespace": item.namespace}
    return {**manifest, "metadata": metadata}


def _alike(one: Any, other: Any) -> bool:
    """Equal, where what is masked or not known yet on one side says nothing about the other."""
    if MASK in (one, other) or UNKNOWN in (one, other):
        return True
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_alike(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_alike, one, other))
    return bool(one == other)
