"""Why a query answers with nothing: because it should at the moment, or because something is missing.

The reason is looked for by asking for the parts of the expression, from the whole down to its selectors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from model.expr import Aggregation, Binary, Call, Expr, Matcher, Selector
from model.rule import RecordingRule

_COMPARISONS = ("==", "!=", ">", "<", ">=", "<=")
_ABSENT = ("absent", "absent_over_time")


@dataclass(frozen=True)
class Why:
    """``expected``: a sound system may answer with nothing here."""

    expected: bool
    reason: str


class Explainer:
    """``ask`` tells whether a PromQL expression has data now; ``narrow`` is added to every selector.

    ``records`` are the plan's recording rules: behind an empty record stands its own expression.
    """

    def __init__(
        self, ask: Callable[[str], bool], records: Iterable[RecordingRule], narrow: tuple[Matcher, ...] = ()
    ) -> None:
        self._ask = ask
        self._records = tuple(records)
        self._narrow = narrow

    def why(self, expr: Expr) -> Why | None:
        """None where the expression does have data."""
        if self._has(expr):
            return None
        # A comparison that nothing passes is the good case of "show what is wrong".
        unfiltered = without_comparisons(expr)
        if unfiltered != expr and self._has(unfiltered):
            return Why(True, f"nothing passes {_limits(expr)} at the moment")
        return self._below(unfiltered)

    def _has(self, expr: Expr) -> bool:
        if next(expr.selectors(), None) is None:
            return True  # made of constants and of the time alone
        narrowed = expr.narrowed(*self._narrow)
        # A range is no answer of its own.
        ranged = isinstance(narrowed, Selector) and narrowed.range is not None
        return self._ask(f"count(last_over_time({narrowed}))" if ranged else f"count({narrowed})")

    def _below(self, expr: Expr) -> Why:
        if isinstance(expr, Selector):
            return self._selector(expr)
        if isinstance(expr, Binary):
            return self._binary(expr)
        if isinstance(expr, Call) and expr.function in _ABSENT:
            return Why(True, f"{expr.args[0]} is there, so {expr.function}() is silent")
        reasons = [why for why in map(self.why, expr.children()) if why is not None]
        if reasons:
            return reasons[0]
        return Why(False, f"its series are there, but {_name(expr)} makes nothing of them (too few samples yet?)")

    def _binary(self, expr: Binary) -> Why:
        left = self.why(expr.lhs)
        if expr.op == "unless":
            return left or Why(True, f"all of it is excepted by {expr.rhs}")
        reasons = [why for why in (left, self.why(expr.rhs)) if why is not None]
        # One side of "or" is enough; everything else needs both.
        telling = [why for why in reasons if why.expected == (expr.op == "or")]
        if reasons:
            return (telling or reasons)[0]
        if expr.op in _COMPARISONS and self._has(replace(expr, op="-")):
            return Why(True, f"nothing passes {expr.op} {expr.rhs} at the moment")
        return Why(False, f"both sides of {expr.op!r} have series, but their labels do not match")

    def _selector(self, selector: Selector) -> Why:
        young = bool(selector.offset) and self._has(replace(selector, offset=None))
        behind = [rule for rule in self._records if rule.record == selector.name and _fits(rule, selector)]
        for rule in behind:
            why = self.why(rule.expr)
            if why is not None and not selector.may_be_absent:
                return replace(why, reason=f"{rule.record} is empty: {why.reason}")
            if why is None and not young:
                return Why(False, f"{rule.record} is not stored although its expression has data: is it evaluated?")
        if selector.may_be_absent:
            return Why(True, selector.may_be_absent)
        if young:
            return Why(True, f"{selector.name} has no history of {selector.offset} yet")
        ago = f" of {selector.offset} ago" if selector.offset else ""
        return Why(False, f"there is no series {replace(selector, range=None, offset=None)}{ago}")


def without_comparisons(expr: Expr) -> Expr:
    """The expression without its comparisons with a limit, except where more data would mean less answer."""
    if isinstance(expr, Binary):
        left = without_comparisons(expr.lhs)
        if expr.op in _COMPARISONS and next(expr.rhs.selectors(), None) is None:
            return left
        right = expr.rhs if expr.op == "unless" else without_comparisons(expr.rhs)
        return replace(expr, lhs=left, rhs=right)
    if isinstance(expr, Aggregation):
        return replace(expr, expr=without_comparisons(expr.expr))
    if isinstance(expr, Call) and expr.function not in _ABSENT:
        return replace(expr, args=tuple(map(without_comparisons, expr.args)))
    return expr


def _limits(expr: Expr) -> str:
    """Each comparison with a limit as it is written, such as ``> 0``."""
    found: list[str] = []

    def visit(node: Expr) -> None:
        if isinstance(node, Binary) and node.op in _COMPARISONS and next(node.rhs.selectors(), None) is None:
            found.append(f"{node.op} {node.rhs}")
        for child in node.children():
            visit(child)

    visit(expr)
    return " and ".join(dict.fromkeys(found))


def _fits(rule: RecordingRule, selector: Selector) -> bool:
    return all(m.accepts(rule.labels[m.label]) for m in selector.matchers if m.label in rule.labels)


def _name(expr: Expr) -> str:
    return f"{expr.function}()" if isinstance(expr, Call) else expr.op if isinstance(expr, Aggregation) else str(expr)
