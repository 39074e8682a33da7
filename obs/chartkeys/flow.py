"""What is known about a value while it flows through a template, and what the templates do with chart values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

KeyPath = tuple[str, ...]
EACH = "[]"
"""Path element that stands for every item of a list and every value of a map whose names are free."""


@dataclass(frozen=True, slots=True)
class Ref:
    """The chart value at ``path``; ``without`` names keys that were taken out of it (``omit``)."""

    path: KeyPath
    without: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Const:
    value: str | int


@dataclass(frozen=True, slots=True)
class Dict:
    """A map that the template itself built."""

    items: tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True)
class Items:
    """A list that the template itself built."""

    each: Value


@dataclass(frozen=True, slots=True)
class Yaml:
    """A value written out as text (``toYaml``), indented by so many columns (None: as is)."""

    value: Value
    indent: int | None = None


Atom = Ref | Const | Dict | Items | Yaml
Value = frozenset[Atom]
"""Everything that a value may be. The empty set is a value that has nothing to do with chart values."""
NOTHING: Value = frozenset()


@dataclass(frozen=True, slots=True)
class Target:
    """Where written-out values end up: a field of an object of one of these kinds."""

    kinds: frozenset[str]
    path: KeyPath


@dataclass(frozen=True, slots=True)
class Passed:
    """One place that takes a chart value whole, except the keys in ``without``."""

    without: frozenset[str]
    target: Target | None


@dataclass(slots=True)
class Uses:
    """What all templates of a chart do with its values, by key path.

    ``read``: looked at by name. ``passed``: handed on whole. ``listed``: gone through name by name, so names
    are free. ``indexed``: looked up under a computed name. ``probed``: the template asks for the type itself.
    """

    read: set[KeyPath] = field(default_factory=set)
    passed: dict[KeyPath, set[Passed]] = field(default_factory=dict)
    listed: set[KeyPath] = field(default_factory=set)
    indexed: set[KeyPath] = field(default_factory=set)
    probed: set[KeyPath] = field(default_factory=set)


def union(values: Iterable[Value]) -> Value:
    return frozenset().union(*values)


def text(value: str | int) -> Value:
    return frozenset({Const(value)})


def table(items: Iterable[tuple[str, Value]]) -> Value:
    return frozenset({Dict(tuple(sorted(dict(items).items())))})


def refs(value: Value) -> Iterator[Ref]:
    return (atom for atom in value if isinstance(atom, Ref))


def names(value: Value) -> list[str]:
    """The constant texts that a value may be."""
    return sorted(atom.value for atom in value if isinstance(atom, Const) and isinstance(atom.value, str))


def shown_path(path: KeyPath) -> str:
    """A key path as people write it: a name with a dot in it is quoted, an item of a list has its number."""
    text = ""
    for name in path:
        is_item = name.startswith("[") and name.endswith("]")
        text += ("." if text and not is_item else "") + (f'"{name}"' if "." in name else name)
    return text
