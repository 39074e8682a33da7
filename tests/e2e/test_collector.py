"""The real collector with the configurations that the stacks render: nothing personal comes out, nothing is lost,
and what is sampled away is still counted."""

from __future__ import annotations

import math
import os
import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
import yaml
from collector_processes import GATEWAY, SAMPLERS, Tiers
from local_platform import eventually
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from otlp_data import (
    Request,
    Trace,
    attributes,
    counter,
    histogram,
    log_request,
    metric_request,
    pairs,
    request_of,
    send,
    trace_requests,
    traces,
    value,
)
from personal_data import JWT, PLANTED, SURVIVES
from real_tools import REAL, needs
from stacks import STACKS, run

from components.collector_config import gateway_config, sampler_config
from components.collector_processors import AFTER_ROOT, FEATURE_GATES
from components.sampling import SAMPLING_RATIO
from components.sizes import sizing
from model.quantity import seconds
from settings import Settings

pytestmark = needs("otelcol")

ORDINARY = traces(5000, seed=1)
ERRORS = traces(150, seed=2, error=True, spans=5)
SLOW = traces(150, seed=3, seconds=2.2)
NEARLY_SLOW = traces(300, seed=4, seconds=1.9)
BOTH = traces(50, seed=5, seconds=3.0, error=True)
DECIDED = seconds(AFTER_ROOT) + 4
"""Seconds until a trace whose root was sent is decided (counted in whole seconds) and its batch is on its way."""
POD = {"k8s.namespace.name": "shop", "k8s.pod.name": "shop-api-1", "k8s.container.name": "api"}


@dataclass
class Sent:
    """What went in while both back ends were there, and the marks by which it is found again."""

    tiers: Tiers
    kept: dict[bytes, list[Span]] = field(default_factory=dict)


# --- personal data: everything that a signal can carry, in traces that are kept


def _personal_spans() -> Iterator[Request]:
    for number, planted in enumerate(PLANTED):
        text, trace = planted.text, Trace(b"planted-" + number.to_bytes(8, "big"), error=True, spans=1)
        span = trace.span(0, time.time_ns())
        span.name = f"name {text}"
        span.status.message = f"failed: {text}"
        span.attributes.extend(pairs({"text": text, "list": ["x", text], "map": {"deep": {"er": [text]}}}))
        event = span.events.add(name=f"event {text}")
        event.attributes.extend(pairs({"exception.message": text}))
        yield request_of([span], {"service.name": "shop-web", "note": text}, {"scope.note": text})


def _personal_logs() -> Iterator[Request]:
    for planted in PLANTED:
        text = planted.text
        bodies = [text, {"message": text, "nested": {"list": [text, 1]}}, [text, {"a": text}]]
        records = [LogRecord(body=value(body), attributes=pairs({"text": text, "map": {"a": text}})) for body in bodies]
        yield log_request(records, {"service.name": "shop-web", "note": text})


def _personal_metrics() -> Iterator[Request]:
    for number, planted in enumerate(PLANTED):
        metric = counter("planted", 1, {"text": planted.text, "number": number, "list": [planted.text]})
        yield metric_request([metric], {"service.name": "shop-web", "service.instance.id": "planted"})


SECRET_KEYS = {
    "http.request.header.authorization": ["Digest planted-by-name-1"],
    "db.password": "planted-by-name-2",
    "client.address": "203.0.113.77",
    "session": {"accessToken": "planted-by-name-3"},
    "process.command_args": ["java", "-Dpw=planted-by-name-4"],
}
BY_NAME = ("planted-by-name", "203.0.113.77")


def _secret_names() -> Iterator[Request]:
    span = Trace(b"secret-by-name-1", error=True, spans=1).span(0, time.time_ns())
    span.attributes.extend(pairs(SECRET_KEYS))
    yield request_of([span], {"service.name": "shop-web", **SECRET_KEYS})
    yield log_request([LogRecord(body=value("x"), attributes=pairs(SECRET_KEYS))], {"service.name": "shop-web"})


