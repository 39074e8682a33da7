"""Names of the cluster become the addresses of this machine at which their pods really listen."""

from __future__ import annotations

from typing import Any

import pytest

from obs.local.names import Lookup, Names, services

HERE, OTHER, NOBODY = "127.0.0.1:4001", "127.0.0.1:4002", "127.0.0.1:9"


def service(name: str, ports: dict[str, int], *, headless: bool = False) -> dict[str, Any]:
    spec = {
        "ports": [{"name": n, "port": p} for n, p in ports.items()],
        "clusterIP": "None" if headless else "10.96.0.9",
    }
    return {"metadata": {"name": name, "namespace": "monitoring"}, "spec": spec}


def endpoints(of: str, ports: dict[str, int], *pods: tuple[str, str], ready: bool | None = True) -> dict[str, Any]:
    """``pods``: (IP, hostname)."""
    labels = {"kubernetes.io/service-name": of}
    return {
        "metadata": {"name": f"{of}-x", "namespace": "monitoring", "labels": labels},
        "ports": [{"name": name, "port": number} for name, number in ports.items()],
        "endpoints": [
            {"addresses": [ip], "conditions": {"ready": ready}, **({"hostname": name} if name else {})}
            for ip, name in pods
        ],
    }


# Port 80 of the Service is 10902 of its pods; the other is headless, with two pods of a StatefulSet.
KNOWN = services(
    [
        service("query", {"http": 80}),
        service("receive", {"grpc": 10901}, headless=True),
        service("tempo", {"otlp": 4317}),
    ],
    [
        endpoints("query", {"http": 10902}, ("10.244.0.5", "")),
        endpoints("receive", {"grpc": 10901}, ("10.244.0.7", "receive-1"), ("10.244.0.6", "receive-0")),
        endpoints("tempo", {"otlp": 4317}, ("10.244.0.8", "")),
    ],
)
FORWARDS = {
    "10.244.0.5:10902": HERE,
    "10.244.0.6:10901": HERE,
    "10.244.0.7:10901": OTHER,
    "10.244.0.6:19291": HERE,
}


@pytest.fixture
def lookup() -> Lookup:
    return Lookup(Names(KNOWN, FORWARDS, frozenset({"10.244.0.8"})), lambda _name: NOBODY)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("http://query.monitoring.svc", f"http://{HERE}"),
        ("http://query.monitoring.svc:80/api", f"http://{HERE}/api"),
        ("query.monitoring.svc.cluster.local:80", HERE),
        ("query.monitoring.svc.cluster.local.:80", HERE),
        ("receive-1.receive.monitoring.svc.cluster.local:10901", OTHER),
        # A headless Service has no ports of its own: what is asked is the pod's.
        ("receive-0.receive.monitoring.svc:19291", HERE),
        ("dnssrv+_grpc._tcp.receive.monitoring.svc", HERE),
        ("a=query.monitoring.svc:80,b=receive-1.receive.monitoring.svc:10901", f"a={HERE},b={OTHER}"),
    ],
)
def test_a_name_with_a_port_becomes_an_address(lookup: Lookup, text: str, found: str) -> None:
    assert lookup.text(text) == found
    assert not lookup.unknown


@pytest.mark.parametrize(
    "text",
    ["query.monitoring.svc", "query.monitoring.svc.example.org:80", "http://query.monitoring:80", "127.0.0.1:80"],
)
def test_what_names_no_port_of_a_service_stays(lookup: Lookup, text: str) -> None:
    assert lookup.text(text) == text
    assert not lookup.was_asked


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("dnssrv+_grpc._tcp.receive.monitoring.svc.cluster.local", [HERE, OTHER]),
        ("dns+receive.monitoring.svc:10901", [HERE, OTHER]),
        ("dnssrv+http://_http._tcp.query.monitoring.svc", [f"http://{HERE}"]),
        ("query.monitoring.svc:80", None),
        ("dns+example.org:80", None),
    ],
)
def test_everyone_behind_a_name_is_found_where_everyone_is_asked_for(
    lookup: Lookup, text: str, found: list[str] | None
) -> None:
    assert lookup.every(text) == found


@pytest.mark.parametrize(
    "text", ["gone.monitoring.svc:80", "query.monitoring.svc:81", "receive-7.receive.monitoring.svc:1"]
)
def test_where_nobody_is_nobody_listens_and_it_is_remembered(lookup: Lookup, text: str) -> None:
    assert lookup.text(text) == NOBODY
    assert lookup.every(f"dns+{text}") == []
    assert lookup.unknown == {text}


def test_a_pod_that_has_just_come_is_waited_for() -> None:
    lookup = Lookup(Names(KNOWN, {}, frozenset()), lambda _name: NOBODY)
    assert lookup.text("query.monitoring.svc:80") == NOBODY
    assert lookup.unknown == {"query.monitoring.svc:80"}


def test_a_pod_that_is_simulated_is_known_and_refuses(lookup: Lookup) -> None:
    assert lookup.text("tempo.monitoring.svc:4317") == NOBODY
    assert not lookup.unknown


def test_nobody_has_one_address_for_one_name_however_it_is_spelled() -> None:
    asked: list[str] = []
    lookup = Lookup(Names(), lambda name: asked.append(name) or NOBODY)  # type: ignore[func-returns-value]
    for text in (
        "http://gone.monitoring.svc:80",
        "gone.monitoring.svc.cluster.local:80",
        "http://gone.monitoring.svc/x",
    ):
        lookup.text(text)
    assert set(asked) == {"gone.monitoring.svc:80"}


def test_an_endpoint_that_is_not_ready_is_not_there() -> None:
    [found] = services(
        [service("query", {"http": 80})], [endpoints("query", {"http": 1}, ("10.1", ""), ready=False)]
    ).values()
    assert found.endpoints == ()
