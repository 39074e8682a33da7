"""Rules: every rule of the plan is loaded as planned, healthy and evaluated."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import promql_parser

from model.quantity import seconds
from model.rule import Alert, Evaluator, RecordingRule, RuleGroup
from obs.verify.client import Server
from obs.verify.finding import Finding, Result, listed
from plan import Plan

# Go's zero time: the group has not been evaluated yet.
_NEVER = "0001-01-01"
_QUOTED = r'"(?:\\.|[^"\\])*"'
_MATCHER = re.compile(rf"\w+(?:=~|!~|!=|=){_QUOTED}")
_MATCHERS = re.compile(rf'\{{(?:[^{{}}"]|{_QUOTED})*\}}')


@dataclass(frozen=True)
class _Planned:
    """One rule of the plan in the words of the API."""

    group: RuleGroup
    rule: RecordingRule | Alert

    @property
    def kind(self) -> str:
        return "alerting" if isinstance(self.rule, Alert) else "recording"

    @property
    def name(self) -> str:
        return self.rule.name if isinstance(self.rule, Alert) else self.rule.record

    @property
    def labels(self) -> Mapping[str, str]:
        return self.rule.own_labels if isinstance(self.rule, Alert) else self.rule.labels

    @property
    def subject(self) -> str:
        slo = self.labels.get("slo")
        return f"{'alert' if isinstance(self.rule, Alert) else 'rule'} {self.name}" + (f" of {slo}" if slo else "")

    def is_rule(self, loaded: Mapping[str, Any]) -> bool:
        has = loaded.get("labels") or {}
        same = loaded["type"] == self.kind and loaded["name"] == self.name
        return same and all(has.get(label) == value for label, value in self.labels.items())


def check_rules(prometheus: Server, plan: Plan, cluster: str, querier: Server | None = None) -> Result:
    """``cluster`` is the stack's: a Thanos querier has the rules of others too. Raises Unreachable or Refused.

    Rules of the Ruler are asked of ``querier``; without one they are looked for in Prometheus' answer, which has
    them where that is a querier itself.
    """
    loaded = {Evaluator.PROMETHEUS: _loaded(prometheus, cluster)}
    loaded[Evaluator.RULER] = loaded[Evaluator.PROMETHEUS] if querier is None else _loaded(querier, cluster)
    findings: list[Finding] = []
    ours: list[_Planned] = []
    total = bad = 0
    for evaluator, groups in loaded.items():
        of_plan = [group for obj in plan.rules if obj.evaluator is evaluator for group in obj.groups]
        planned = [_Planned(group, rule) for group in of_plan for rule in group.rules]
        if evaluator == Evaluator.RULER and querier is None and not any(_found(one, groups) for one in planned):
            findings += _unasked(planned)
            continue
        for one in planned:
            wrong = list(_problems(one, groups))
            findings += wrong
            bad += bool(wrong)
        findings += [finding for group in of_plan for finding in _pace(group, groups)]
        total += len(planned)
        if querier is None or evaluator == Evaluator.PROMETHEUS:
            ours += planned
    everything = loaded[Evaluator.PROMETHEUS]
    findings += _not_ours(everything, ours)
    return Result(
        name="rules",
        what="rules loaded and healthy",
        total=total,
        ok=total - bad,
        findings=tuple(findings),
        facts=_times([group for group in everything if group["name"] in {g.name for g in plan.groups()}]),
    )


def _loaded(server: Server, cluster: str) -> list[Mapping[str, Any]]:
    answer = server.data("/api/v1/rules", exclude_alerts="true")
    return [_of_cluster(group, cluster) for group in answer["groups"]]


def _unasked(planned: Sequence[_Planned]) -> Iterator[Finding]:
    if planned:
        message = f"{len(planned)} rules are the Thanos Ruler's and were not looked for: --querier has its answer"
        yield Finding(check="rules/ruler", severity="info", subject="the Ruler's rules", message=message)


def _of_cluster(group: Mapping[str, Any], cluster: str) -> Mapping[str, Any]:
    rules = [rule for rule in group["rules"] if (rule.get("labels") or {}).get("cluster", cluster) == cluster]
    return {**group, "rules": rules}


def _problems(one: _Planned, groups: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    found = _found(one, groups)
    if not found:
        of_name = any(group["name"] == one.group.name for group in groups)
        where = "is not in" if of_name else "is not loaded, nor anything else of"
        yield _finding(one, "missing", f"{where} group {one.group.name}")
    for loaded in found:  # one, unless a querier asks several replicas
        yield from _differences(one, loaded)
        yield from _health(one, loaded)


def _found(one: _Planned, groups: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    of_name = [group for group in groups if group["name"] == one.group.name]
    return [rule for group in of_name for rule in group["rules"] if one.is_rule(rule)]


def _differences(one: _Planned, loaded: Mapping[str, Any]) -> Iterator[Finding]:
    text = str(one.rule.expr)
    if normalised(loaded["query"]) != normalised(text):
        yield _finding(one, "expression", f"another expression is loaded: {loaded['query']} instead of {text}")
    if isinstance(one.rule, Alert) and loaded["duration"] != seconds(one.rule.for_):
        yield _finding(one, "for", f"waits {loaded['duration']:g}s, planned is {one.rule.for_}")


def _health(one: _Planned, loaded: Mapping[str, Any]) -> Iterator[Finding]:
    if loaded["lastEvaluation"].startswith(_NEVER):
        yield _finding(one, "unevaluated", "is loaded and was never evaluated")
    elif loaded["health"] != "ok":
        yield _finding(one, "health", f"is {loaded['health']}: {loaded.get('lastError') or 'no reason given'}")


def _finding(one: _Planned, check: str, message: str) -> Finding:
    return Finding(
        check=f"rules/{check}", severity="error", subject=one.subject, message=message, where=str(one.rule.where)
    )


def _pace(planned: RuleGroup, groups: Iterable[Mapping[str, Any]]) -> Iterator[Finding]:
    for group in groups:
        if group["name"] != planned.name:
            continue
        if group["interval"] != seconds(planned.interval):
            message = f"is evaluated every {group['interval']:g}s, planned is {planned.interval}"
            yield _of_group(planned, "interval", message)
        if group["evaluationTime"] > group["interval"]:
            took = f"takes {group['evaluationTime']:.1f}s every {group['interval']:g}s"
            yield _of_group(planned, "slow", f"{took}: evaluations are left out")


def _of_group(group: RuleGroup, check: str, message: str) -> Finding:
    return Finding(
        check=f"rules/{check}", severity="error", subject=f"group {group.name}", message=message, where=str(group.where)
    )


def _not_ours(groups: Iterable[Mapping[str, Any]], planned: Sequence[_Planned]) -> Iterator[Finding]:
    others = sorted(
        f"{group['name']}/{rule['name']}"
        for group in groups
        for rule in group["rules"]
        if not any(one.group.name == group["name"] and one.is_rule(rule) for one in planned)
    )
    if others:
        yield Finding(
            check="rules/other",
            severity="info",
            subject="other rules",
            message=f"{len(others)} rules are loaded that the plan does not have: {listed(others)}",
            names=tuple(others),
        )


def _times(groups: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Seconds of the last evaluation of each group, their sum, and the rule that took longest."""
    rules = [(rule["evaluationTime"], rule["name"]) for group in groups for rule in group["rules"]]
    slowest = max(rules, default=None)
    return {
        "groups": {group["name"]: group["evaluationTime"] for group in groups},
        "total_seconds": sum(group["evaluationTime"] for group in groups),
        "slowest": {"name": slowest[1], "seconds": slowest[0]} if slowest else None,
    }


@lru_cache(maxsize=4096)
def normalised(text: str) -> str:
    """One text for all spellings of an expression: Prometheus writes 7d as 1w, and sorts the matchers."""

    def sorted_matchers(selector: re.Match[str]) -> str:
        return "{" + ",".join(sorted(_MATCHER.findall(selector[0]))) + "}"

    try:
        parsed = str(promql_parser.parse(text))
    except ValueError:  # somebody else's rule in a syntax that is newer than the parser
        return text
    return _MATCHERS.sub(sorted_matchers, parsed)
