"""The collector that tools/otelcol builds: OTLP in, a batch, a queue towards a backend that refuses."""

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

# Which attributes an outcome has depends on what went wrong.
_SOMETIMES = frozenset({"error.type", "error_type", "error_permanent", "transport", "data_type"})


def scrape(lab: Lab) -> Iterator[Scraped]:
    file = lab.file("otelcol.yml", yaml.safe_dump(_config(lab)))
    lab.start("otelcol", [find("otelcol"), f"--config={file}"], ready=lab.url("health"))
    span = {"traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174", "name": "planted", "kind": 2}
    span |= {"startTimeUnixNano": str(time.time_ns() - 10**6), "endTimeUnixNano": str(time.time_ns())}
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "planted"}}]}
    body = {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [span]}]}]}
    for _ in range(3):
        httpx.post(lab.url("otlp", "/v1/traces"), json=body, trust_env=False).raise_for_status()
    httpx.post(lab.url("otlp", "/v1/traces"), content=b"no json", trust_env=False)
    time.sleep(6)
    version = TOOLS["otelcol"].version
    yield Scraped(
        contract="collector",
        version=version,
        how=f"scraped from the collector {version} of tools/otelcol, with spans for a backend that is not there",
        components={None: lab.scrape(lab.url("metrics", "/metrics"))},
        sometimes=_SOMETIMES,
    )


def _config(lab: Lab) -> dict[str, Any]:
    # As components/collector_config.py has it: names depend on these.
    names = {"without_type_suffix": False, "without_units": False, "without_scope_info": True}
    reader = {"exporter": {"prometheus": {"host": LOOPBACK, "port": lab.port("metrics"), **names}}}
    return {
        "receivers": {"otlp": {"protocols": {"http": {"endpoint": lab.address("otlp")}}}},
        "processors": {"memory_limiter": {"check_interval": "1s", "limit_mib": 256}, "batch": {"timeout": "1s"}},
        "exporters": {
            "otlp_http": {
                "endpoint": "http://127.0.0.1:9",
                "retry_on_failure": {"max_elapsed_time": "2s", "max_interval": "1s", "initial_interval": "500ms"},
            }
        },
        "extensions": {"health_check": {"endpoint": lab.address("health")}},
        "service": {
            "extensions": ["health_check"],
            "telemetry": {"metrics": {"readers": [{"pull": reader}]}},
            "pipelines": {
                "traces": {
                    "receivers": ["otlp"],
                    "processors": ["memory_limiter", "batch"],
                    "exporters": ["otlp_http"],
                }
            },
        },
    }
