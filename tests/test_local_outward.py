"""Whatever would leave the machine, or be reached from outside, is found, however it is written."""

from __future__ import annotations

from typing import Any

import pytest

from obs.local import outward


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("http-address", "127.0.0.1:4000"),
        ("web.listen-address", "localhost:4000"),
        ("cluster.listen-address", ""),
        ("query-frontend.downstream-url", "http://127.0.0.1:4000/"),
        ("kubelet-endpoints", "true"),
        ("retention", "15d"),
        ("label", 'replica="prometheus-0"'),
        ("prometheus-config-reloader", "quay.io/prometheus-operator/prometheus-config-reloader:v0.93.1"),
        ("web.external-url", "https://grafana.example.org/"),
        ("alert.query-url", "https://thanos.example.org/"),
    ],
)
def test_a_flag_that_stays_here_passes(name: str, value: str) -> None:
    assert list(outward.flags([(name, value)])) == []


@pytest.mark.parametrize(
    ("name", "value", "host"),
    [
        ("endpoint", "thanos.example.org:10901", "thanos.example.org"),
        ("endpoint", "dns+thanos.example.org:10901", "dns+thanos.example.org"),
        ("endpoint", "query.monitoring.svc", "query.monitoring.svc"),
        ("query", "https://thanos.example.org/x", "thanos.example.org"),
        ("memberlist.join", "loki-memberlist", "loki-memberlist"),
        ("grpc-address", "0.0.0.0:10901", "0.0.0.0"),
        ("http-address", ":10902", "not an address of one machine"),
        ("prometheus.url", "http://10.244.0.7:9090", "10.244.0.7"),
        ("targets", "127.0.0.1:1,192.0.2.7:9090", "192.0.2.7"),
    ],
)
def test_a_flag_that_leads_elsewhere_is_named_with_the_host(name: str, value: str, host: str) -> None:
    assert list(outward.flags([(name, value)])) == [f"--{name} is {host}"]


def test_a_variable_is_named_without_its_value() -> None:
    [problem] = outward.variables(
        {"GOGC": "80", "POD_IP": "10.244.0.7", "OTLP": "https://me:hunter2@vendor.example/v1"}
    )
    assert problem == "the variable OTLP holds an address that is not on this machine"


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        ({"memberlist": {"join_members": ["loki-memberlist"]}}, "--x, memberlist, join_members is loki-memberlist"),
        (
            {"exporters": {"otlp": {"endpoint": "tempo.example:4317"}}},
            "--x, exporters, otlp, endpoint is tempo.example",
        ),
        ([{"static_configs": ["am.example:9093"]}], "--x, static_configs is am.example"),
        ({"config": {"endpoint": "s3.amazonaws.com"}}, "--x, config, endpoint is s3.amazonaws.com"),
        ({"server": {"http_listen_address": "0.0.0.0"}}, "--x, server, http_listen_address is 0.0.0.0"),
        ({"any": "see https://vendor.example/x"}, "--x, any is vendor.example"),
    ],
)
def test_a_configuration_is_searched_by_looks_and_by_keys(config: Any, problem: str) -> None:
    assert list(outward.configuration(config, "--x")) == [problem]


def test_a_configuration_that_stays_here_passes() -> None:
    config = {
        "server": {"http_listen_address": "127.0.0.1", "http_listen_port": 4000},
        "frontend": {"scheduler_address": ""},
        "downstream": "http://localhost:4000/x",
        "from": "12:30",
        "image": "docker.io/grafana/loki:3",
        "statement": 'replace_pattern(body, "(\\d+):(\\d+)", "$1")',
    }
    assert list(outward.configuration(config, "--x")) == []
