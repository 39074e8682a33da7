"""Selectors: does the metric exist, do its labels, can the matchers match."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

import promql_parser as pp

from dashboards.queries import ENVIRONMENT
from obs.check.catalogue import NATIVE_HISTOGRAMS
from obs.check.parse import is_filled
from obs.check.scope import Scope, Source, listed, nearest_label, union
from obs.check.vector import NAME, Vector

# The parser's enumerations are not hashable, their texts are.
_SYMBOL = {"MatchOp.Equal": "=", "MatchOp.NotEqual": "!=", "MatchOp.Re": "=~", "MatchOp.NotRe": "!~"}
_SUFFIX = re.compile(r"_(bucket|sum|count|total)$")
_PLAIN = re.compile(r"[\w ,:/-]+")
# A star alone, ".*" or ".+", or words with bars between: meant as a regular expression (T20: stage="*").
_LOOKS_LIKE_REGEX = re.compile(r"\*|.*\.[*+].*|\w[\w.-]*(\|\w[\w.-]*)+")
# Whatever a value may hold: a regular expression that takes this and the empty text takes everything.
_ANYTHING = "".join(map(chr, range(32, 127))) + "\n\x00é"
_ON_EVERY_SERIES = {NAME, "job", "instance"}
# components/prometheus_store.py, external_labels, and the operator's own; an aggregation takes them off one side.
EXTERNAL = (ENVIRONMENT, "platform", "prometheus")


@dataclass(frozen=True, slots=True)
class Match:
    """One matcher. Shape: ``label`` ``op`` ``value``; op is one of = != =~ !~."""

    label: str
    op: str
    value: str

    def __str__(self) -> str:
        return f'{self.label}{self.op}"{self.value}"'

    def accepts(self, value: str) -> bool | None:
        """Whether a label value passes; None where that is not known (a Grafana variable, odd regex)."""
        if is_filled(self.value):
            return None
        if self.op in ("=", "!="):
            return (value == self.value) == (self.op == "=")
        pattern = _regex(self.value)
        return None if pattern is None else (pattern.fullmatch(value) is not None) == (self.op == "=~")

    @property
    def needs_label(self) -> bool:
        """Whether series without the label are left out."""
        return self.accepts("") is False

    @property
    def only_value(self) -> str | None:
        """The one value that passes, where there is one."""
        plain = self.op == "=" or (self.op == "=~" and _PLAIN.fullmatch(self.value) is not None)
        return self.value if plain and not is_filled(self.value) else None


@lru_cache(maxsize=4096)
def _regex(pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(pattern, re.DOTALL)
    except re.error:  # RE2 knows some things that Python does not, such as \pL
        return None


def matches_of(node: pp.VectorSelector) -> tuple[str | None, list[Match]]:
    """The metric's name, where it is written or matched exactly, and the other matchers."""
    name, matches = node.name, []
    for matcher in node.matchers.matchers:
        match = Match(matcher.name, _SYMBOL[str(matcher.op)], matcher.value)
        if match.label == NAME and match.op == "=":
            name = match.value
        else:
            matches.append(match)
    return name, matches


def selected_names(node: pp.VectorSelector, names: Collection[str]) -> list[str]:
    """Which of the names the selector reads: by its name or by matchers on ``__name__``."""
    name, matches = matches_of(node)
    if name is not None:
        return [name] if name in names else []
    by_name = [m for m in matches if m.label == NAME]
    return [n for n in names if by_name and all(m.accepts(n) is not False for m in by_name)]


def select(scope: Scope, node: pp.VectorSelector) -> Vector:
    """The shape of what a selector gives."""
    if node.matchers.or_matchers:
        scope.report("promql/parse", "`or` between label matchers is no PromQL; Prometheus refuses it")
    name, matches = matches_of(node)
    _check_values(scope, matches)
    labels = [m for m in matches if m.label != NAME]
    if name is None and len(labels) == len(matches):  # {job="x"}: any metric at all
        for match in labels:
            if not scope.known.any_label(match.label):
                scope.report("promql/unknown-label", f"label {match.label} in a matcher is on no known metric")
        return _matched(Vector(open=True, unknown=True, type="untyped", origin=str(node)), labels)
    sources, origin = _sources(scope, node, name)
    _check_choice(scope, matches, sources)
    if not sources:
        vector = Vector(open=True, unknown=True, type="untyped", origin=origin)
    else:
        vector = _narrowed(scope, sources, labels, origin)
        for label in EXTERNAL if scope.expression.reads_store else ():
            vector = vector.having(label)
    return _matched(vector, labels)


def _sources(scope: Scope, node: pp.VectorSelector, name: str | None) -> tuple[list[Source], str]:
    if name is not None:
        sources = list(scope.known.sources(name))
        if not sources and not is_filled(name):
            _unknown(scope, name)
        return sources, sources[0].vector.origin if len(sources) == 1 else name
    names = selected_names(node, list(scope.known.names()))
    origin = " and ".join(str(m) for m in matches_of(node)[1] if m.label == NAME)
    if not names:
        scope.report("promql/unknown-metric", f"no known metric matches {origin}")
    return [source for n in names for source in scope.known.sources(n)], origin


