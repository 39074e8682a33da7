"""Trino from Maven: a coordinator and a worker, queries on generated data, one of them wrong."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx

from obs.contracts.compare import Scraped
from obs.contracts.install import jars, once
from obs.contracts.lab import Lab, java
from obs.local.ports import LOOPBACK

# /metrics is behind the cluster's authentication; without one it still asks who it is.
USER = {"X-Trino-User": "metrics"}
_QUERIES = (
    "select count(*), sum(extendedprice) from tpch.tiny.lineitem group by returnflag",
    "select no_such_column from tpch.tiny.orders",
)
# Trino 476 is made for Java 24; the archive's own launcher gives these.
_JVM = (
    "-Xmx1g",
    "-XX:+UnlockDiagnosticVMOptions",
    "-Djdk.attach.allowAttachSelf=true",
    "--sun-misc-unsafe-memory-access=allow",
    "--add-modules=jdk.incubator.vector",
    "--enable-native-access=ALL-UNNAMED",
)
# Of 4,900 metrics of a coordinator: one for each rule of the optimizer, HTTP client and thread pool, and histograms of
# the scheduler by attribute. What of these is in the contract is compared all the same.
_OF_NO_USE = (
    r"io_airlift_.+|trino_sql_.+|trino_.+Executor_.+|trino_execution_(scheduler|executor_dedicated)_.+|trino_server_.+"
)


def scrape(lab: Lab) -> Iterator[Scraped]:
    program = java(24)
    archive = next(jars("trino").glob("*.tar.gz"))
    version = archive.name.removeprefix("trino-server-").removesuffix(".tar.gz")
    home = once("trino", lambda folder: _unpack(archive, folder), key="unpacked")
    _start(lab, program, home, "coordinator", {"coordinator": "true", "node-scheduler.include-coordinator": "false"})
    _start(lab, program, home, "worker", {"coordinator": "false"})
    lab.until(lambda: _rows(lab, "select count(*) from system.runtime.nodes") == [[2]], "two nodes are there", 180)
    for query in _QUERIES:
        _rows(lab, query)
    # Asked for text it answers 406.
    headers = USER | {"Accept": "application/openmetrics-text"}
    yield Scraped(
        contract="trino",
        version=version,
        how=f"scraped from coordinator and worker of trino-server {version}, with a query on tpch and one that fails",
        components={name: lab.scrape(lab.url(name, "/metrics"), headers) for name in ("coordinator", "worker")},
        ignore=_OF_NO_USE,
    )


def _unpack(archive: Path, folder: Path) -> None:
    """The server with the one connector that needs no data: all of them take 2 GB."""
    with tarfile.open(archive) as tar:
        for member in tar:
            parts = Path(member.name).parts[1:]
            if parts and (parts[0] == "lib" or parts[:2] == ("plugin", "tpch")):
                tar.extract(member.replace(name=str(Path(*parts))), folder, filter="data")


def _start(lab: Lab, program: Path, home: Path, name: str, settings: Mapping[str, str]) -> None:
    etc = lab.folder / name
    config = {
        **settings,
        "http-server.http.port": str(lab.port(name)),
        "discovery.uri": lab.url("coordinator"),
        "node.environment": "test",
        "node.id": name,
        "log.path": str(etc / "server.log"),
        "http-server.log.path": str(etc / "http-request.log"),
        "node.bind-ip": LOOPBACK,
        "node.internal-address": LOOPBACK,
        "plugin.dir": str(home / "plugin"),
        "catalog.config-dir": str(etc / "catalog"),
    }
    lab.file(f"{name}/catalog/tpch.properties", "connector.name=tpch\n")
    file = lab.file(f"{name}/config.properties", "".join(f"{key}={value}\n" for key, value in config.items()))
    main = ["-cp", f"{home}/lib/*", "io.trino.server.TrinoServer"]
    lab.start(name, [program, *_JVM, f"-Dconfig={file}", *main], ready=lab.url(name, "/v1/info"), seconds=300)


def _rows(lab: Lab, query: str) -> list[list[object]]:
    """What a query answers; nothing where it fails."""
    rows: list[list[object]] = []
    answer = httpx.post(lab.url("coordinator", "/v1/statement"), content=query, headers=USER, trust_env=False)
    while answer.status_code == 200:
        page = answer.json()
        rows += page.get("data", ())
        if "nextUri" not in page:
            break
        answer = httpx.get(page["nextUri"], headers=USER, trust_env=False, timeout=30)
    return rows
