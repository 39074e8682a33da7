"""Alerts as a stack wants them: another threshold, time, severity or label, or none at all with a reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import Field, model_validator

from alerting.heartbeat import WATCHDOG
from alerting.times import MatchSettings, Teams
from model.config import Duration, Part, form
from model.problems import did_you_mean
from model.rule import Alert, RecordingRule, Severity

RoutedSeverity = Literal["critical", "high", "medium", "warning", "info", "low"]
# What routing, inhibition and links stand on.
_TAKEN = ("alertname", "cluster", "component", "severity", "signal", "slo")
_LabelName = Annotated[str, form(r"[a-z_][a-z0-9_]*", "the name of a label")]


class AlertOverride(Part):
    """What is given replaces what the program says of the alert.

    ``threshold`` is in the unit of the alert's signal; ``labels`` are added; ``disabled`` is the reason why the stack
    does without it.
    """

    threshold: Annotated[float, Field(strict=True, allow_inf_nan=False)] | None = None
    for_: Annotated[Duration | None, Field(alias="for")] = None
    severity: RoutedSeverity | None = None
    labels: dict[_LabelName, str] = Field(default_factory=dict)
    disabled: Annotated[str, form(r"(?s).*\S.*", "the reason why the stack does without it")] | None = None

    @model_validator(mode="after")
    def _consistent(self) -> AlertOverride:
        given = self.model_fields_set
        problems = [] if given else ["changes nothing; give threshold, for, severity, labels or disabled"]
        if "disabled" in given and len(given) > 1:
            problems.append("disabled: excludes the rest; it is the reason why there is no such alert")
        problems += [f".labels.{name}: is the program's; add another label" for name in self.labels if name in _TAKEN]
        if problems:
            raise ValueError("\n".join(problems))
        return self


Overrides = Mapping[str, AlertOverride]
"""By the alert's name, or ``<name>:<objective>`` for the alert of one objective, which then counts alone."""


def owned(alerts: Iterable[Alert], teams: Teams) -> tuple[Alert, ...]:
    """The alerts, with the label ``team`` where a team has the component."""
    of = {component: team for team, components in teams.items() for component in components}
    return tuple(
        replace(alert, labels={**alert.labels, "team": of[alert.component]}) if alert.component in of else alert
        for alert in alerts
    )


def orphans(teams: Teams, matches: Iterable[MatchSettings], alerts: Iterable[Alert]) -> Iterator[str]:
    """A line for each component and team that is named and that no alert has: nobody would ever be told so."""
    known = {"component": {alert.component for alert in alerts}, "team": set(teams)}
    for team, named in teams.items():
        yield from _lacking(f"alerting.teams.{team}", "component", named, known["component"])
    for one in matches:
        for label in set(one.match) & set(known):
            given = one.match[label]
            yield from _lacking("alerting", label, (given,) if isinstance(given, str) else given, known[label])


def _lacking(where: str, label: str, named: Iterable[str], known: set[str]) -> Iterator[str]:
    for name in sorted(set(named) - known):
        yield f"{where}: no alert has the {label} {name!r}{did_you_mean(name, known)}"


def overridden(alerts: Iterable[Alert], overrides: Overrides) -> tuple[Alert, ...]:
    """The alerts as the stack wants them, without those that it disables."""
    return tuple(changed for alert in alerts if (changed := _changed(alert, _of(alert, overrides))) is not None)


def unknown(overrides: Overrides, alerts: Sequence[Alert], records: Sequence[RecordingRule]) -> Iterator[str]:
    """A line for each name that no alert of the stack has, or none that may be changed."""
    names = {name for alert in alerts for name in _names(alert)}
    recorded = {record.record for record in records}
    for name in overrides:
        if name not in names:
            wrong = _recorded(name, alerts, records) if name in recorded else _unknown(name, names)
            yield f"alerting.overrides.{name}: {wrong}"


def _unknown(name: str, names: set[str]) -> str:
    if name == WATCHDOG.name:
        return "is the heartbeat, which always fires; without it nobody would notice that no alert arrives any more"
    if name in (of_chart := chart_rules()):
        return f"is a rule of the chart, which no stack deploys (ADR 3): {_stands_for(of_chart[name], names)}"
    hint = did_you_mean(name, names)
    if not hint.startswith("; did you"):  # all names would be more than anybody reads
        hint = "; `obs inventory` lists what there is"
    return f"no enabled system and no objective has that alert{hint}"


@cache
def chart_rules() -> Mapping[str, tuple[str, ...] | str]:
    """Alert of kube-prometheus-stack -> the alerts of ours that tell the same, or the reason why none does."""
    found = yaml.safe_load((Path(__file__).parent / "chart_rules.yaml").read_bytes())
    return {name: ours if isinstance(ours, str) else tuple(ours) for name, ours in found.items()}


def _stands_for(ours: tuple[str, ...] | str, names: set[str]) -> str:
    if isinstance(ours, str):
        return ours
    lacking = [name for name in ours if name not in names]
    off = f" (of a system that is off here: {', '.join(lacking)})" if lacking else ""
    return f"{' and '.join(ours)} of ours tell{'s' * (len(ours) == 1)} it{off}"


def _recorded(name: str, alerts: Sequence[Alert], records: Sequence[RecordingRule]) -> str:
    """A recording rule is there for its readers, which without it have no data and say nothing; `rules/unused`
    finds one that has none."""
    readers = {a.name for a in alerts if _reads(a, name)} | {r.record for r in records if _reads(r, name)}
    return f"is a recording rule, which {', '.join(sorted(readers)) or 'panels'} read; change or disable alerts"


def _reads(rule: Alert | RecordingRule, name: str) -> bool:
    return any(selector.name == name for selector in rule.expr.selectors())


def _names(alert: Alert) -> tuple[str, ...]:
    objective = alert.labels.get("slo")
    return (f"{alert.name}:{objective}", alert.name) if objective else (alert.name,)


def _of(alert: Alert, overrides: Overrides) -> AlertOverride | None:
    return next((overrides[name] for name in _names(alert) if name in overrides), None)


def _changed(alert: Alert, override: AlertOverride | None) -> Alert | None:
    if override is None:
        return alert
    if override.disabled is not None:
        return None
    return replace(
        alert,
        threshold=alert.threshold if override.threshold is None else override.threshold,
        for_=override.for_ or alert.for_,
        severity=Severity(override.severity) if override.severity else alert.severity,
        labels={**alert.labels, **override.labels},
    )
