"""What the functions of Helm templates do with the values that are given to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from obs.chartkeys import function_names
from obs.chartkeys.flow import (
    EACH,
    NOTHING,
    Const,
    Dict,
    Items,
    KeyPath,
    Passed,
    Ref,
    Target,
    Uses,
    Value,
    Yaml,
    names,
    refs,
    table,
    text,
    union,
)


class Functions:
    """Applies template functions to values and notes in ``uses`` what that means for the chart's values.

    ``roots`` are the paths at which a chart's own values start: () and one for each bundled chart.
    """

    def __init__(self, uses: Uses, roots: frozenset[KeyPath]) -> None:
        self.uses = uses
        self.roots = roots
        self._functions: dict[str, Callable[[list[Value]], Value]] = {
            **dict.fromkeys(function_names.SAME, union),
            **dict.fromkeys(function_names.TEXT, self._written),
            **dict.fromkeys(function_names.PLAIN, _ignored),
            **dict.fromkeys(function_names.WRITE, lambda args: frozenset({Yaml(args[-1])})),
            **dict.fromkeys(function_names.PARSE, self._parsed),
            **dict.fromkeys(function_names.PROBE, self._probed),
            "print": lambda args: self._written(args) or _joined(args),
            "printf": lambda args: self._written(args) or _formatted(args),
            "dict": self._dict,
            "list": lambda args: frozenset({Items(union(args))}),
            "tuple": lambda args: frozenset({Items(union(args))}),
            "index": lambda args: self._index(args[0], args[1:]),
            "get": lambda args: self._index(args[0], args[1:]),
            "dig": lambda args: union([self._index(args[-1], args[:-2]), args[-2]]),
            "hasKey": self._looked_up,
            "set": lambda args: union([args[0], table((name, args[2]) for name in names(args[1]))]),
            "omit": lambda args: self._omit(args[0], args[1:]),
            "unset": lambda args: self._omit(args[0], args[1:]),
            "pick": lambda args: table((n, self.member(args[0], n)) for a in args[1:] for n in names(a)),
            "pluck": lambda args: frozenset({Items(union(self._index(a, args[:1]) for a in args[1:]))}),
            "keys": self._named,
            "values": lambda args: frozenset({Items(union(map(self.each, args)))}),
            **dict.fromkeys(
                ("append", "mustAppend", "prepend", "mustPrepend"),
                lambda args: union([args[0], frozenset({Items(args[1])})]),
            ),
            "chunk": lambda args: args[-1],
            **dict.fromkeys(("first", "last", "mustFirst", "mustLast"), lambda args: self.each(args[-1])),
            **dict.fromkeys(("indent", "nindent"), self._indent),
        }

    def apply(self, name: str, args: list[Value]) -> Value:
        """The value of a call. A function that is not known here is taken to use its arguments whole."""
        try:
            return self._functions[name](args)
        except (KeyError, IndexError):
            for arg in args:
                self.take_whole(arg, None)
            return union(args)

    def member(self, value: Value, name: str) -> Value:
        """``value.name``"""
        found: list[Value] = []
        for atom in value:
            if isinstance(atom, Ref) and name not in atom.without:
                path = (*atom.path, name)
                self.uses.read.add(path)
                found.append(frozenset({Ref(path)}))
            elif isinstance(atom, Dict):
                found.extend(v for key, v in atom.items if key == name)
        return union(found)

    def each(self, value: Value) -> Value:
        """The items of a list or the values of a map, whatever their names."""
        found: list[Value] = []
        for atom in value:
            if isinstance(atom, Ref):
                self.uses.listed.add(atom.path)
                found.append(frozenset({Ref((*atom.path, EACH))}))
            elif isinstance(atom, Items):
                found.append(atom.each)
            elif isinstance(atom, Dict):
                found.extend(v for _, v in atom.items)
        return union(found)

    def take_whole(self, value: Value, target: Target | None) -> None:
        """Note that every key below ``value`` is used, as (part of) the field ``target``."""
        for atom in value:
            if isinstance(atom, Ref) and atom.path not in self.roots:
                self.uses.passed.setdefault(atom.path, set()).add(Passed(atom.without, target))
            elif isinstance(atom, Yaml):
                self.take_whole(atom.value, target)
            elif isinstance(atom, Items):
                self.take_whole(atom.each, _below(target, EACH))
            elif isinstance(atom, Dict):
                for name, inner in atom.items:
                    self.take_whole(inner, _below(target, name))

    def _dict(self, args: list[Value]) -> Value:
        return table((name, value) for key, value in zip(args[::2], args[1::2], strict=False) for name in names(key))

    def _looked_up(self, args: list[Value]) -> Value:
        self._index(args[0], args[1:])
        return NOTHING

    def _named(self, args: list[Value]) -> Value:
        for arg in args:
            self.each(arg)
        return NOTHING

    def _index(self, value: Value, keys: Iterable[Value]) -> Value:
        for key in keys:
            known = names(key)
            if known:
                value = union(self.member(value, name) for name in known)
            elif any(isinstance(atom, Const) for atom in key):  # a number: an item of a list
                value = self.each(value)
            else:
                value = self._any_member(value)
        return value

    def _any_member(self, value: Value) -> Value:
        paths = [ref.path for ref in refs(value)]
        self.uses.indexed.update(paths)
        built = frozenset(atom for atom in value if not isinstance(atom, Ref))
        return union([self.each(built), frozenset(Ref((*path, EACH)) for path in paths)])

    @staticmethod
    def _omit(value: Value, keys: list[Value]) -> Value:
        gone = frozenset(name for key in keys for name in names(key))
        return frozenset(
            Ref(a.path, a.without | gone)
            if isinstance(a, Ref)
            else Dict(tuple((k, v) for k, v in a.items if k not in gone))
            if isinstance(a, Dict)
            else a
            for a in value
        )

    @staticmethod
    def _indent(args: list[Value]) -> Value:
        columns = next((atom.value for atom in args[0] if isinstance(atom, Const)), None)
        if not isinstance(columns, int):
            return args[-1]
        return frozenset(Yaml(a.value, columns + (a.indent or 0)) for a in args[-1] if isinstance(a, Yaml))

    @staticmethod
    def _written(args: list[Value]) -> Value:
        return frozenset(atom for arg in args for atom in arg if isinstance(atom, Yaml))

    @staticmethod
    def _parsed(args: list[Value]) -> Value:
        return union(atom.value for arg in args for atom in arg if isinstance(atom, Yaml))

    def _probed(self, args: list[Value]) -> Value:
        self.uses.probed.update(ref.path for arg in args for ref in refs(arg))
        return NOTHING


def _constants(args: list[Value]) -> list[str] | None:
    """The arguments as texts, if each is one constant."""
    found = [atom.value for arg in args if len(arg) == 1 for atom in arg if isinstance(atom, Const)]
    return [str(value) for value in found] if len(found) == len(args) else None


def _joined(args: list[Value]) -> Value:
    constants = _constants(args)
    return text("".join(constants)) if constants else NOTHING


def _formatted(args: list[Value]) -> Value:
    constants = _constants(args)
    if not constants:
        return NOTHING
    parts, values = constants[0].split("%s"), constants[1:]
    if len(parts) != len(values) + 1 or "%" in "".join(parts):
        return NOTHING
    return text(parts[0] + "".join(value + part for value, part in zip(values, parts[1:], strict=True)))


def _below(target: Target | None, name: str) -> Target | None:
    return Target(target.kinds, (*target.path, name)) if target else None


def _ignored(_: list[Value]) -> Value:
    return NOTHING
