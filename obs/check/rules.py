"""Rules among each other: order, cycles, rules that nobody reads, names used twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from obs.check.expression import Expression
from obs.check.finding import Finding
from obs.check.parse import Parsed, used_selectors
from obs.check.selector import matches_of, selected_names
from obs.check.vector import Vector


@dataclass(frozen=True)
class Rule:
    """An expression with its syntax tree, and those of the queries in its templates."""

    expression: Expression
    parsed: Parsed
    queries: tuple[Parsed, ...] = ()


def in_order(stack: Sequence[Rule]) -> tuple[list[int], set[Finding]]:
    """Indexes of the rules, recording rules first and each after those that it reads; and the cycles."""
    writers = _writers(stack)
    reads = {name: set[str]().union(*(_reads(stack[i], writers) for i in at)) for name, at in writers.items()}
    findings: set[Finding] = set()
    while True:
        try:
            names = list(TopologicalSorter(reads).static_order())
            break
        except CycleError as error:
            cycle: list[str] = list(reversed(error.args[1]))
            findings.add(_cycle(stack[writers[cycle[0]][0]].expression, cycle))
            # Cut, so that further cycles are found and the rest can be put in order.
            reads[cycle[0]].discard(cycle[1])
    order = [index for name in names for index in writers[name]]
    return order + [i for i, rule in enumerate(stack) if rule.expression.record is None], findings


def _cycle(expression: Expression, cycle: list[str]) -> Finding:
    message = f"recording rules read each other in a circle: {' -> '.join(cycle)}"
    return Finding("rules/cycle", expression.subject, expression.where, message, expression.text)


def unused(stack: Sequence[Rule]) -> set[Finding]:
    """Recording rules that no alert, panel or variable reads, directly or through other rules."""
    writers = _writers(stack)
    used: set[str] = set()
    waiting = [i for i, rule in enumerate(stack) if rule.expression.record is None]
    while waiting:
        for name in _reads(stack[waiting.pop()], writers) - used:
            used.add(name)
            waiting.extend(writers[name])
    return {
        Finding("rules/unused", e.subject, e.where, f"no alert, panel or variable reads {name}", e.text)
        for name, indexes in writers.items()
        if name not in used
        for e in (stack[i].expression for i in indexes)
    }


def duplicates(stack: Sequence[Rule], vectors: Sequence[Vector | None]) -> set[Finding]:
    """Alerts of one name and labels, and records written twice with the same or with unlike labels."""
    findings: set[Finding] = set()
    for name, indexes in _writers(stack).items():
        for position, index in enumerate(indexes[1:], start=1):
            earlier = indexes[:position]
            message = _clash(name, index, earlier, stack, vectors)
            if message:
                findings.add(_second("rules/duplicate-record", stack[index].expression, message))
    first: dict[tuple[str, frozenset[tuple[str, str]]], Expression] = {}
    for rule in stack:
        e = rule.expression
        # One name may serve many objectives: Prometheus tells alerts apart by name and labels together.
        identity = (e.subject, frozenset(e.labels.items()))
        if e.kind == "alert" and first.setdefault(identity, e) is not e:
            message = f"{e.subject} with the same labels is already defined at {first[identity].where}"
            findings.add(_second("rules/duplicate-alert", e, message))
    return findings


def _clash(
    name: str, index: int, earlier: Iterable[int], stack: Sequence[Rule], vectors: Sequence[Vector | None]
) -> str | None:
    mine, my_vector = stack[index].expression, vectors[index]
    for other in earlier:
        theirs, their_vector = stack[other].expression, vectors[other]
        if my_vector and their_vector and _apart(my_vector, their_vector, stack[index], stack[other]):
            continue
        if dict(mine.labels) == dict(theirs.labels):
            return f"{name} is already recorded at {theirs.where} with the same labels: one series, two meanings"
        if my_vector and their_vector and my_vector.labels != their_vector.labels:
            unlike = ", ".join(sorted(my_vector.labels ^ their_vector.labels))
            return f"{name} is also recorded at {theirs.where}, and only one of the two has: {unlike}"
    return None


def _apart(one: Vector, other: Vector, rule: Rule, other_rule: Rule) -> bool:
    """Whether a label keeps the series apart, labels being the same: one value here and another there, or another
    regular expression that selects it. Whether two of these overlap (code=~"2.." and "4..") is not asked."""
    unlike = {label for label in one.pins.keys() & other.pins.keys() if one.pins[label] != other.pins[label]}
    mine, theirs = _patterns(rule), _patterns(other_rule)
    unlike |= {label for label in mine.keys() & theirs.keys() & one.labels if not mine[label] & theirs[label]}
    return bool(unlike) and one.labels == other.labels


def _patterns(rule: Rule) -> dict[str, set[str]]:
    """Label -> the regular expressions by which the rule's selectors take its values."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for selector in used_selectors(rule.parsed.tree) if rule.parsed.tree is not None else ():
        for match in matches_of(selector)[1]:
            if match.op == "=~":
                found[match.label].add(match.value)
    return found


def _second(check: str, expression: Expression, message: str) -> Finding:
    return Finding(check, expression.subject, expression.where, message, expression.text)


def _writers(stack: Sequence[Rule]) -> dict[str, list[int]]:
    """Record name -> indexes of the rules that write it."""
    writers: defaultdict[str, list[int]] = defaultdict(list)
    for index, rule in enumerate(stack):
        if rule.expression.record is not None:
            writers[rule.expression.record].append(index)
    return dict(writers)


def _reads(rule: Rule, records: Collection[str]) -> set[str]:
    """Which of the records the rule reads, in its expression or in a template's query."""
    trees = [p.tree for p in (rule.parsed, *rule.queries) if p.tree is not None]
    return {name for tree in trees for selector in used_selectors(tree) for name in selected_names(selector, records)}
