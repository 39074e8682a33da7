"""Thanos itself, with the arguments that the stacks render: classes, retention, replicas, long rules, the side car."""

from __future__ import annotations

import http.server
import os
import subprocess
import threading
from collections.abc import Iterator
from functools import cache
from typing import Any

import httpx
import pytest
import thanos_blocks as made
from local_platform import eventually
from real_tools import needs
from stacks import ROOT
from thanos_alive import AGES, CLASSES, JOBS, RECORDS, RULES, Stack, alertmanager, alive, tool
from thanos_blocks import DAY
from thanos_processes import INGESTORS, found, objects, workloads

from components.charts import CHARTS, archive_path
from components.object_storage import objstore_yaml
from components.series_classes import CLASS_LABEL
from components.services import Services
from model.quantity import seconds
from obs.run import run_stack
from settings.metrics_store import UNLIMITED
from settings.object_storage import ObjectStorageSettings
from settings.stack import Settings

_CHARTS = [CHARTS[name] for name in ("thanos", "kube-prometheus-stack")]
_ABSENT = [str(pin) for pin in _CHARTS if not archive_path(pin).is_file()]
pytestmark = [
    pytest.mark.charts,
    needs("thanos", "prometheus", "promtool", "helm"),
    pytest.mark.skipif(bool(_ABSENT), reason=f"not in the chart cache: {', '.join(_ABSENT)}; run `obs charts pull`"),
]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with alertmanager() as receiver, alive(tmp_path_factory.mktemp("thanos"), receiver) as running:
        yield running


# --- retention


@pytest.mark.smoke
def test_blocks_of_each_class_expire_as_promised_and_all_others_stay(stack: Stack) -> None:
    """The oracle is the requirement: a block goes when all of it is older than its class keeps its resolution."""
    kept = settings("prod").retention_classes
    for name in CLASSES:
        retention = kept[name]
        by_resolution = {0: retention.raw, 300_000: retention.five_minutes, 3_600_000: retention.one_hour}
        for resolution, limit in by_resolution.items():
            mine = [b for b in stack.blocks if b.labels["of"] == name and b.resolution == resolution]
            mine = [b for b in mine if "receive_replica" not in b.labels or name != "business"]
            assert len(mine) == len(AGES), (name, resolution)  # every raw block has been downsampled twice
            for block in mine:
                gone = limit != UNLIMITED and stack.now > block.end + seconds(limit)
                assert block.expired is gone, (name, resolution, (stack.now - block.end) / DAY)


def test_retention_tells_the_classes_apart(stack: Stack) -> None:
    """The test above would hold for three classes that keep the same; these do not."""
    left = {
        name: tuple(
            sum(b.labels["of"] == name and b.resolution == r and not b.expired for b in stack.blocks)
            for r in (0, 300_000, 3_600_000)
        )
        for name in CLASSES
    }
    assert len(set(left.values())) == 3
    assert left["business"][2] == len(AGES)  # unlimited
    assert left["application"][2] < left["infrastructure"][2] < len(AGES)


def test_blocks_from_before_the_classes_are_the_default_classs(stack: Stack) -> None:
    def ends(of: str) -> set[tuple[int, float, bool]]:
        return {(b.resolution, b.end, b.expired) for b in stack.blocks if b.labels["of"] == of}

    assert ends("before") == ends("infrastructure")


def test_copies_of_two_ingestors_become_one_block(stack: Stack) -> None:
    live = [b for b in stack.blocks if b.labels["of"] == "business" and not b.expired]
    assert live
    assert all("receive_replica" not in b.labels for b in live)
    assert len({(b.resolution, b.end) for b in live}) == len(live)


# --- classes and replicas


def raw_series(stack: Stack, expr: str) -> list[dict[str, str]]:
    return [s["metric"] for s in stack.query("thanos-query", expr, dedup="false")]


SELECTORS = [*((f'up{{job="{job}"}}', name) for job, name in JOBS.items()), *RECORDS.items()]


@pytest.mark.parametrize(("selector", "expected"), SELECTORS)
def test_a_series_is_of_the_class_of_its_job_or_name(stack: Stack, selector: str, expected: str) -> None:
    # Two writers, and a copy at each of two ingestors.
    assert eventually(lambda: len(raw_series(stack, selector)) >= 2 * INGESTORS, 40), raw_series(stack, selector)
    assert {s[CLASS_LABEL] for s in raw_series(stack, selector)} == {expected}


def test_query_shows_replicas_and_copies_as_one_without_the_class(stack: Stack) -> None:
    expr = 'up{job="spark-driver"}'
    assert eventually(lambda: len(raw_series(stack, expr)) == 2 * INGESTORS, 40)
    (one,) = stack.query("thanos-query", expr)
    prometheus = found("prod", "Prometheus", "kube-prometheus-stack-prometheus")["spec"]
    assert one["metric"] == {
        "__name__": "up",
        "job": "spark-driver",
        "instance": stack.world.ports.address("prometheus-0/http-address"),
        "prometheus": "m/p",
        **prometheus["externalLabels"],
    }


def test_a_hidden_class_can_still_be_asked_for(stack: Stack) -> None:
    def of_class(name: str) -> list[dict[str, Any]]:
        return stack.query("thanos-query", f'{{{CLASS_LABEL}="{name}", __name__="slo:attainment:ratio"}}')

    assert eventually(lambda: bool(of_class("business")), 40)
    assert not of_class("application")
    assert all(CLASS_LABEL not in series["metric"] for series in of_class("business"))