def _survivors() -> Iterator[Request]:
    """Texts that must not change, and values of every type."""
    for number, text in enumerate(SURVIVES):
        span = Trace(b"survivor" + number.to_bytes(8, "big"), error=True, spans=1).span(0, time.time_ns())
        span.attributes.extend(
            pairs({"text": text, "int": 4539148803436467, "double": 0.5, "flag": True, "raw": b"\x00"})
        )
        yield request_of([span], {"service.name": "survivor"})
        yield log_request([LogRecord(body=value(text), attributes=pairs({"text": text}))], {"service.name": "survivor"})
    ids = pairs({"span_id": "4532015112830366", "spanId": "4532015112830366"})
    yield log_request([LogRecord(body=value({"n": 1, "d": 1.5}), attributes=ids)], {"service.name": "ids"})
    yield log_request([LogRecord()], {"service.name": "nothing"})


def _metrics(instance: str, total: int) -> Request:
    resource = {"service.name": "shop-api", "service.namespace": "shop", "service.instance.id": instance, **POD}
    labels = {"http.route": "/step/1", "cluster": "not-mine", "job": "not-mine"}
    return metric_request(
        [
            counter("shop.orders", total, labels),
            histogram("http.server.request.duration", [0.1, 0.5], [3, 1, 0], labels, ORDINARY[0].id),
        ],
        resource,
    )


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sent]:
    settings: Settings = run("dev").namespace["settings"]
    assert REAL["otelcol"] is not None
    tiers = Tiers(settings, REAL["otelcol"], tmp_path_factory.mktemp("otel"))
    try:
        tiers.start()
        url = tiers.url(GATEWAY, 4318)
        send(url, trace_requests([*ERRORS, *SLOW, *BOTH, *NEARLY_SLOW, *ORDINARY]))
        for requests in (_personal_spans(), _personal_logs(), _personal_metrics(), _secret_names(), _survivors()):
            send(url, requests)
        send(url, [_metrics("a", 3), _metrics("b", 7), _metrics("a", 5)])
        time.sleep(DECIDED)
        # On a busy machine the last decisions come late.
        eventually(lambda: _whole(tiers, [*ERRORS, *SLOW, *BOTH]), 30)
        yield Sent(tiers, tiers.traces.traces())
    finally:
        tiers.stop()


# --- sampling


@pytest.mark.parametrize("made", [ERRORS, SLOW, BOTH], ids=["errors", "slow", "both"])
def test_every_trace_with_an_error_and_every_slow_one_comes_out_whole(sent: Sent, made: list[Trace]) -> None:
    for trace in made:
        spans = sent.kept.get(trace.id, [])
        assert sorted(s.span_id[7] for s in spans) == list(range(1, trace.spans + 1))
        # Certain to be kept: each counts as one.
        assert {attributes(s.attributes)[SAMPLING_RATIO] for s in spans} == {1.0}


def test_of_the_rest_comes_out_what_the_settings_say_and_each_whole(sent: Sent) -> None:
    kept = [trace for trace in (*ORDINARY, *NEARLY_SLOW) if trace.id in sent.kept]
    share = sent.tiers.settings.collector.sampling.percentage / 100
    total = len(ORDINARY) + len(NEARLY_SLOW)
    deviation = math.sqrt(total * share * (1 - share))
    assert abs(len(kept) - total * share) < 4 * deviation
    for trace in kept:
        assert len(sent.kept[trace.id]) == trace.spans


def multiplier(span: Span) -> float:
    """GetSpanMultiplier of Tempo 2.10.8 (modules/generator/processor/util/util.go)."""
    for pair in span.attributes:
        if pair.key == SAMPLING_RATIO and pair.value.double_value > 0:
            return 1.0 / float(pair.value.double_value)
    return 1.0


