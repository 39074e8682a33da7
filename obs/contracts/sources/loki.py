"""Loki as one process on a folder: lines in, a query, a rule, the ring of one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import httpx
import yaml

from obs.contracts.compare import Scraped
from obs.contracts.lab import Lab
from obs.local.ports import LOOPBACK
from obs.toolchain import find
from obs.toolchain_table import TOOLS


def scrape(lab: Lab) -> Iterator[Scraped]:
    file = lab.file("loki.yml", yaml.safe_dump(_config(lab)))
    lab.start("loki", [find("loki"), f"-config.file={file}"], ready=lab.url("http", "/ready"), seconds=120)
    now = str(time.time_ns())
    lines = {"streams": [{"stream": {"app": "planted"}, "values": [[now, "level=error one"], [now, "two"]]}]}
    httpx.post(lab.url("http", "/loki/api/v1/push"), json=lines, trust_env=False).raise_for_status()
    for query in ('{app="planted"}', 'sum(rate({app="planted"}[1m]))', "{"):
        ask: dict[str, str] = {"query": query, "since": "1h"}
        httpx.get(lab.url("http", "/loki/api/v1/query_range"), params=ask, trust_env=False, timeout=30)
    httpx.post(lab.url("http", "/flush"), trust_env=False)
    time.sleep(5)
    version = TOOLS["loki"].version
    yield Scraped(
        contract="loki",
        version=version,
        how=f"scraped from Loki {version} as one process on a folder, with lines, queries and a flush",
        components={None: lab.scrape(lab.url("http", "/metrics"))},
    )


def _config(lab: Lab) -> dict[str, Any]:
    store = {"from": "2024-01-01", "store": "tsdb", "object_store": "filesystem", "schema": "v13"}
    return {
        "auth_enabled": False,
        "analytics": {"reporting_enabled": False},
        "server": {
            "http_listen_address": LOOPBACK,
            "http_listen_port": lab.port("http"),
            "grpc_listen_address": LOOPBACK,
            "grpc_listen_port": lab.port("grpc"),
        },
        "common": {
            "instance_addr": LOOPBACK,
            "path_prefix": str(lab.folder / "loki"),
            "replication_factor": 1,
            "ring": {"instance_addr": LOOPBACK, "kvstore": {"store": "inmemory"}},
            "storage": {
                "filesystem": {
                    "chunks_directory": str(lab.folder / "chunks"),
                    "rules_directory": str(lab.folder / "rules"),
                }
            },
        },
        "ingester": {"lifecycler": {"min_ready_duration": "0s"}},
        "schema_config": {"configs": [{**store, "index": {"prefix": "index_", "period": "24h"}}]},
        "compactor": {"retention_enabled": True, "delete_request_store": "filesystem"},
        "limits_config": {"allow_structured_metadata": True},
    }
