"""What a tape is made of: targets, faults, the families that a fault changes, minutes."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache

from contracts import load
from model.contract import Contract
from obs.replay.rhythm import MINUTES
from obs.simulate.cluster import Cluster
from obs.simulate.exporter import Exporter, Target, node_of
from obs.simulate.exposition import Lines
from obs.simulate.scenario import Change, Down, Scenario
from obs.simulate.series import known_names
from obs.simulate.values import Value

Labels = Mapping[str, str]
Key = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Scraped:
    """One exporter of one target, and the labels that scraping adds. ``honor``: the exporter's own labels win."""

    exporter: Exporter
    target: Target
    labels: Labels
    honor: bool = False

    @property
    def name(self) -> str:
        return self.target.name

    @property
    def node(self) -> str:
        return node_of(self.target)


@dataclass(frozen=True)
class Fault:
    """A scenario between two minutes."""

    scenario: Scenario
    begin: int
    end: int = MINUTES + 1

    def touches(self, exporter: Exporter) -> bool:
        """Whether it changes what the exporter says."""
        there = known_names(exporter.contract) if exporter.contract else frozenset()
        return any(isinstance(c, Change) and c.metric in there for c in self.scenario.changes)


@dataclass(frozen=True)
class Part:
    """Families of a tape: those that a scenario changes. Exporters that are ``down`` are there as a whole, with their
    ``up``."""

    metrics: frozenset[str]
    down: tuple[Down, ...]

    @staticmethod
    def of(scenario: Scenario) -> Part:
        metrics = frozenset(c.metric for c in scenario.changes if isinstance(c, Change))
        return Part(metrics, tuple(c for c in scenario.changes if isinstance(c, Down)))

    def whole(self, one: Scraped) -> bool:
        return any(down.silences(one.exporter.name, one.node) for down in self.down)


@dataclass
class Page:
    """What one target says: series that are there throughout, and what comes and goes."""

    scraped: Scraped
    key: object
    edge: int | None = None
    """Since when the cluster is like this, where it says something of others."""
    lines: list[tuple[Key, Value, bool]] = field(default_factory=list)
    coming: list[Lines] = field(default_factory=list)


class Watched:
    """A cluster that knows whether it was looked at."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster, self.seen = cluster, False

    def __getattr__(self, name: str) -> object:
        self.seen = True
        return getattr(self._cluster, name)


@dataclass(frozen=True)
class Frame:
    """A minute. ``new`` are series that were never there; ``ids`` says whose the values are, None as before."""

    minute: int
    new: list[Key]
    ids: array[int] | None
    values: array[float]


def samples(name: str) -> frozenset[str]:
    return frozenset((name, f"{name}_bucket", f"{name}_sum", f"{name}_count"))


@cache
def narrow(contract: str, read: frozenset[str]) -> Contract:
    """The contract without what nobody reads: most of what an exporter says."""
    whole = load(contract)
    kept = {key: m for key, m in whole.metrics.items() if not samples(m.name).isdisjoint(read)}
    return replace(whole, metrics=kept)