def test_what_tempo_counts_is_what_was_there(sent: Sent) -> None:
    made = [*ORDINARY, *NEARLY_SLOW, *ERRORS, *SLOW, *BOTH]
    ids = {trace.id for trace in made}
    spans = [span for trace, found in sent.kept.items() if trace in ids for span in found]
    counted, there = sum(map(multiplier, spans)), sum(trace.spans for trace in made)
    # Traces are drawn whole: the lots are as many as traces, each worth its three spans.
    share = sent.tiers.settings.collector.sampling.percentage / 100
    deviation = 3 * math.sqrt((len(ORDINARY) + len(NEARLY_SLOW)) * (1 - share) / share)
    assert abs(counted - there) < 4 * deviation
    # Without the multiplier most would be missing; and errors are exact.
    assert len(spans) < there / 4
    failed = [span for span in spans if span.status.code == Status.STATUS_CODE_ERROR]
    assert sum(map(multiplier, failed)) == len(ERRORS) + len(BOTH)


def test_both_samplers_took_part(sent: Sent) -> None:
    for sampler in SAMPLERS:
        text = httpx.get(f"{sent.tiers.url(sampler, 8888)}/metrics", trust_env=False).text
        name = "otelcol_processor_tail_sampling_global_count_traces_sampled_total"
        (decided,) = re.findall(rf'{name}{{[^}}]*decision="not_sampled"[^}}]*}} (\S+)', text)
        assert float(decided) > len(ORDINARY) / 4


# --- personal data


@pytest.mark.smoke
def test_nothing_personal_comes_out_anywhere(sent: Sent) -> None:
    tiers = sent.tiers
    series = [httpx.get(f"{tiers.url(s, 8889)}/metrics", trust_env=False).text.encode() for s in SAMPLERS]
    logs = [tiers.log(name).encode() for name in (GATEWAY, *SAMPLERS)]
    queues = [file.read_bytes() for s in SAMPLERS for file in (tiers.place / f"{s}-queue").iterdir()]
    out = b"\n".join([*tiers.traces.raw(), *tiers.logs.raw, *series, *logs, *queues])
    for secret in {*(planted.secret for planted in PLANTED), *BY_NAME, JWT}:
        assert secret.encode() not in out, secret
        assert secret.replace('"', '\\"').encode() not in out, secret
    assert out.count(b"****") > 10 * len(PLANTED)


def test_what_stands_beside_it_is_kept(sent: Sent) -> None:
    bodies = {record.body.string_value for _, record in sent.tiers.logs.records()}
    for planted in PLANTED:
        assert any(planted.kept in body for body in bodies), planted.kept
    assert not any(record.body.WhichOneof("value") == "kvlist_value" for _, record in sent.tiers.logs.records())


def test_what_only_looks_personal_comes_out_as_it_went_in(sent: Sent) -> None:
    spans = [s for found in sent.kept.values() for s in found if s.trace_id.startswith(b"survivor")]
    found = {attributes(span.attributes)["text"] for span in spans}
    assert found == set(SURVIVES)
    for span in spans:
        rest = attributes(span.attributes)
        assert (rest["int"], rest["double"], rest["flag"], rest["raw"]) == (4539148803436467, 0.5, True, b"\x00")
    records = [record for resource, record in sent.tiers.logs.records() if resource["service.name"] == "survivor"]
    assert {record.body.string_value for record in records} == set(SURVIVES)
    assert {attributes(record.attributes)["text"] for record in records} == set(SURVIVES)
    (ids,) = [record for resource, record in sent.tiers.logs.records() if resource["service.name"] == "ids"]
    assert attributes(ids.attributes) == {"span_id": "4532015112830366", "spanId": "4532015112830366"}
    assert [r for resource, r in sent.tiers.logs.records() if resource["service.name"] == "nothing"]


def test_names_of_traces_are_those_of_the_cluster(sent: Sent) -> None:
    cluster = sent.tiers.settings.cluster
    resource, _ = next(sent.tiers.logs.records())
    assert resource["k8s.cluster.name"] == resource["cluster"] == cluster.name
    assert resource["deployment.environment.name"] == cluster.environment
    assert resource["app"] == resource["service.name"]


# --- metrics


def _series(tiers: Tiers, sampler: str) -> list[str]:
    accept = {"Accept": "application/openmetrics-text; version=1.0.0"}
    text = httpx.get(f"{tiers.url(sampler, 8889)}/metrics", headers=accept, trust_env=False).text
    return [line for line in text.splitlines() if line.startswith(("shop_orders", "http_server"))]


