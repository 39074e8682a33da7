"""A simulated platform with some scenarios, and what its exporters say."""

from __future__ import annotations

from collections.abc import Iterable

from simulated_cluster import SYSTEMS, simulated_cluster, targets

from obs.simulate.exporter import Exporter
from obs.simulate.exporters import ALL
from obs.simulate.memory import Memory
from obs.simulate.scenario import Scenario
from obs.simulate.simulation import Simulation

CLUSTER = simulated_cluster()
START, EPOCH = 1_800_000_000.0, 1_799_740_800.0
BASE = Scenario(
    name="a-fault", title="t", description="d", system="spark", changes=(), alerts=("SparkOperatorSilent",), within="5m"
)


def simulated(*scenarios: Scenario, memory: Memory | None = None) -> Simulation:
    simulation = Simulation(SYSTEMS, scenarios, memory or Memory(EPOCH), 30)
    simulation.see(CLUSTER)
    return simulation


def pages(simulation: Simulation, now: float, of: Iterable[Exporter] = ALL) -> str:
    return "".join(
        simulation.answer(target.ip, exporter.port, exporter.path, now).text
        for exporter in of
        for target in targets(exporter, CLUSTER)
    )
