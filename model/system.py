"""A monitored system, complete: how it is scraped, what it means, when it alerts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from model.dashboard import Panel
from model.expr import Expr
from model.quantity import seconds
from model.route import Inhibition
from model.rule import Alert, RecordingRule, Signal
from model.scrape import Scrape, ScrapeSecret
from model.slo import Slo
from model.source import Defined, must_be


class Domain(StrEnum):
    """The six domains of level 1, in the order of the platform's layers, and the stack that watches them."""

    GITOPS = "gitops"
    CAPACITY = "capacity"
    WORKLOAD = "workload"
    DATA = "data"
    OPTIMISATION = "optimisation"
    E2E = "e2e"
    OBSERVABILITY = "observability"


class RetentionClass(StrEnum):
    """How long series are worth keeping (spec 10-stack 3); each class is a tenant where the store has tenants."""

    INFRASTRUCTURE = "infrastructure"
    APPLICATION = "application"
    BUSINESS = "business"


@dataclass(frozen=True)
class SeriesClass:
    """The series of one class: those scraped by ``jobs``, and those recorded under the names ``records``."""

    jobs: tuple[str, ...] = ()
    records: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Section:
    """A system's row on the dashboard of a domain."""

    domain: Domain
    title: str
    panels: tuple[Panel, ...]

    def __post_init__(self) -> None:
        must_be(self.domain, Domain, f"domain of section {self.title!r}")


@dataclass(frozen=True, kw_only=True, slots=True)
class ConfigFile:
    """A ConfigMap for pods of the watched system, on which names of metrics depend: the rules of a JMX agent."""

    config_map: str
    namespace: str
    files: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Capacity(Defined):
    """What may run out. ``usage``: a recorded share in use, one series for each object, told apart by ``labels``.

    ``days``: how long a trend must last to be one.
    """

    resource: str
    usage: str
    labels: tuple[str, ...] = ()
    days: int = 1


@dataclass(frozen=True, kw_only=True)
class System(Defined):
    """Everything that one enabled system brings. A system that is not enabled has no such value.

    ``records`` are recording rules that no panel shows by themselves (inputs of signals and
    objectives); ``interval`` is the evaluation interval of the system's rules, ``retention`` the class of its
    series. What objectives record is of class business, whatever the system. ``secrets`` are for the scrapes,
    ``files`` what the watched software reads. ``available`` is 1 while the system can do its work, 0 or
    nothing while it cannot, by cluster; None for one that the platform's availability does not depend on.
    ``capacities`` are what is forecast (systems/capacity.py); ``inhibitions`` what nobody needs to hear of while
    a worse alert of the system says it.
    """

    name: str
    title: str
    interval: str
    scrapes: tuple[Scrape, ...]
    signals: tuple[Signal, ...]
    records: tuple[RecordingRule, ...] = ()
    alerts: tuple[Alert, ...] = ()
    slos: tuple[Slo, ...] = ()
    sections: tuple[Section, ...] = ()
    retention: RetentionClass = RetentionClass.APPLICATION
    secrets: tuple[ScrapeSecret, ...] = ()
    files: tuple[ConfigFile, ...] = ()
    available: Expr | None = None
    capacities: tuple[Capacity, ...] = ()
    inhibitions: tuple[Inhibition, ...] = ()

    def __post_init__(self) -> None:
        seconds(self.interval)

    @property
    def rules(self) -> tuple[RecordingRule | Alert, ...]:
        """Records first: rules of a group are evaluated in order, so alerts see this round's values."""
        recorded = tuple(signal.rule for signal in self.signals if signal.rule is not None)
        return (*self.records, *recorded, *self.alerts)

    @property
    def contracts(self) -> tuple[str, ...]:
        """Names of the contracts that the system's endpoints fulfil, in order, once each."""
        return tuple(dict.fromkeys(e.contract for s in self.scrapes for e in s.endpoints))
