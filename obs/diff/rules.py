"""Alerts and recording rules as they stand in the PrometheusRules of one side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from obs.check.rendered import Rendered, entries
from obs.diff.promql import names


@dataclass(frozen=True)
class Rule:
    """One rule; ``base`` is the name that it gives, ``name`` has its objective too, where it has one. ``keep`` is how
    long an alert stays after its condition has gone."""

    name: str
    expr: str
    for_: str = "0s"
    keep: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    evaluator: str = ""
    base: str = ""

    @property
    def severity(self) -> str:
        return self.labels.get("severity", "")


@dataclass(frozen=True)
class Group:
    """Rules that are evaluated together; ``interval`` is empty where none is stated. ``subject`` is its object."""

    subject: str
    interval: str
    limit: str
    rules: int
    alerts: bool


def named(base: str, labels: Mapping[str, str]) -> str:
    """As settings name an alert: ``<name>``, or ``<name>:<objective>``."""
    return f"{base}:{labels['slo']}" if "slo" in labels else base


def recorded(base: str, labels: Mapping[str, str]) -> str:
    """``<name>{label=value}``: rules that record one series are told apart by the labels that they set. By their order,
    one rule less in the middle would change all that follow."""
    if "slo" in labels or not labels:
        return named(base, labels)
    return f"{base}{{{', '.join(f'{key}={value}' for key, value in sorted(labels.items()))}}}"


class Rules:
    """``alerts`` by name, ``records`` by name and labels: several objectives record the same series. ``groups`` by
    object and name."""

    def __init__(self, rendered: Rendered) -> None:
        self.alerts: dict[str, Rule] = {}
        self.records: dict[str, Rule] = {}
        self.groups: dict[str, Group] = {}
        for item in rendered.of("PrometheusRule"):
            evaluator = str(item.labels.get("dataops.io/evaluated-by", "prometheus"))
            for group in entries(item.spec.get("groups")):
                rules = entries(group.get("rules"))
                self.groups[f"{item.name}/{group.get('name')}"] = Group(
                    item.subject,
                    str(group.get("interval") or ""),
                    str(group.get("limit") or ""),
                    len(rules),
                    any("alert" in rule for rule in rules),
                )
                for rule in rules:
                    self._add(rule, evaluator)

    def _add(self, rule: Mapping[str, Any], evaluator: str) -> None:
        labels = {str(k): str(v) for k, v in (rule.get("labels") or {}).items()}
        alert = rule.get("alert")
        where = self.records if alert is None else self.alerts
        base = str(alert or rule.get("record"))
        name = named(base, labels) if alert is not None else recorded(base, labels)
        unique, times = name, 1
        while unique in where:
            times += 1
            unique = f"{name} ({times})"
        where[unique] = Rule(
            name=unique,
            expr=" ".join(str(rule.get("expr", "")).split()),
            for_=str(rule.get("for") or "0s"),
            keep=str(rule.get("keep_firing_for") or ""),
            labels=labels,
            annotations={str(k): str(v) for k, v in (rule.get("annotations") or {}).items()},
            evaluator=evaluator,
            base=base,
        )

    @cached_property
    def readers(self) -> dict[str, list[str]]:
        """Name of a series -> who reads it, in words."""
        found: dict[str, list[str]] = {}
        for word, rules in (("alert", self.alerts), ("record", self.records)):
            for rule in rules.values():
                for name in names(rule.expr):
                    found.setdefault(name, []).append(f"{word} {rule.name}")
        return found
