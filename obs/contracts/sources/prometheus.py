"""Prometheus and Alertmanager: each scrapes or tells the other, with a rule that fires and samples written onwards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import yaml

from obs.contracts.compare import Scraped
from obs.contracts.lab import Lab
from obs.toolchain import find
from obs.toolchain_table import TOOLS

_RULES = {
    "groups": [
        {
            "name": "planted",
            "interval": "1s",
            "rules": [
                {"record": "planted:up:sum", "expr": "sum(up)"},
                {"alert": "Planted", "expr": "vector(1)", "labels": {"severity": "warning"}},
            ],
        }
    ]
}
# Nobody is there: a notification that fails is counted too.
_RECEIVER = {"name": "nobody", "webhook_configs": [{"url": "http://127.0.0.1:9/", "send_resolved": False}]}
_ROUTES = {"route": {"receiver": "nobody", "group_wait": "0s", "group_interval": "1s"}, "receivers": [_RECEIVER]}


def scrape(lab: Lab) -> Iterator[Scraped]:
    start_alertmanager(lab)
    start_prometheus(lab, remote_write=lab.url("prometheus", "/api/v1/write"))
    for query in ("up", "rate(prometheus_http_requests_total[1m])", "no such query"):
        httpx.get(lab.url("prometheus", "/api/v1/query"), params={"query": query}, trust_env=False)
    lab.until(lambda: _told(lab), "Prometheus tells Alertmanager", 60, of="alertmanager")
    lab.until(lambda: _evaluated(lab), "Prometheus evaluates its rules and stores what it scrapes", 60, of="prometheus")
    version = TOOLS["prometheus"].version
    yield Scraped(
        contract="prometheus",
        version=version,
        how=f"scraped from Prometheus {version} that scrapes itself, evaluates a firing rule and writes to a remote",
        components={None: lab.scrape(lab.url("prometheus", "/metrics"))},
    )
    version = TOOLS["alertmanager"].version
    yield Scraped(
        contract="alertmanager",
        version=version,
        how=f"scraped from Alertmanager {version}, in a cluster of its own, with an alert whose notification fails",
        components={None: lab.scrape(lab.url("alertmanager", "/metrics"))},
    )


def _told(lab: Lab) -> bool:
    answer = httpx.get(lab.url("alertmanager", "/api/v2/alerts"), trust_env=False)
    return answer.is_success and bool(answer.json())


def _evaluated(lab: Lab) -> bool:
    query = {"query": "planted:up:sum > 1"}
    answer = httpx.get(lab.url("prometheus", "/api/v1/query"), params=query, trust_env=False)
    return answer.is_success and bool(answer.json()["data"]["result"])


def start_alertmanager(lab: Lab) -> None:
    config = lab.file("alertmanager.yml", yaml.safe_dump(_ROUTES))
    lab.start(
        "alertmanager",
        [
            find("alertmanager"),
            f"--config.file={config}",
            f"--storage.path={lab.folder}/alertmanager",
            f"--web.listen-address={lab.address('alertmanager')}",
            f"--cluster.listen-address={lab.address('alertmanager-cluster')}",
            f"--cluster.advertise-address={lab.address('alertmanager-cluster')}",
        ],
        ready=lab.url("alertmanager", "/-/ready"),
    )


def start_prometheus(lab: Lab, *, remote_write: str) -> None:
    """A Prometheus that scrapes itself and Alertmanager every second; its data is in the folder prometheus."""
    config: Mapping[str, Any] = {
        "global": {"scrape_interval": "1s", "external_labels": {"cluster": "here", "replica": "0"}},
        "rule_files": [str(lab.file("rules.yml", yaml.safe_dump(_RULES)))],
        "scrape_configs": [
            {"job_name": name, "static_configs": [{"targets": [lab.address(name)]}]}
            for name in ("prometheus", "alertmanager")
        ],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [lab.address("alertmanager")]}]}]},
        "remote_write": [{"url": remote_write, "name": "onwards"}],
    }
    file = lab.file("prometheus.yml", yaml.safe_dump(config))
    lab.start(
        "prometheus",
        [
            find("prometheus"),
            f"--config.file={file}",
            f"--storage.tsdb.path={lab.folder}/prometheus",
            f"--web.listen-address={lab.address('prometheus')}",
            "--web.enable-remote-write-receiver",
            "--storage.tsdb.min-block-duration=2h",
            "--storage.tsdb.max-block-duration=2h",
        ],
        ready=lab.url("prometheus", "/-/ready"),
    )
