"""The node exporter on this machine, with the collectors that it has on by default."""

from __future__ import annotations

from collections.abc import Iterator

from obs.contracts.compare import Scraped
from obs.contracts.lab import Lab
from obs.toolchain import find
from obs.toolchain_table import TOOLS


def scrape(lab: Lab) -> Iterator[Scraped]:
    address = f"--web.listen-address={lab.address('http')}"
    lab.start("node_exporter", [find("node_exporter"), address], ready=lab.url("http", "/"))
    version = TOOLS["node_exporter"].version
    yield Scraped(
        contract="node-exporter",
        version=version,
        how=f"scraped from node_exporter {version} on a virtual machine, with the collectors that are on by default",
        components={None: lab.scrape(lab.url("http", "/metrics"))},
    )
