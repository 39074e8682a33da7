"""Follows a chart's values through all of its templates, both sides of every branch, loops once.

An abstract run: nothing is rendered, no value of a stack is needed, so that the result holds for every stack
and is computed once per archive.
"""

from __future__ import annotations

from collections.abc import Mapping

from obs.chartkeys.flow import NOTHING, Dict, KeyPath, Ref, Uses, Value, Yaml, names, table, text, union
from obs.chartkeys.function_names import CHANGES_FIRST
from obs.chartkeys.functions import Functions
from obs.chartkeys.layout import Layout
from obs.chartkeys.syntax import Action, Branch, Call, Expr, Field, Lit, Node, Text, Var

_DEEPEST = 60
"""Nested includes. The deepest in 74 public charts is 5 (2026-11); a chart that recurses on data stops here."""


class Tracer:
    """Runs templates. ``defines`` are those of the chart and of all bundled charts: Helm has one name space."""

    def __init__(self, defines: Mapping[str, list[Node]], roots: frozenset[KeyPath]) -> None:
        self.uses = Uses()
        self._defines = defines
        self._functions = Functions(self.uses, roots)
        self._seen: set[tuple[str, Value]] = set()
        self._depth = 0

    def run_file(self, body: list[Node], root: KeyPath) -> None:
        """Run one template file of the chart whose values start at ``root``."""
        values: Value = frozenset({Ref(root)})
        _Frame(self, table([("Values", values)]), Layout()).run(body)

    def include(self, name: Value, argument: Value) -> None:
        for define in names(name):
            body = self._defines.get(define)
            if body is None:
                self._functions.take_whole(argument, None)  # a library that is not in the archive
            elif (define, argument) not in self._seen and self._depth < _DEEPEST:
                self._seen.add((define, argument))
                self._depth += 1
                # Where the text of a define ends up depends on the caller, hence no layout.
                _Frame(self, argument, None).run(body)
                self._depth -= 1

    @property
    def functions(self) -> Functions:
        return self._functions


class _Frame:
    """One template being run: its ``$``, its variables, and where in the output it stands."""

    def __init__(self, tracer: Tracer, dot: Value, layout: Layout | None) -> None:
        self._tracer = tracer
        self._functions = tracer.functions
        self._layout = layout
        self._dots = [dot]
        self._scopes: list[dict[str, Value]] = [{"$": dot}]

    def run(self, body: list[Node]) -> None:
        for node in body:
            if isinstance(node, Text):
                if self._layout:
                    self._layout.feed(node.text)
            elif isinstance(node, Action):
                self._action(node)
            else:
                self._branch(node)

    def _action(self, node: Action) -> None:
        value = self._evaluate(node.expr)
        if node.names:
            self._assign(node, [value])
            return
        for atom in value:
            if isinstance(atom, Yaml):
                target = self._layout.target(atom.indent) if self._layout else None
                self._functions.take_whole(atom.value, target)
        if self._layout:
            self._layout.feed_action()

    def _branch(self, node: Branch) -> None:
        self._scopes.append({})
        value = self._evaluate(node.head.expr)
        dot = self._dots[-1]
        if node.keyword == "range":
            dot = self._functions.each(value)
            keys = union(text(key) for atom in value if isinstance(atom, Dict) for key, _ in atom.items)
            self._assign(node.head, [keys, dot][-len(node.head.names) :] if node.head.names else [])
        else:
            self._assign(node.head, [value])
            if node.keyword == "with":
                dot = value
        self._dots.append(dot)
        before = [dict(scope) for scope in self._scopes]
        self._block(node.body)
        if node.keyword == "range" and before != self._scopes:
            self._block(node.body)  # what one turn assigns, the next one reads
        self._dots.pop()
        self._block(node.otherwise)
        self._scopes.pop()

    def _block(self, body: list[Node]) -> None:
        self._scopes.append({})
        self.run(body)
        self._scopes.pop()

    def _assign(self, node: Action, values: list[Value]) -> None:
        for name, value in zip(node.names, values, strict=False):
            if node.declare:
                self._scopes[-1][name] = value
            else:
                self._add(name, value)

    def _add(self, name: str, value: Value) -> None:
        """A branch may or may not run, so an assigned variable keeps what it may have been before."""
        scope = next((s for s in reversed(self._scopes) if name in s), self._scopes[-1])
        scope[name] = union([scope.get(name, NOTHING), value])

    def _evaluate(self, expr: Expr) -> Value:
        if isinstance(expr, Lit):
            return NOTHING if expr.value is None else text(expr.value)
        if isinstance(expr, Var):
            if expr.name == ".":
                return self._dots[-1]
            return next((s[expr.name] for s in reversed(self._scopes) if expr.name in s), NOTHING)
        if isinstance(expr, Field):
            return self._functions.member(self._evaluate(expr.base), expr.name)
        return self._call(expr)

    def _call(self, call: Call) -> Value:
        args = [self._evaluate(arg) for arg in call.args]
        if not call.function:  # a method such as .Files.Get
            return NOTHING
        if call.function == "include" and args:
            self._tracer.include(args[0], args[1] if len(args) > 1 else NOTHING)
            return NOTHING
        result = self._functions.apply(call.function, args)
        if call.function in CHANGES_FIRST and call.args and isinstance(call.args[0], Var) and call.args[0].name != ".":
            self._add(call.args[0].name, result)
        return result