def test_each_process_has_its_series_once_with_its_own_labels(sent: Sent) -> None:
    lines = [line for sampler in SAMPLERS for line in _series(sent.tiers, sampler)]
    orders = [line for line in lines if line.startswith("shop_orders_total")]
    totals = {re.findall(r'instance="(\w)"', line)[0]: line.split()[1] for line in orders}
    assert totals == {"a": "5.0", "b": "7.0"}
    assert len(orders) == 2
    for label in ('job="shop/shop-api"', 'namespace="shop"', 'pod="shop-api-1"', 'http_route="/step/1"'):
        assert all(label in line for line in orders), label
    assert not any("not-mine" in line for line in lines)


def test_series_keep_their_exemplars(sent: Sent) -> None:
    lines = [line for sampler in SAMPLERS for line in _series(sent.tiers, sampler)]
    exemplars = [
        line.partition(" # ")[2] for line in lines if line.startswith("http_server_request_duration_seconds_b")
    ]
    assert any(f'trace_id="{ORDINARY[0].id.hex()}"' in exemplar for exemplar in exemplars)


# --- outages: these come last


def test_nothing_is_lost_while_back_ends_and_samplers_are_away(sent: Sent) -> None:
    """Tempo and Loki are away for 20 s; meanwhile one sampler is killed and the other one restarted."""
    tiers, url = sent.tiers, sent.tiers.url(GATEWAY, 4318)
    decided, waiting, late = (traces(200, seed=seed, error=True) for seed in (11, 12, 13))
    tiers.traces.stop()
    tiers.logs.refusing = True
    gone = time.monotonic()
    send(url, trace_requests(decided))
    send(url, [log_request([LogRecord(body=value(f"outage {n}"))], {"service.name": "outage"}) for n in range(100)])
    time.sleep(DECIDED)  # on the volumes now
    tiers.kill(SAMPLERS[0])
    tiers.stop(SAMPLERS[1])
    send(url, trace_requests(waiting))  # nobody is there but the gateway
    time.sleep(3)
    tiers.start(*SAMPLERS)
    send(url, trace_requests(late))
    time.sleep(max(0.0, gone + 20 - time.monotonic()))
    assert not {trace.id for trace in (*decided, *waiting, *late)} & set(tiers.traces.traces())
    tiers.traces.start()
    tiers.logs.refusing = False
    wanted = [*decided, *waiting, *late]
    assert eventually(lambda: _whole(tiers, wanted), 40), [t.id.hex() for t in wanted if not _whole(tiers, [t])][:5]
    expected = {f"outage {n}" for n in range(100)}
    assert eventually(lambda: expected <= {r.body.string_value for _, r in tiers.logs.records()}, 30)


def _whole(tiers: Tiers, made: list[Trace]) -> bool:
    found = tiers.traces.traces()
    return all(len({s.span_id for s in found.get(trace.id, [])}) == trace.spans for trace in made)


# --- every stack


@pytest.mark.parametrize("stack", STACKS)
def test_the_collector_accepts_what_each_stack_configures(stack: str, tmp_path: Path) -> None:
    settings: Settings = run(stack).namespace["settings"]
    sizes = sizing(settings)
    for name, config in (("gateway", gateway_config(settings, sizes)), ("sampler", sampler_config(settings, sizes))):
        assert _problem(config, tmp_path / f"{name}.yaml") == ""


def test_a_configuration_that_it_does_not_know_is_refused(tmp_path: Path) -> None:
    settings: Settings = run("dev").namespace["settings"]
    config = gateway_config(settings, sizing(settings))
    config["processors"]["transform/privacy"]["log_statements"][0]["statements"].append("no_such_function(log.body)")
    assert "no_such_function" in _problem(config, tmp_path / "bad.yaml")


def _problem(config: object, file: Path) -> str:
    file.write_text(yaml.safe_dump(config, allow_unicode=True))
    command = [str(REAL["otelcol"]), "validate", f"--config={file}", f"--feature-gates={','.join(FEATURE_GATES)}"]
    env = {**os.environ, "MY_POD_IP": "127.0.0.1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env, timeout=60)
    return "" if done.returncode == 0 else done.stderr or "failed without a word"
