"""The operator at a real API server, with objects of its kinds, and its reloader beside a Prometheus."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from obs.contracts.compare import Scraped
from obs.contracts.lab import Failed, Lab, NotToBeHad
from obs.contracts.sources import cluster
from obs.contracts.sources.prometheus import start_prometheus
from obs.toolchain import find
from obs.toolchain_table import MODULES, TOOLS

_CRDS = "example/prometheus-operator-crd"
_META = {"name": "main", "namespace": "watched"}
# Its kinds, one of them refused: the rule is no PromQL.
_OBJECTS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("v1", "Prometheus", {"replicas": 1, "serviceMonitorSelector": {}, "ruleSelector": {}, "podMonitorSelector": {}}),
    ("v1", "Alertmanager", {"replicas": 1}),
    ("v1", "ThanosRuler", {"replicas": 1, "queryEndpoints": ["127.0.0.1:9"], "ruleSelector": {}}),
    ("v1alpha1", "PrometheusAgent", {"replicas": 1, "serviceMonitorSelector": {}}),
    ("v1", "ServiceMonitor", {"selector": {}, "endpoints": [{"port": "http"}]}),
    ("v1", "PrometheusRule", {"groups": [{"name": "wrong", "rules": [{"record": "planted:up", "expr": "sum("}]}]}),
)


def scrape(lab: Lab) -> Iterator[Scraped]:
    crds = _crds()
    found = cluster.start(lab)
    for path in crds:  # as text: PyYAML takes the `=` among their enums for something else
        group, _, plural = path.stem.partition("_")
        metadata = {"name": f"{plural}.{group}"}
        kind = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": metadata}
        found.kube.apply(kind, path.read_text())
    found.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "watched"}}])
    lab.until(lambda: len(found.kube.served("monitoring.coreos.com")) >= len(crds), "its kinds are served", 60)
    env = {"KUBECONFIG": str(found.plane.kubeconfig)}
    argv = [find("prometheus-operator"), f"--web.listen-address={lab.address('operator')}"]
    lab.start("operator", argv, env=env, ready=lab.url("operator", "/healthz"))
    found.apply(
        {"apiVersion": f"monitoring.coreos.com/{version}", "kind": kind, "metadata": _META, "spec": spec}
        for version, kind, spec in _OBJECTS
    )
    sets = "/apis/apps/v1/namespaces/watched/statefulsets"
    lab.until(lambda: len(found.kube.items(sets)) >= 3, "the operator made its StatefulSets", 90, of="operator")
    version = TOOLS["prometheus-operator"].version
    yield Scraped(
        contract="prometheus-operator",
        version=version,
        how=f"scraped from prometheus-operator {version} at an API server with objects of its kinds, one of them wrong",
        components={None: lab.scrape(lab.url("operator", "/metrics"))},
    )
    yield _reloader(lab)


def _crds() -> list[Path]:
    """The operator's kinds, from the module that it is compiled from."""
    if (go := shutil.which("go")) is None:
        raise NotToBeHad("needs Go on PATH, whose module of the operator has its CRDs")
    pin = TOOLS["prometheus-operator"].pin
    argv = [go, "mod", "download", "-C", str(MODULES / "kubernetes"), "-json", pin]
    run = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=300)
    if run.returncode != 0:
        raise NotToBeHad(f"go mod download {pin} failed: {run.stderr.strip()[-300:]}")
    return sorted((Path(json.loads(run.stdout)["Dir"]) / _CRDS).glob("*.yaml"))


def _reloader(lab: Lab) -> Scraped:
    start_prometheus(lab, remote_write=lab.url("prometheus", "/api/v1/write"))
    config = lab.folder / "prometheus.yml"
    argv = [
        find("prometheus-config-reloader"),
        f"--listen-address={lab.address('reloader')}",
        f"--reload-url={lab.url('prometheus', '/-/reload')}",
        f"--config-file={config}",
        f"--config-envsubst-file={lab.folder}/out.yml",
        f"--watched-dir={lab.folder}/rules",
        "--watch-interval=1s",
    ]
    lab.file("rules/one.yml", "groups: []\n")
    lab.start("reloader", argv, ready=lab.url("reloader", "/healthz"))
    lab.file("rules/two.yml", "groups: []\n")
    lab.until(lambda: _tried(lab), "the reloader asks Prometheus", 60, of="reloader")
    version = TOOLS["prometheus-config-reloader"].version
    return Scraped(
        contract="prometheus-config-reloader",
        version=version,
        how=f"scraped from prometheus-config-reloader {version} beside a Prometheus that refuses to be reloaded",
        components={None: lab.scrape(lab.url("reloader", "/metrics"))},
    )


def _tried(lab: Lab) -> bool:
    try:
        page = httpx.get(lab.url("reloader", "/metrics"), trust_env=False).text
    except httpx.HTTPError as error:
        raise Failed(f"the reloader: {error}") from None
    return any(line.startswith("reloader_reloads_total ") and not line.endswith(" 0") for line in page.splitlines())
