"""The Pushgateway: its own metrics, after a group was pushed, one was refused, and a group was deleted."""

from __future__ import annotations

from collections.abc import Iterator

import httpx

from obs.contracts.compare import Scraped
from obs.contracts.lab import Lab
from obs.toolchain import find
from obs.toolchain_table import TOOLS

_PUSHED = "# TYPE planted_rows gauge\nplanted_rows 3\n"


def scrape(lab: Lab) -> Iterator[Scraped]:
    address = f"--web.listen-address={lab.address('http')}"
    lab.start("pushgateway", [find("pushgateway"), address], ready=lab.url("http", "/-/ready"))
    for job, page in (("kept", _PUSHED), ("gone", _PUSHED), ("wrong", "no page of metrics")):
        httpx.post(lab.url("http", f"/metrics/job/{job}"), content=page, trust_env=False)
    httpx.delete(lab.url("http", "/metrics/job/gone"), trust_env=False)
    version = TOOLS["pushgateway"].version
    yield Scraped(
        contract="pushgateway",
        version=version,
        how=f"scraped from Pushgateway {version}, to which a group was pushed, one refused, and one deleted again",
        components={None: lab.scrape(lab.url("http", "/metrics"))},
        ignore="planted_.+",
    )