def test_the_query_frontend_answers_instant_and_range_queries(stack: Stack) -> None:
    assert eventually(lambda: bool(stack.query("thanos-query-frontend", "up")), 40)
    url = f"{stack.world.url('thanos-query-frontend')}/api/v1/query_range"
    params: dict[str, str | float]
    params = {
        "query": f'{made.METRIC}{{of="application"}}',
        "start": stack.now - 40 * DAY,
        "end": stack.now,
        "step": 3600,
    }
    for _ in range(2):  # the second answer is from the cache
        (series,) = httpx.get(url, params=params, timeout=20, trust_env=False).json()["data"]["result"]
        # Raw samples are gone after 7 d; a range query over 40 d still shows what was downsampled.
        assert float(series["values"][0][0]) < stack.now - 15 * DAY


# --- rules that look back further than Prometheus keeps


def promised_samples(stack: Stack) -> int:
    return sum(stack.now - 30 * DAY < time_ for time_ in stack.times)


def test_the_ruler_sees_thirty_days_of_every_class(stack: Stack) -> None:
    expected = {(name, str(promised_samples(stack))) for name in (*CLASSES, "before")}

    def seen() -> set[tuple[str, str]]:
        return {(s["metric"]["of"], s["value"][1]) for s in stack.query("thanos-query", RULES["record"])}

    assert eventually(lambda: seen() == expected, 60), seen()


def test_without_downsampled_blocks_it_would_not(stack: Stack) -> None:
    """What the flag query.instant.default.max_source_resolution is for."""
    expr = f'sum_over_time({made.METRIC}{{of="before"}}[30d])'
    (raw,) = stack.query("thanos-query", expr, max_source_resolution="0s")
    assert float(raw["value"][1]) < promised_samples(stack)


def test_the_rulers_rules_are_listed_where_grafana_asks(stack: Stack) -> None:
    def names() -> set[str]:
        answer = httpx.get(f"{stack.world.url('thanos-query-frontend')}/api/v1/rules", timeout=20, trust_env=False)
        return {rule["name"] for group in answer.json()["data"]["groups"] for rule in group["rules"]}

    assert eventually(lambda: names() == {RULES["record"], "Long"}, 40), names()


def test_both_rulers_send_the_same_alert(stack: Stack) -> None:
    labels = found("prod", "ThanosRuler", "kube-prometheus-stack-thanos-ruler")["spec"]["labels"]
    expected = {"alertname": "Long", "of": "business", **labels}
    assert eventually(lambda: stack.receiver.alerts.count(expected) >= 2, 60), stack.receiver.alerts[:5]
    assert all("thanos_ruler_replica" not in alert for alert in stack.receiver.alerts)


# --- side car


def test_a_side_car_answers_for_its_prometheus(stack: Stack) -> None:
    def jobs() -> set[str]:
        answer = stack.query("dev-thanos-query", 'up{prometheus="m/p", cluster="dataops-dev"}')
        return {s["metric"]["job"] for s in answer if "prometheus_replica" not in s["metric"]}

    assert eventually(lambda: jobs() == set(JOBS), 40), stack.query("dev-thanos-query", "up")


# --- object storage


def test_thanos_takes_the_s3_credentials_from_the_environment() -> None:
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(f"{self.path} {self.headers.get('Authorization', '')}")
            self.send_response(403)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    storage = ObjectStorageSettings.model_validate(
        {
            "kind": "s3",
            "endpoint": f"127.0.0.1:{server.server_port}",
            "insecure": True,
            "pathStyle": True,
            "region": "eu",
            "buckets": {"metrics": "metrics", "logs": "logs", "traces": "traces"},
            "existingSecret": "any",
        }
    )
    keys = {"AWS_ACCESS_KEY_ID": "the-key-id", "AWS_SECRET_ACCESS_KEY": "not-sent"}
    command = [tool("thanos"), "tools", "bucket", "ls", f"--objstore.config={objstore_yaml(storage)}"]
    subprocess.run(command, env={**os.environ, **keys}, capture_output=True, timeout=30, check=False)
    server.shutdown()
    assert asked
    assert all(line.startswith("/metrics/") and "Credential=the-key-id/" in line for line in asked)


@cache
def settings(stack_name: str) -> Settings:
    return run_stack(stack_name, ROOT).settings


def test_every_pod_of_thanos_runs_here() -> None:
    """Nothing that the stacks deploy of Thanos is left out above; of dev all that is rendered is started."""
    ours = {"query", "query-frontend", "store-gateway", "receive-router", "receive-ingestor"}
    expected = {f"thanos-{part}" for part in ours} | {f"thanos-{name}-compact" for name in CLASSES}
    assert set(workloads("prod")) == expected
    assert len([o for o in objects("prod") if o["kind"] == "ThanosRuler"]) == 1


def test_every_service_that_others_are_told_of_is_rendered() -> None:
    for stack_name in ("prod", "dev"):
        services = Services(settings(stack_name))
        expected = [services.thanos_query, services.thanos_query_frontend, services.thanos_store_gateway]
        expected += [services.thanos_compactor(name) for name in settings(stack_name).retention_classes]
        receive = settings(stack_name).thanos_mode == "receive"
        expected += [services.thanos_receive, services.thanos_ingestors] if receive else [services.thanos_sidecars]
        for service in expected:
            spec = found(stack_name, "Service", service.name)["spec"]
            assert {p["port"] for p in spec["ports"]} >= set(service.ports.values()), service.name
            assert spec["selector"].items() <= service.pods.items(), service.name
