"""A real Prometheus on the loopback interface, with what a stack deploys: its rules, its monitors' scrapes."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import yaml
from real_servers import wait_for
from real_tools import REAL

from components.kube_prometheus_values import kube_prometheus_values
from components.sizes import sizing
from obs.recording import Recording

Config = dict[str, Any]
_ENDPOINTS = ("podMetricsEndpoints", "endpoints")
_META = "__meta_kubernetes_pod"


@dataclass(frozen=True)
class Prometheus:
    """``prometheus`` is its URL."""

    prometheus: str

    def firing(self) -> set[str]:
        return {a["labels"]["alertname"] for a in self.alerts() if a["state"] == "firing"}

    def alerts(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._get("alerts")["alerts"]
        return found

    def up(self) -> bool:
        targets = self._get("targets?state=active")["activeTargets"]
        return bool(targets) and all(target["health"] == "up" for target in targets)

    def query(self, text: str) -> list[dict[str, Any]]:
        answer = httpx.get(f"{self.prometheus}/api/v1/query", params={"query": text}, trust_env=False, timeout=20)
        found: list[dict[str, Any]] = answer.json()["data"]["result"]
        return found

    def _get(self, path: str) -> dict[str, Any]:
        answer = httpx.get(f"{self.prometheus}/api/v1/{path}", trust_env=False, timeout=20)
        found: dict[str, Any] = answer.json()["data"]
        return found


@dataclass(frozen=True, kw_only=True)
class Target:
    """A process of this machine as the pod that it would be. ``labels`` and ``annotations`` are the pod's."""

    address: str
    namespace: str
    pod: str
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)


@contextmanager
def listening(
    program: Path, folder: Path, data: Path, config: Config, *flags: str, within: float = 20
) -> Iterator[tuple[int, str]]:
    """(pid, URL) of a Prometheus that runs for the block; its configuration and its log are in the folder."""
    log, file = folder / "prometheus.log", folder / "prometheus.yaml"
    file.write_text(yaml.safe_dump(config))
    # Port 0 is any free one; the log says which it is.
    process = subprocess.Popen(
        [str(program), f"--config.file={file}", f"--storage.tsdb.path={data}",
         "--web.listen-address=127.0.0.1:0", "--log.format=json", *flags],
        stderr=log.open("wb"),
    )  # fmt: skip
    try:
        wait_for(lambda: '"Listening on"' in log.read_text(), within)
        said = next(line for line in log.read_text().splitlines() if '"Listening on"' in line)
        yield process.pid, f"http://{yaml.safe_load(said)['address']}"
    finally:
        process.kill()
        process.wait()


@contextmanager
def prometheus(folder: Path, config: Config) -> Iterator[Prometheus]:
    """Runs for the block; its data and log are in the folder."""
    program = REAL["prometheus"]
    assert program
    with listening(Path(program), folder, folder / "data", config) as (_, url):
        yield Prometheus(url)


def rule_files(recording: Recording, folder: Path) -> dict[str, str]:
    """Name of each PrometheusRule -> a file with its groups."""
    files = {}
    for resource in recording.resources:
        if resource.type.endswith(":PrometheusRule"):
            path = folder / f"{resource.name}.rules.yaml"
            path.write_text(yaml.safe_dump(resource.inputs["spec"]))
            files[resource.name] = str(path)
    return files


def stack_config(recording: Recording, folder: Path, systems: Iterable[str], jobs: Iterable[Config]) -> Config:
    """The rules of these systems, evaluated as often as the stack does, on these scrapes."""
    files = rule_files(recording, folder)
    spec = _spec(recording)
    return {
        "global": {"scrape_interval": spec["scrapeInterval"], "evaluation_interval": spec["evaluationInterval"]},
        "rule_files": [files[f"rules-{system}"] for system in systems],
        "scrape_configs": list(jobs),
    }


def scrapes(recording: Recording, monitor: str, *targets: Target) -> Iterator[Config]:
    """The jobs that the operator makes of a monitor, with targets where it asks the API for pods.

    Their labels are those of service discovery, so the monitor's own steps work on them as in a cluster. Fails where
    the monitor would not select such a pod.
    """
    (resource,) = (
        r for r in recording.resources if r.name == monitor and r.type.endswith((":PodMonitor", ":ServiceMonitor"))
    )
    spec = resource.inputs["spec"]
    for target in targets:
        assert spec["selector"]["matchLabels"].items() <= target.labels.items(), (monitor, target)
        assert target.namespace in spec["namespaceSelector"]["matchNames"], (monitor, target)
    (of_class,) = _spec(recording)["scrapeClasses"]
    endpoints = next(spec[key] for key in _ENDPOINTS if key in spec)
    for number, endpoint in enumerate(endpoints):
        yield {
            "job_name": f"{resource.name}/{number}",
            "scrape_interval": endpoint["interval"],
            "scrape_timeout": endpoint.get("scrapeTimeout", endpoint["interval"]),
            "metrics_path": endpoint.get("path", "/metrics"),
            "honor_labels": endpoint.get("honorLabels", False),
            "sample_limit": spec.get("sampleLimit", 0),
            "static_configs": [
                {"targets": [t.address], "labels": _discovered(t) | {"endpoint": endpoint["port"]}} for t in targets
            ],
            "relabel_configs": [_step(s) for s in (*endpoint["relabelings"], *of_class["relabelings"])],
            "metric_relabel_configs": [_step(s) for s in endpoint.get("metricRelabelings", ())],
        }


def _spec(recording: Recording) -> Config:
    settings, plan = recording.namespace["settings"], recording.namespace["plan"]
    values = kube_prometheus_values(settings, sizing(settings), plan.series, plan.keep)
    found: Config = values["prometheus"]["prometheusSpec"]
    return found


def _discovered(target: Target) -> dict[str, str]:
    """What the operator's own first steps set, and what discovery says of a pod."""
    of_pod = {"label": target.labels, "annotation": target.annotations}
    meta = {
        f"{_META}_{kind}_{re.sub('[^a-zA-Z0-9_]', '_', name)}": value
        for kind, pairs in of_pod.items()
        for name, value in pairs.items()
    }
    return {"namespace": target.namespace, "pod": target.pod, "container": "main", **meta}


def _step(relabeling: Config) -> Config:
    """As in Prometheus' own file."""
    return {re.sub("[A-Z]", lambda found: f"_{found[0].lower()}", key): value for key, value in relabeling.items()}
