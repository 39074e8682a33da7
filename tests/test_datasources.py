"""Grafana's datasources: one default, and every way from one to another ends at one that is there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from stacks import STACKS, run

from components.datasources import datasources
from obs.record import redacted
from settings import Settings

MIMIR: dict[str, Any] = {"url": "https://m.example/api/v1/push", "queryUrl": "https://m.example/prometheus"}


def settings(stack: str = "prod", **config: Any) -> Settings:
    found: Settings = run(stack, config=config).namespace["settings"]
    return found


def elsewhere(**remote: object) -> dict[str, Any]:
    return {"metricsStore": {"kind": "remoteWrite", "remoteWrite": {**MIMIR, **remote}}}


def by_uid(**config: Any) -> dict[str, dict[str, Any]]:
    return {entry["uid"]: entry for entry in datasources(settings(**config))}


def uids(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "datasourceUid":
                yield inner
            yield from uids(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from uids(inner)


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("logs", [True, False])
@pytest.mark.parametrize("traces", [True, False])
def test_one_default_and_no_link_to_what_is_not_there(stack: str, logs: bool, traces: bool) -> None:
    found = datasources(settings(stack, logs={"enabled": logs}, traces={"enabled": traces}))
    names = [entry["uid"] for entry in found]
    assert [entry["uid"] for entry in found if entry["isDefault"]] == ["prometheus"]
    assert len(set(names)) == len(names)
    assert set(uids(found)) <= set(names)
    assert ("loki" in names, "tempo" in names) == (logs, traces)


def test_metrics_traces_and_logs_lead_to_each_other() -> None:
    found = by_uid()
    assert [d["datasourceUid"] for d in found["prometheus"]["jsonData"]["exemplarTraceIdDestinations"]] == ["tempo"]
    assert found["tempo"]["jsonData"]["tracesToMetrics"]["datasourceUid"] == "prometheus"
    assert found["tempo"]["jsonData"]["tracesToLogsV2"]["datasourceUid"] == "loki"
    assert [d["datasourceUid"] for d in found["loki"]["jsonData"]["derivedFields"]] == ["tempo"]


def test_the_default_is_the_query_frontend_and_prometheus_itself_stays_in_reach() -> None:
    found = by_uid()
    assert found["prometheus"]["url"] == "http://thanos-query-frontend.monitoring.svc:10902"
    assert found["prometheus-local"]["url"] == "http://kube-prometheus-stack-prometheus.monitoring.svc:9090"


def test_a_store_elsewhere_turns_thanos_off_with_its_datasource() -> None:
    found = by_uid(**elsewhere())
    assert found["prometheus"]["url"] == MIMIR["queryUrl"]
    assert "prometheus-local" not in found
    assert not [entry for entry in found.values() if "thanos" in entry["url"]]


@pytest.mark.parametrize(
    ("remote", "expected"),
    [
        ({"username": "obs", "secret": "metricsStorePassword"}, {"basicAuthPassword": "${METRICS_STORE_CREDENTIAL}"}),
        ({"existingSecret": "vendor"}, {"httpHeaderValue2": "Bearer ${METRICS_STORE_CREDENTIAL}"}),
        ({"tenant": "dataops"}, {"httpHeaderValue1": "dataops"}),
    ],
)
def test_grafana_gets_credentials_from_its_environment(remote: dict[str, object], expected: dict[str, str]) -> None:
    assert by_uid(**elsewhere(**remote))["prometheus"]["secureJsonData"] == expected


def test_prometheus_writes_to_a_store_elsewhere_with_its_credential_by_name() -> None:
    config = elsewhere(username="obs", secret="metricsStorePassword", tenant="dataops")
    recording = run(config=config, secrets={"metricsStorePassword": "planted"})
    values = next(r.inputs["values"] for r in recording.resources if r.name == "kube-prometheus-stack")
    (written,) = values["prometheus"]["prometheusSpec"]["remoteWrite"]
    assert written["url"] == MIMIR["url"]
    assert written["headers"] == {"X-Scope-OrgID": "dataops"}
    assert written["basicAuth"]["password"] == {"name": "metrics-store", "key": "credential"}
    (secret,) = [r for r in recording.resources if r.name == "metrics-store"]
    assert redacted(secret.inputs)["stringData"]["credential"] == "[secret]"
    assert "planted" not in str(values)


def test_variables_for_grafana_itself_are_escaped() -> None:
    logs = by_uid()["tempo"]["jsonData"]["tracesToLogsV2"]["query"]
    assert logs == '{$${__tags}} | trace_id = "$${__trace.traceId}"'
