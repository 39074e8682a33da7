"""Faults of the simulated platform: how series change over time, and the alerts that fire because of it.

Every duration is one of production; on a stack with a time compression it is divided by that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache

from contracts import load
from model.contract import Metric, MetricType
from model.problems import did_you_mean
from model.quantity import seconds
from obs.errors import ObsError
from obs.simulate.exporter import Exporter

TOGETHER = "+"
SPENT = ("ErrorBudgetBurnRateCritical", "ErrorBudgetBurnRateHigh", "ErrorBudgetExhausted", "ErrorBudgetHalfSpent")
"""What fires where a fault spends the budget of a day."""


class ScenarioError(ObsError):
    """A scenario that cannot be: it names what no exporter has."""


@dataclass(frozen=True)
class Set:
    """The value stays at ``value``."""

    value: float


@dataclass(frozen=True)
class Ramp:
    """The value moves from where it is to ``to`` within ``over``, and stays there."""

    to: float
    over: str


@dataclass(frozen=True)
class Rate:
    """A counter of a quantity grows by ``per_second`` (real seconds, whatever the compression)."""

    per_second: float


@dataclass(frozen=True)
class Step:
    """A counter of events grows by ``by`` at once, and again after each ``every``."""

    by: float
    every: str


@dataclass(frozen=True)
class Relabel:
    """The series has other label values than before, as an info metric whose object changed state."""

    labels: Mapping[str, str]


@dataclass(frozen=True)
class Appear:
    """A new series with the labels of the change and the value 1; one that is there already has it too."""


@dataclass(frozen=True)
class Recur:
    """A new series at once and again after each ``every``, there for ``lasts``.

    ``{n}`` in the labels of the change is its number; no later fault has it again.
    """

    every: str
    lasts: str


@dataclass(frozen=True)
class Observe:
    """A histogram or summary sees ``per_minute`` (of production) more observations of ``mean`` on average."""

    mean: float
    per_minute: float


@dataclass(frozen=True)
class Timestamp:
    """A point in time: ``after`` real seconds after the fault began."""

    after: float = 0.0


Effect = Set | Ramp | Rate | Step | Relabel | Appear | Recur | Observe | Timestamp


@dataclass(frozen=True)
class Change:
    """``effect`` on every series of ``metric`` that has all ``labels``; those of a new series where one appears.

    A histogram or summary as a whole can only observe; ``metric`` may also be one of its samples: the name with
    ``_sum`` or ``_count``, or with the label quantile the quantiles of a summary.
    """

    metric: str
    effect: Effect
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Down:
    """The exporter does not answer; ``node``: only where it runs on that node."""

    exporter: str
    node: str = ""

    def silences(self, exporter: str, node: str) -> bool:
        """Whether an exporter on a node is one that does not answer."""
        return exporter == self.exporter and self.node in ("", node)


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One fault.

    ``alerts`` are all that fire while it holds, ``within`` the time of production in which the last of them does
    on a stack that was healthy for hours. Several that hold together are called ``one+other``.
    """

    name: str
    title: str
    description: str
    system: str
    changes: tuple[Change | Down, ...]
    alerts: tuple[str, ...]
    within: str

    def __post_init__(self) -> None:
        if not all(re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", part) for part in parts(self.name)):
            raise ScenarioError(f"scenario {self.name!r}: its name must be words of lower-case letters joined by '-'")


def parts(name: str) -> list[str]:
    """The names of the scenarios that hold together under this one."""
    return name.split(TOGETHER)


def check(scenario: Scenario, exporters: Iterable[Exporter]) -> None:
    """Raises ScenarioError where the scenario names an exporter, metric, label or duration that there is not."""
    known = tuple(exporters)
    metrics = _metrics(frozenset(exporter.contract for exporter in known if exporter.contract))
    seconds(scenario.within)
    for change in scenario.changes:
        where = f"scenario {scenario.name}"
        if isinstance(change, Down):
            names = {exporter.name for exporter in known}
            if change.exporter not in names:
                raise ScenarioError(f"{where}: no exporter {change.exporter!r}{did_you_mean(change.exporter, names)}")
            continue
        if change.metric not in metrics:
            raise ScenarioError(f"{where}: no metric {change.metric!r}{did_you_mean(change.metric, metrics)}")
        _check_effect(where, change, metrics[change.metric])


@cache
def _metrics(contracts: frozenset[str]) -> Mapping[str, list[Metric]]:
    """Name -> what the contracts say of it. Kept: two hundred scenarios ask the same forty contracts."""
    found: dict[str, list[Metric]] = {}
    for contract in sorted(contracts):
        for metric in load(contract).metrics.values():
            for one in _changeable(metric):
                found.setdefault(one.name, []).append(one)
    return found


def _changeable(metric: Metric) -> Iterator[Metric]:
    """The metric, and of a histogram or summary its samples that are no buckets."""
    yield metric
    if metric.type not in ("histogram", "summary"):
        return
    yield from (replace(metric, name=f"{metric.name}{suffix}", type="counter") for suffix in ("_sum", "_count"))
    if metric.type == "summary":
        yield replace(metric, type="gauge", labels=(*metric.labels, "quantile"))


def _check_effect(where: str, change: Change, metrics: list[Metric]) -> None:
    effect = change.effect
    used = {*change.labels, *(effect.labels if isinstance(effect, Relabel) else ())}
    allowed = {label for metric in metrics for label in metric.labels}
    for label in sorted(used - allowed):
        raise ScenarioError(f"{where}: {change.metric} has no label {label!r}{did_you_mean(label, allowed)}")
    if isinstance(effect, Appear | Recur):
        for label in sorted(set(metrics[0].labels) - used):
            raise ScenarioError(f"{where}: a new series of {change.metric} needs a value for its label {label!r}")
    if isinstance(effect, Recur) and not any("{n}" in value for value in change.labels.values()):
        raise ScenarioError(f"{where}: no label of {change.metric} has {{n}}: every new series would be the same")
    _check_kind(f"{where}: {change.metric}", effect, {metric.type for metric in metrics})
    for attribute in ("over", "every", "lasts"):
        if (text := getattr(effect, attribute, None)) is not None:
            _positive(where, text)


def _check_kind(where: str, effect: Effect, kinds: set[MetricType]) -> None:
    given = type(effect).__name__
    observed = kinds & {"histogram", "summary"}
    if not observed if isinstance(effect, Observe) else kinds == observed:
        raise ScenarioError(f"{where} is a {' and a '.join(sorted(kinds))}, it cannot have {given}")
    if isinstance(effect, Rate | Step):
        if kinds != {"counter"}:
            raise ScenarioError(f"{where} is no counter, it cannot have {given}")
    elif "counter" in kinds:
        raise ScenarioError(f"{where} is a counter, it cannot have {given}")


def _positive(where: str, text: str) -> None:
    try:
        length = seconds(text)
    except ValueError as error:
        raise ScenarioError(f"{where}: {error}") from None
    if not length:
        raise ScenarioError(f"{where}: {text!r} must be longer than nothing")
