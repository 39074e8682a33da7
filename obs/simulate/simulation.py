"""The simulated platform as a whole: who answers on which address, and the fault that holds now."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from threading import Lock

from contracts import load
from model.problems import did_you_mean
from obs.simulate.cluster import Cluster, Node, Pod
from obs.simulate.exporter import Exporter, Target
from obs.simulate.exporters import ALL, exporters
from obs.simulate.exposition import Page
from obs.simulate.faults import Injection, Key, altered, key
from obs.simulate.platform import check as check_systems
from obs.simulate.scenario import Down, Scenario, ScenarioError
from obs.simulate.scenario import check as check_scenario
from obs.simulate.series import Series
from obs.simulate.values import Fixed, Moment

Address = tuple[str, int, str]
"""(IP, port, path)."""


@dataclass(frozen=True)
class Answer:
    status: int
    text: str


@dataclass
class _Past:
    """What is left of earlier faults at one address: counters never fall back."""

    moved: dict[Key, float] = field(default_factory=dict)
    new: dict[str, dict[Key, Series]] = field(default_factory=dict)


@dataclass
class _Rendered:
    page: Page
    counters: list[tuple[Series, Series | None]]
    """(series with the fault, the same without; None where the fault brought it)."""


class Simulation:
    """Safe to use from many threads. Raises SimulationError or ScenarioError for what cannot be simulated."""

    def __init__(self, systems: Collection[str], scenarios: Iterable[Scenario], epoch: float, compression: int) -> None:
        check_systems(systems)
        self._exporters = exporters(systems)
        self.scenarios = {s.name: s for s in scenarios if _needs(s) <= {*systems}}
        self._epoch, self._compression = epoch, compression
        self._cluster = Cluster()
        self._injection: Injection | None = None
        self._pages: dict[Address, _Rendered] = {}
        self._past: dict[Address, _Past] = {}
        self._lock = Lock()

    def moment(self, now: float) -> Moment:
        return Moment(now, self._epoch, self._compression)

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
        injection = self._injection
        return (injection.scenario.name, injection.since.now) if injection else None

    def inject(self, name: str, now: float) -> None:
        """Start a scenario; one that holds ends. Raises ScenarioError for a name that there is not."""
        if name not in self.scenarios:
            raise ScenarioError(f"no scenario {name!r}{did_you_mean(name, self.scenarios)}")
        with self._lock:
            self._end(now)
            self._injection = Injection(self.scenarios[name], self.moment(now))

    def heal(self, now: float) -> None:
        with self._lock:
            self._end(now)

    def _end(self, now: float) -> None:
        moment = self.moment(now)
        for address, rendered in self._pages.items() if self._injection else ():
            past = self._past.setdefault(address, _Past())
            for bad, good in rendered.counters:
                if good is None:
                    kept = Series(bad.metric, bad.name, bad.labels, Fixed(bad.value.at(moment)))
                    past.new.setdefault(bad.metric, {})[key(kept)] = kept
                else:
                    off = bad.value.at(moment) - good.value.at(moment)
                    past.moved[key(good)] = past.moved.get(key(good), 0.0) + off
        self._injection = None
        self._pages.clear()

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
        if any(isinstance(target, Pod) and port in target.ports for target in targets):
            return Answer(200, "")
        return Answer(404, f"nothing at {ip} exposes metrics on port {port} at {path}\n")

    def _targets(self, ip: str) -> list[Target]:
        pods: list[Target] = [pod for pod in self._cluster.pods if pod.ip == ip]
        return [*pods, *(node for node in self._cluster.nodes if node.ip == ip)]

    def _exporter(self, target: Target, port: int, path: str) -> Exporter | None:
        found = (e for e in self._exporters if (e.port, e.path) == (port, path) and e.answers_for(target))
        return next(found, None)

    def _scraped(self, exporter: Exporter, target: Target, address: Address, now: float) -> Answer:
        if self._down(exporter, target):
            assert self._injection is not None
            return Answer(503, f"{exporter.name} is down: scenario {self._injection.scenario.name}\n")
        moment = self.moment(now)
        if address not in self._pages:
            self._pages[address] = self._render(exporter, target, address, moment)
        return Answer(200, self._pages[address].page.text(moment))

    def _down(self, exporter: Exporter, target: Target) -> bool:
        if self._injection is None:
            return False
        node = target.name if isinstance(target, Node) else target.node
        downs = (c for c in self._injection.scenario.changes if isinstance(c, Down))
        return any(d.exporter == exporter.name and d.node in ("", node) for d in downs)

    def _render(self, exporter: Exporter, target: Target, address: Address, moment: Moment) -> _Rendered:
        past = self._past.setdefault(address, _Past())
        labels = {m.name: m.labels for m in load(exporter.contract).metrics.values()} if exporter.contract else {}
        families, counters = [], list[tuple[Series, Series | None]]()
        for family in exporter.families(self._cluster, target):
            new = tuple(past.new.get(family.name, {}).values())
            healthy, current, coming = altered(family, self._injection, past.moved, new, labels[family.name])
            families.append((family.name, family.type, current, coming))
            if family.type == "counter" and current is not healthy:
                without = {key(series): series for series in healthy}
                counters += [(one, without.get(key(one))) for one in current if one is not without.get(key(one))]
        return _Rendered(Page(families, moment), counters)


def _needs(scenario: Scenario) -> set[str]:
    """The systems that must be there. Raises ScenarioError for a scenario that cannot be."""
    check_scenario(scenario, ALL)
    downs = {change.exporter for change in scenario.changes if isinstance(change, Down)}
    return {scenario.system, *(exporter.system for exporter in ALL if exporter.name in downs)}
