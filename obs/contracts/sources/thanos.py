"""Every part of Thanos, around a Prometheus: a bucket in a folder, queries through all of it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import yaml

from obs.contracts.compare import Scraped
from obs.contracts.lab import Lab
from obs.contracts.sources.prometheus import start_alertmanager, start_prometheus
from obs.toolchain import find
from obs.toolchain_table import TOOLS

_PARTS = ("sidecar", "receive", "store", "ruler", "query", "query-frontend", "compact")
_RULES = {"groups": [{"name": "planted", "interval": "1s", "rules": [{"record": "planted:up", "expr": "sum(up)"}]}]}


def scrape(lab: Lab) -> Iterator[Scraped]:
    bucket = {"type": "FILESYSTEM", "config": {"directory": str(lab.folder / "bucket")}}
    (lab.folder / "bucket").mkdir()
    store = f"--objstore.config-file={lab.file('bucket.yml', yaml.safe_dump(bucket))}"
    _receive(lab, store)
    start_alertmanager(lab)
    start_prometheus(lab, remote_write=lab.url("receive-write", "/api/v1/receive"))
    _start(lab, "sidecar", f"--prometheus.url={lab.url('prometheus')}", f"--tsdb.path={lab.folder}/prometheus", store)
    _start(lab, "store", f"--data-dir={lab.folder}/store", store)
    endpoints = [f"--endpoint={lab.address(f'{name}-grpc')}" for name in ("sidecar", "receive", "store", "ruler")]
    _start(lab, "query", "--query.replica-label=replica", *endpoints)
    rules = lab.file("thanos-rules.yml", yaml.safe_dump(_RULES))
    _start(
        lab,
        "ruler",
        f"--rule-file={rules}",
        f"--query={lab.address('query')}",
        f"--data-dir={lab.folder}/ruler",
        f"--alertmanagers.url={lab.url('alertmanager')}",
        '--label=replica="0"',
        store,
    )
    _start(lab, "query-frontend", f"--query-frontend.downstream-url={lab.url('query')}")
    _start(lab, "compact", f"--data-dir={lab.folder}/compact", "--wait", "--wait-interval=5m", store)
    lab.until(lambda: _answers(lab), "a query is answered through all parts", 90, of="query")
    version = TOOLS["thanos"].version
    yield Scraped(
        contract="thanos",
        version=version,
        how=f"scraped from every part of Thanos {version} around a Prometheus, with a bucket in a folder",
        components={part: lab.scrape(lab.url(part, "/metrics")) for part in _PARTS},
    )


def _receive(lab: Lab, store: str) -> None:
    _start(
        lab,
        "receive",
        f"--remote-write.address={lab.address('receive-write')}",
        f"--receive.capnproto-address={lab.address('receive-capnproto')}",
        f"--receive.local-endpoint={lab.address('receive-grpc')}",
        f"--tsdb.path={lab.folder}/receive",
        '--label=replica="receive"',
        store,
    )


def _start(lab: Lab, part: str, *flags: str) -> None:
    command = "rule" if part == "ruler" else part
    listens = [f"--http-address={lab.address(part)}"]
    if part not in ("compact", "query-frontend"):
        listens.append(f"--grpc-address={lab.address(f'{part}-grpc')}")
    lab.start(part, [find("thanos"), command, *listens, *flags], ready=lab.url(part, "/-/ready"))


def _answers(lab: Lab) -> bool:
    """Once through the query frontend, for what the rulers and the receiver have."""
    ask = {"query": 'count by (replica) ({__name__=~"planted:up|up"})', "start": "-60", "end": "0", "step": "1"}
    httpx.get(lab.url("query-frontend", "/api/v1/query_range"), params=ask, trust_env=False, timeout=20)
    answer = httpx.get(lab.url("query-frontend", "/api/v1/query"), params={"query": "planted:up"}, trust_env=False)
    return answer.is_success and bool(answer.json()["data"]["result"])
