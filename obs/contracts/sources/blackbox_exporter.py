"""The blackbox exporter: its own metrics, and probes by HTTP and TCP, good and failing."""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from obs.contracts.compare import Scraped
from obs.contracts.exposition import merged
from obs.contracts.lab import Lab
from obs.toolchain import find
from obs.toolchain_table import TOOLS

_MODULES = {
    "modules": {
        "http_2xx": {"prober": "http", "http": {"preferred_ip_protocol": "ip4"}},
        "http_body": {"prober": "http", "http": {"fail_if_body_not_matches_regexp": ["no such text"]}},
        "tcp_connect": {"prober": "tcp"},
    }
}


def scrape(lab: Lab) -> Iterator[Scraped]:
    file = lab.file("blackbox.yml", yaml.safe_dump(_MODULES))
    argv = [find("blackbox_exporter"), f"--config.file={file}", f"--web.listen-address={lab.address('http')}"]
    lab.start("blackbox_exporter", argv, ready=lab.url("http", "/-/healthy"))
    probes = [
        ("http_2xx", lab.url("http", "/")),
        ("http_body", lab.url("http", "/")),
        ("http_2xx", "http://127.0.0.1:9/"),
        ("tcp_connect", lab.address("http")),
    ]
    pages = [lab.scrape(lab.url("http", f"/probe?module={module}&target={target}")) for module, target in probes]
    version = TOOLS["blackbox_exporter"].version
    yield Scraped(
        contract="blackbox-exporter",
        version=version,
        how=f"scraped from blackbox_exporter {version} that probed itself by HTTP and TCP, and a closed port",
        components={
            "probe": merged(family for page in pages for family in page.values()),
            "exporter": lab.scrape(lab.url("http", "/metrics")),
        },
    )
