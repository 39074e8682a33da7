"""A real Prometheus with stack local's rules on the simulated platform; without Kubernetes, its targets are static."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

from real_prometheus import Prometheus, prometheus, rule_files
from real_servers import wait_for
from simulated_cluster import SYSTEMS, simulated_cluster, targets
from stacks import ran

from model.scrape import Endpoint, Scrape
from obs.run import StackRun
from obs.simulate.cluster import Cluster, Node, Pod
from obs.simulate.exporter import Exporter, Target
from obs.simulate.exporters import exporters
from obs.simulate.forwards import Forwards
from obs.simulate.memory import Memory
from obs.simulate.scenarios import SCENARIOS
from obs.simulate.server import Server
from obs.simulate.simulation import Simulation
from obs.simulate.sink import Sink


@dataclass(frozen=True)
class Stack(Prometheus):
    simulation: Simulation
    run: StackRun


@contextmanager
def simulated_stack(folder: Path, stack: str = "local") -> Iterator[Stack]:
    """Everything runs until the block ends; all targets are up when it begins."""
    cluster = simulated_cluster()
    run = ran(stack)
    simulation = Simulation(SYSTEMS, SCENARIOS.values(), Memory.of(folder), run.settings.time_compression)
    simulation.see(cluster)
    server = Server("127.0.0.1:0", simulation, Sink(folder), Forwards(folder / "forwards.json"))
    Thread(target=server.serve_forever, daemon=True).start()
    rules = [*rule_files(run.recording, folder).values()]
    config = {"rule_files": rules, "scrape_configs": list(_scrapes(run, cluster, server.url.removeprefix("http://")))}
    try:
        with prometheus(folder, config) as started:
            made = Stack(started.prometheus, simulation, run)
            wait_for(made.up, 30)
            yield made
    finally:
        server.shutdown()


def _scrapes(run: StackRun, cluster: Cluster, address: str) -> Iterator[dict[str, Any]]:
    """One job for each endpoint of the plan; who answers for its contract is who is scraped."""
    for scrape in (s for system in run.plan.systems for s in system.scrapes):
        for number, endpoint in enumerate(scrape.endpoints):
            static = [
                {
                    "targets": [address],
                    "labels": {
                        **target_labels(target, exporter.port),
                        "job": scrape.job,
                        "instance": f"{target.ip}:{exporter.port}",
                        "cluster": "local",
                        "metrics_path": endpoint.path,
                        **fixed_labels(endpoint),
                        "__metrics_path__": f"/{target.ip}:{exporter.port}{exporter.path}",
                    },
                }
                for exporter, target in answering(scrape, endpoint, cluster)
            ]
            yield {
                "job_name": f"{scrape.name}/{number}",
                "scrape_interval": endpoint.interval,
                "scrape_timeout": endpoint.interval,
                "honor_labels": endpoint.honor_labels,
                "static_configs": static,
            }


def fixed_labels(endpoint: Endpoint) -> dict[str, str]:
    """Labels that the endpoint's relabelings set, whatever the target."""
    return {r.target_label: r.replacement for r in endpoint.relabelings if r.target_label and r.replacement}


def answering(scrape: Scrape, endpoint: Endpoint, cluster: Cluster) -> list[tuple[Exporter, Target]]:
    """Who has what the endpoint promises: the pods of the monitor's selector, all where only their Service has it."""
    found = [
        (exporter, target)
        for exporter in exporters(SYSTEMS)
        if (exporter.contract, exporter.component) == (endpoint.contract, endpoint.component)
        for target in targets(exporter, cluster)
    ]
    own: list[tuple[Exporter, Target]] = [
        (e, t) for e, t in found if isinstance(t, Pod) and scrape.selector.items() <= t.labels.items()
    ]
    return own or found


def target_labels(target: Target, port: int) -> dict[str, str]:
    if isinstance(target, Node):
        return {"node": target.name}
    found = {"namespace": target.namespace, "pod": target.name, "container": _container(target, port)}
    if "spark-app-name" in target.labels:
        found |= {"application": target.labels["spark-app-name"], "spark_app_id": target.labels["spark-app-selector"]}
    if "prometheus-node-exporter" in target.labels.values():
        found["node"] = target.node
    if "prometheus-redis-exporter" in target.labels.values():
        found["redis"] = target.labels["app.kubernetes.io/instance"].removeprefix("redis-exporter-")
    return found


def _container(pod: Pod, port: int) -> str:
    """As service discovery has it: the one that has the port."""
    return next((c.name for c in pod.containers if port in c.ports), pod.containers[0].name)