def _unknown(scope: Scope, name: str) -> None:
    if name in scope.expression.allowances or name in scope.known.records:
        return
    base = _SUFFIX.sub("", name)
    absent = scope.known.catalogue.absent
    told = absent.get(name) or absent.get(base)
    if told is not None:
        instead = told.instead or None
        scope.report("promql/unknown-metric", f"{name} is not exposed: {told.why}", instead)
        return
    where = scope.known.catalogue.elsewhere.get(name)
    if where is not None:
        scope.report("promql/unknown-metric", f"{name} is not scraped: {where}")
        return
    what = "no rule of this stack records it" if ":" in name else "no contract of an enabled system has it"
    scope.report("promql/unknown-metric", f"{name} does not exist: {what}", scope.known.nearest(name))


def _narrowed(scope: Scope, sources: list[Source], matches: list[Match], origin: str) -> Vector:
    """The sources that the matchers leave, as one vector, with findings on what they miss."""
    possible = union(sources, origin)
    if scope.expression.kind == "variable":
        # Only what leaves Prometheus has it, and that is what dashboards choose from.
        matches = [m for m in matches if m.label != ENVIRONMENT]
    scope.need_labels(possible, (m.label for m in matches), "a matcher")
    having = [s for s in sources if all(s.vector.may_have(m.label) for m in matches if m.needs_label)]
    if not having:
        if all(possible.may_have(m.label) for m in matches):
            together = listed(m.label for m in matches if m.needs_label)
            scope.report("promql/unknown-label", f"no source of {origin} has the labels {together} all at once")
        having = sources
    left = _of_job(scope, having, [m for m in matches if m.label == "job"], origin)
    stored = [s for s in left if s.optin is None and s.dropped_by is None]
    if not stored:
        _not_stored(scope, left[0], origin)
    vector = union(stored or left, origin)
    for match in matches:
        values = {s.vector.pins.get(match.label) for s in stored or left}
        if values and None not in values and all(match.accepts(str(value)) is False for value in values):
            always = listed(map(str, values))
            scope.report("promql/never-matches", f"{match} never matches: {match.label} is always {always}")
    return vector


def _of_job(scope: Scope, sources: list[Source], matches: list[Match], origin: str) -> list[Source]:
    left = [s for s in sources if s.job is None or all(m.accepts(s.job) is not False for m in matches)]
    if left:
        return left
    jobs = sorted({str(s.job) for s in sources})
    wanted = " and ".join(str(m) for m in matches)
    near = nearest_label(matches[0].value, jobs) or (jobs[0] if len(jobs) == 1 else None)
    scope.report("promql/unknown-job", f"no job with {wanted} gives {origin}; jobs that do: {listed(jobs)}", near)
    return sources


def _not_stored(scope: Scope, source: Source, origin: str) -> None:
    if source.optin is not None:
        buckets = f"{source.vector.pins.get(NAME)}_bucket" if source.optin == NATIVE_HISTOGRAMS else None
        message = f"{origin} is off by default and not switched on here; it needs {source.optin}"
        scope.report("promql/optin", message, buckets)
    else:
        scope.report("promql/dropped", f"{origin} is dropped before storage by {source.dropped_by}")


def _check_values(scope: Scope, matches: list[Match]) -> None:
    for match in matches:
        if is_filled(match.value):
            continue
        if match.op in ("=", "!=") and _LOOKS_LIKE_REGEX.fullmatch(match.value):
            regex = ".*" if match.value == "*" else match.value
            better = Match(match.label, "=~" if match.op == "=" else "!~", regex)
            message = f"{match} compares literally; a regular expression needs {better.op}"
            scope.report("promql/literal-regex", message, str(better))
        elif match.op in ("=~", "!~") and _anchored(match.value):
            scope.report(
                "promql/regex-anchoring",
                f"{match} needs no anchors: a matcher's regular expression always covers the whole value",
                match.value.removeprefix("^").removesuffix("$"),
            )
    for index, one in enumerate(matches):
        for other in matches[index + 1 :]:
            if one.label == other.label and _contradict(one, other):
                scope.report("promql/never-matches", f"{one} and {other} exclude each other: no series has both")


def _check_choice(scope: Scope, matches: list[Match], sources: list[Source]) -> None:
    """Matchers that choose nothing. That a contract has a label does not say that it is never empty."""
    for match in matches:
        without, any_value = match.accepts(""), match.accepts(_ANYTHING)
        there = bool(sources) and all(match.label in source.vector.sure for source in sources)
        if match.op == "=~" and without and any_value:
            scope.report("promql/matches-everything", f"{match} lets every series through, with the label or without")
        elif match.value in ("", ".+") and without is False and any_value and there and match.label in _ON_EVERY_SERIES:
            scope.report("promql/matches-everything", f"{match} lets every series through: each has {match.label}")
        elif match.op == "!~" and without is False and any_value is False:
            scope.report("promql/never-matches", f"{match} never matches: its regular expression takes every value")


def _anchored(pattern: str) -> bool:
    return pattern.startswith("^") or (pattern.endswith("$") and not pattern.endswith("\\$"))


def _contradict(one: Match, other: Match) -> bool:
    return (one.only_value is not None and other.accepts(one.only_value) is False) or (
        other.only_value is not None and one.accepts(other.only_value) is False
    )


def _matched(vector: Vector, matches: list[Match]) -> Vector:
    for match in matches:
        if match.op == "=" and match.value == "":
            vector = vector.without((match.label,))
        elif match.needs_label and vector.may_have(match.label):
            vector = vector.having(match.label, value=match.only_value)
    return vector
