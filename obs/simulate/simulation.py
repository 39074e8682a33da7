"""The simulated platform as a whole: who answers on which address, and the fault that holds now."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from threading import Lock

from contracts import load
from model.problems import did_you_mean
from obs.simulate.cluster import Cluster, Pod
from obs.simulate.exporter import Exporter, Target, node_of
from obs.simulate.exporters import ALL, exporters
from obs.simulate.exposition import Lines, Page, without
from obs.simulate.faults import Injection, altered, healed
from obs.simulate.memory import Memory
from obs.simulate.platform import check as check_systems
from obs.simulate.scenario import Change, Down, Scenario, ScenarioError, parts
from obs.simulate.scenario import check as check_scenario
from obs.simulate.series import Series, known_names, labels_of
from obs.simulate.values import Moment

Address = tuple[str, int, str]
"""(IP, port, path)."""


@dataclass(frozen=True)
class Answer:
    status: int
    text: str


class Simulation:
    """Safe to use from many threads. Raises SimulationError or ScenarioError for what cannot be simulated."""

    def __init__(
        self, systems: Collection[str], scenarios: Iterable[Scenario], memory: Memory, compression: int = 1
    ) -> None:
        check_systems(systems)
        self._exporters = exporters(systems)
        self.scenarios = {s.name: s for s in scenarios if _needs(s) <= {*systems}}
        self._memory, self._compression = memory, compression
        self._cluster = Cluster()
        self._pages: dict[Address, tuple[Exporter, Page]] = {}
        self._lock = Lock()

    def moment(self, now: float) -> Moment:
        return Moment(now, self._memory.epoch, self._compression)

    @property
    def sees_someone(self) -> bool:
        return bool(self._cluster.pods)

    def see(self, cluster: Cluster) -> None:
        """The cluster is like this now."""
        with self._lock:
            if cluster != self._cluster:
                self._cluster = cluster
                self._pages.clear()

    # --- faults

    @property
    def fault(self) -> tuple[str, float] | None:
        """(name of the scenario, unix seconds since when)."""
        holds = self._memory.holds
        return (holds.name, holds.since) if holds and self._together(holds.name) else None

    def _together(self, name: str) -> list[Scenario]:
        """The scenarios of a fault: one, or those of ``one+other``; none where one of them is no more."""
        found = [self.scenarios.get(part) for part in parts(name)]
        return [] if None in found else [scenario for scenario in found if scenario]

    def inject(self, name: str, now: float) -> None:
        """Start a scenario, or several: ``one+other``. What holds ends. Raises ScenarioError for an unknown one."""
        for part in parts(name):
            if part not in self.scenarios:
                raise ScenarioError(f"no scenario {part!r}{did_you_mean(part, self.scenarios)}")
        with self._lock:
            self._forget(name)
            self._memory.begin(name, now)

    def heal(self, now: float) -> None:
        with self._lock:
            self._forget()
            self._memory.end(now)

    def _forget(self, *coming: str) -> None:
        """The pages that a fault changes, or one that ends: making all of them anew takes longer than a scrape may."""
        names = (*coming, *([self.fault[0]] if self.fault else ()))
        changes = (change for name in names for scenario in self._together(name) for change in scenario.changes)
        changed = {change.metric for change in changes if not isinstance(change, Down)}
        self._pages = {
            address: (exporter, page)
            for address, (exporter, page) in self._pages.items()
            if exporter.contract is None or changed.isdisjoint(known_names(exporter.contract))
        }

    def _injections(self) -> Iterator[tuple[Injection, Moment | None]]:
        """Every fault since the start and its end; one of a scenario that is no more is forgotten."""
        for fault in self._memory.faults:
            until = None if fault.until is None else self.moment(fault.until)
            for scenario in self._together(fault.name):
                yield Injection(scenario, self.moment(fault.since)), until

    # --- answers

    def answer(self, ip: str, port: int, path: str, now: float) -> Answer:
        """What the pod or node of that address says. Never raises: who asks for nonsense gets a 404 with a reason."""
        with self._lock:
            targets = self._targets(ip)
            if not targets:
                return Answer(404, f"no pod and no node has the address {ip}\n")
            for target in targets:
                exporter = self._exporter(target, port, path)
                if exporter is not None:
                    return self._scraped(exporter, target, (ip, port, path), now)
            if path == "/metrics" and any(self._unknown(target, port) for target in targets):
                return Answer(200, "")
        return Answer(404, f"nothing at {ip} exposes metrics on port {port} at {path}\n")

    def overlaid(self, ip: str, port: int, path: str, real: Answer, now: float) -> Answer:
        """What a pod that really runs says while a fault of its own is simulated: the families that it changes."""
        with self._lock:
            found = ((t, e) for t in self._targets(ip) if (e := self._exporter(t, port, path)) is not None)
            target, exporter = next(found, (None, None))
            if self.fault is None or target is None or exporter is None:
                return real
            if (scenario := self._down(exporter, target)) is not None:
                return Answer(503, f"{exporter.name} is down: scenario {scenario}\n")
            names = self._changed(exporter)
            if real.status != 200 or not names:
                return real
            moment, address = self.moment(now), (ip, port, f"{path}?changed")  # no path of a whole page
            if address not in self._pages:
                families = (family for family in self._families(exporter, target) if family[0] in names)
                self._pages[address] = exporter, Page(families, moment)
            return Answer(200, without(real.text, names) + self._pages[address][1].text(moment))

    def _changed(self, exporter: Exporter) -> set[str]:
        """The metrics of the exporter that the fault changes."""
        if self.fault is None or exporter.contract is None:
            return set()
        changes = (change for scenario in self._together(self.fault[0]) for change in scenario.changes)
        there = {metric.name for metric in load(exporter.contract).metrics.values()}
        return {change.metric for change in changes if isinstance(change, Change)} & there

    def _unknown(self, target: Target, port: int) -> bool:
        """A pod of which no contract says what it exposes, such as Grafana: it answers, that is all."""
        known = any(exporter.answers_for(target) for exporter in self._exporters)
        return isinstance(target, Pod) and port in target.ports and not known

    def _targets(self, ip: str) -> list[Target]:
        pods: list[Target] = [pod for pod in self._cluster.pods if pod.ip == ip]
        return [*pods, *(node for node in self._cluster.nodes if node.ip == ip)]

    def _exporter(self, target: Target, port: int, path: str) -> Exporter | None:
        found = (e for e in self._exporters if (e.port, e.path) == (port, path) and e.answers_for(target))
        return next(found, None)

    def _scraped(self, exporter: Exporter, target: Target, address: Address, now: float) -> Answer:
        if (scenario := self._down(exporter, target)) is not None:
            return Answer(503, f"{exporter.name} is down: scenario {scenario}\n")
        moment = self.moment(now)
        if address not in self._pages:
            self._pages[address] = exporter, Page(self._families(exporter, target), moment)
        _, page = self._pages[address]
        return Answer(200, page.text(moment))

    def _down(self, exporter: Exporter, target: Target) -> str | None:
        """The scenario because of which it does not answer."""
        if self.fault is None:
            return None
        for scenario in self._together(self.fault[0]):
            downs = (c for c in scenario.changes if isinstance(c, Down))
            if any(down.silences(exporter.name, node_of(target)) for down in downs):
                return scenario.name
        return None

    def _families(self, exporter: Exporter, target: Target) -> Iterator[tuple[str, str, list[Series], list[Lines]]]:
        injections = list(self._injections())
        labels = labels_of(exporter.contract) if exporter.contract else {}
        for family in exporter.families(self._cluster, target):
            series, coming = list(family.series), list[Lines]()
            for injection, until in injections:
                if until is None:
                    series, coming = altered(family, series, injection, labels[family.name])
                else:
                    series = healed(family, series, injection, until)
            yield family.name, family.type, series, coming


def _needs(scenario: Scenario) -> set[str]:
    """The systems that must be there. Raises ScenarioError for a scenario that cannot be."""
    check_scenario(scenario, ALL)
    downs = {change.exporter for change in scenario.changes if isinstance(change, Down)}
    return {scenario.system, *(exporter.system for exporter in ALL if exporter.name in downs)}
