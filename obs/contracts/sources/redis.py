"""Redis of Debian's packages with a replica of it, asked by the exporter as the chart starts it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from functools import partial

from obs.contracts.compare import Scraped
from obs.contracts.exposition import Family, merged
from obs.contracts.install import debian
from obs.contracts.lab import Lab
from obs.local.ports import LOOPBACK
from obs.toolchain import find
from obs.toolchain_table import TOOLS

# redis-server itself only links to the one program that redis-tools has, beside the libraries that it loads.
_PACKAGES = ("redis-tools", "libjemalloc2", "liblzf1", "libatomic1")
# What leaves traces in INFO: a key that expires, one that is not there, a command that fails, a slow one.
_COMMANDS = (
    "CONFIG SET slowlog-log-slower-than 0",
    "CONFIG SET latency-monitor-threshold 1",
    "CONFIG SET latency-tracking yes",
    "SET kept 1",
    "SET short 1 PX 1",
    "GET kept",
    "GET nobody",
    "INCR kept",
    "LPUSH kept 1",
    "EVAL return(1) 0",
    "DEBUG SLEEP 0.01",
    "BGSAVE",
)


def scrape(lab: Lab) -> Iterator[Scraped]:
    files = debian("redis", _PACKAGES)
    program = files / "usr/bin/redis-check-rdb"
    libraries = ":".join(sorted({str(path.parent) for path in files.rglob("*.so*")}))
    env = {"LD_LIBRARY_PATH": libraries}
    server = lab.folder / "redis-server"
    server.symlink_to(program)  # the program is what it is called as
    for name in ("first", "replica"):
        (lab.folder / name).mkdir()
        flags = ["--bind", LOOPBACK, "--port", lab.port(name), "--dir", lab.folder / name, "--maxmemory", "64mb"]
        flags += ["--enable-debug-command", "yes"]
        if name == "replica":
            flags += ["--replicaof", f"{LOOPBACK} {lab.port('first')}"]
        lab.start(name, [server, *flags], env=env)
        lab.until(partial(_answers, lab, name), f"{name} answers", 30, of=name)
    for command in _COMMANDS:
        _ask(lab, "first", command)
    lab.until(lambda: "master_link_status:up" in _ask(lab, "replica", "INFO replication"), "the replica follows", 30)
    pages = [_page(lab, name) for name in ("first", "replica")]
    version, of_redis = TOOLS["redis_exporter"].version, _ask(lab, "first", "INFO server")
    redis = of_redis.partition("redis_version:")[2].partition("\r")[0]
    yield Scraped(
        contract="redis-exporter",
        version=version,
        how=f"scraped from redis_exporter {version} that asked Redis {redis}, a first with a replica",
        components={None: merged(family for page in pages for family in page.values())},
    )


def _page(lab: Lab, name: str) -> dict[str, Family]:
    """What the exporter says of one of them."""
    exporter = f"exporter-{name}"
    flags = [f"--redis.addr=redis://{lab.address(name)}", f"--web.listen-address={lab.address(exporter)}"]
    lab.start(exporter, [find("redis_exporter"), *flags], ready=lab.url(exporter, "/health"))
    lab.scrape(lab.url(exporter, "/metrics"))  # it counts its scrapes from the second on
    return lab.scrape(lab.url(exporter, "/metrics"))


def _answers(lab: Lab, name: str) -> bool:
    return _ask(lab, name, "PING").startswith("+PONG")


def _ask(lab: Lab, name: str, command: str) -> str:
    """The answer to a command, empty where nobody answers."""
    try:
        with socket.create_connection((LOOPBACK, lab.port(name)), timeout=10) as connection:
            connection.sendall(f"{command}\r\n".encode())
            connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(65536), b"")).decode()
    except OSError:
        return ""
