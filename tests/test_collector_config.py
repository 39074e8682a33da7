"""What the two tiers of the collector do, read off their configurations."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from otel_here import Place, localised
from stacks import ROOT, STACKS, run

from components.collector_config import Config, gateway_config, sampler_config
from components.collector_exporters import gateway_queues, sampler_queue
from components.collector_privacy import PLACES, literal, privacy_processor
from components.collector_values import gateway_values, sampler_values, templated
from components.sampling import SAMPLING_RATIO
from components.services import Services
from components.sizes import SIZES, PartSize, Resources, sizing
from model.quantity import quantity, seconds
from obs.errors import ObsError
from settings import Settings
from settings.parts import PartName, Size
from settings.telemetry import PersonalDataSettings

OFF: dict[str, Any] = {"enabled": False}
GUIDE = ROOT / "docs" / "how-to" / "telemetry.md"


def settings(**config: Any) -> Settings:
    found: Settings = run(config=config).namespace["settings"]
    return found


def configs(found: Settings) -> tuple[Config, Config]:
    return gateway_config(found, sizing(found)), sampler_config(found, sizing(found))


PROD = settings()
GATEWAY, SAMPLER = configs(PROD)
BOTH = pytest.mark.parametrize("config", [GATEWAY, SAMPLER], ids=["gateway", "sampler"])


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)
    elif isinstance(value, str):
        yield value


# --- what is there, and in which order


@BOTH
def test_all_that_is_configured_is_used_and_all_that_is_used_is_configured(config: Config) -> None:
    pipelines = config["service"]["pipelines"].values()
    for kind in ("receivers", "processors", "exporters"):
        assert set(config[kind]) == {name for pipeline in pipelines for name in pipeline[kind]}
    assert set(config["extensions"]) == set(config["service"]["extensions"])


@BOTH
def test_memory_is_looked_after_before_anything_else(config: Config) -> None:
    for pipeline in config["service"]["pipelines"].values():
        assert pipeline["processors"][0] == "memory_limiter"


def test_every_signal_is_cleared_of_personal_data_before_it_leaves_the_gateway() -> None:
    for signal, pipeline in GATEWAY["service"]["pipelines"].items():
        order = pipeline["processors"]
        # Names of pods come from the connection, which ends here; and they are not looked at by the last processors.
        assert order.index("k8s_attributes") < order.index("transform/privacy"), signal
        assert set(order[order.index("transform/privacy") + 1 :]) <= {"transform/labels", "batch"}, signal


def test_traces_are_decided_weighed_and_only_then_batched() -> None:
    assert SAMPLER["service"]["pipelines"]["traces"]["processors"] == [
        "memory_limiter",
        "tail_sampling",
        "transform/ratio",
        "batch",
    ]


@pytest.mark.parametrize(
    ("config", "gateway", "sampler"),
    [
        ({}, {"traces", "logs", "metrics"}, {"traces", "metrics"}),
        ({"logs": OFF}, {"traces", "metrics"}, {"traces", "metrics"}),
        ({"traces": OFF}, {"logs", "metrics"}, {"metrics"}),
        ({"traces": OFF, "logs": OFF}, {"metrics"}, {"metrics"}),
    ],
)
def test_a_signal_that_the_stack_does_not_keep_has_no_pipeline(
    config: dict[str, Any], gateway: set[str], sampler: set[str]
) -> None:
    for found, expected in zip(configs(settings(**config)), (gateway, sampler), strict=True):
        assert set(found["service"]["pipelines"]) == expected
        assert ("otlp_http/loki" in found["exporters"]) == ("logs" in expected)
        assert ("tail_sampling" in found["processors"]) == (found["exporters"].get("otlp_grpc/tempo") is not None)


def test_a_sampler_without_traces_keeps_no_volume() -> None:
    found = settings(traces=OFF)
    values = sampler_values(found, sizing(found))
    assert not {"statefulset", "extraVolumeMounts", "command"} & set(values)
    assert "file_storage" not in values["alternateConfig"]["extensions"]


@BOTH
def test_names_that_were_replaced_upstream_are_not_used(config: Config) -> None:
    old = {"otlp", "otlphttp", "k8sattributes", "loadbalancing", "logging", "debug"}
    kinds = {name.partition("/")[0] for kind in ("processors", "exporters") for name in config[kind]}
    assert not kinds & old


# --- where it sends


def test_each_exporter_sends_to_the_service_of_its_part() -> None:
    services = Services(PROD)
    assert GATEWAY["exporters"]["otlp_http/loki"]["endpoint"] == f"{services.loki.url()}/otlp"
    assert SAMPLER["exporters"]["otlp_grpc/tempo"]["endpoint"] == services.tempo_intake.address("otlp-grpc")
    for signal in ("traces", "metrics"):
        dns = GATEWAY["exporters"][f"load_balancing/{signal}"]["resolver"]["dns"]
        assert f"{dns['hostname']}:{dns['port']}" == services.collector_sampler.address("otlp")


def test_all_spans_of_a_trace_and_all_series_of_a_process_go_to_one_sampler() -> None:
    exporters = GATEWAY["exporters"]
    assert exporters["load_balancing/traces"]["routing_key"] == "traceID"
    assert exporters["load_balancing/metrics"]["routing_attributes"] == ["service.name", "service.instance.id"]


@BOTH
def test_nothing_is_given_up_before_its_queue_is_full(config: Config) -> None:
    for name, exporter in config["exporters"].items():
        if name != "prometheus":
            assert exporter["retry_on_failure"]["max_elapsed_time"] == 0, name
            assert exporter["sending_queue"]["sizer"] == "bytes", name


def test_a_request_to_a_sampler_has_time_to_be_tried_again_where_it_belongs() -> None:
    for name in ("load_balancing/traces", "load_balancing/metrics"):
        exporter = GATEWAY["exporters"][name]
        otlp = exporter["protocol"]["otlp"]
        tried = seconds(otlp["retry_on_failure"]["max_elapsed_time"]) + seconds(otlp["timeout"])
        assert tried < seconds(exporter["timeout"])
        # A queue below the choice of the pod would be lost with the pod.
        assert otlp["sending_queue"] == OFF


@BOTH
def test_a_service_has_the_ports_that_the_configuration_opens(config: Config) -> None:
    service = Services(PROD).collector_gateway if config is GATEWAY else Services(PROD).collector_sampler
    opened = {p["endpoint"].rpartition(":")[2] for p in config["receivers"]["otlp"]["protocols"].values()}
    opened |= {e["endpoint"].rpartition(":")[2] for n, e in config["exporters"].items() if n == "prometheus"}
    (reader,) = config["service"]["telemetry"]["metrics"]["readers"]
    assert {*opened, str(reader["pull"]["exporter"]["prometheus"]["port"])} == {str(p) for p in service.ports.values()}


# --- sampling


@pytest.mark.parametrize(
    ("percentage", "ratio"), [(10, "0.1"), (100, "1.0"), (0.1, "0.001"), (33.3, "0.333"), (1e-6, "0.00000001")]
)
def test_the_ratio_is_written_as_a_float_of_ottl(percentage: float, ratio: str) -> None:
    found = settings(collector={"sampling": {"percentage": percentage}})
    sampler = configs(found)[1]
    (group,) = sampler["processors"]["transform/ratio"]["trace_statements"]
    assert group["statements"][0] == f'set(span.attributes["{SAMPLING_RATIO}"], 1.0)'
    assert f'"], {ratio}) where ' in group["statements"][1]
    assert re.fullmatch(r"\d*\.\d+", ratio)
    (lottery,) = [p for p in sampler["processors"]["tail_sampling"]["policies"] if p["type"] == "probabilistic"]
    assert lottery["probabilistic"]["sampling_percentage"] == percentage
    assert f'== "{lottery["name"]}"' in group["statements"][1]


def test_errors_and_slow_traces_are_told_from_the_lottery_by_the_first_policy_that_fits() -> None:
    found = settings(collector={"sampling": {"slow": "1500ms"}})
    policies = configs(found)[1]["processors"]["tail_sampling"]["policies"]
    assert [p["type"] for p in policies] == ["status_code", "latency", "probabilistic"]
    assert policies[1]["latency"] == {"threshold_ms": 1500}
    assert sampler_values(found, sizing(found))["command"] == {
        "extraArgs": ["--feature-gates=processor.tailsamplingprocessor.recordpolicy"]
    }


def test_a_trace_has_time_to_become_complete() -> None:
    tail = SAMPLER["processors"]["tail_sampling"]
    sdk_sends_every, slow = 5, seconds(PROD.collector.sampling.slow)
    assert seconds(tail["decision_wait_after_root_received"]) >= 2 * sdk_sends_every
    assert seconds(tail["decision_wait"]) > slow + seconds(tail["decision_wait_after_root_received"])


# --- queues


def _size(memory: str, storage: str = "") -> PartSize:
    return PartSize(Resources("1", memory), 1, storage)


def test_queues_follow_from_memory_and_volume() -> None:
    queues = gateway_queues(_size("1Gi"))
    # In memory data is three to four times as large as sent; the limiter refuses from 55 % on.
    assert (queues.traces + queues.logs + queues.metrics) * 3.5 <= 0.55 * 2**30
    assert sampler_queue(_size("1Gi", "10Gi")) == 6 * 2**30
    assert gateway_queues(_size("2Gi")).traces == pytest.approx(2 * queues.traces, abs=2)


@pytest.mark.parametrize("size", list(SIZES))
def test_a_sampler_may_be_replaced_without_loss_at_the_load_of_its_size(size: Size) -> None:
    """A pod takes up to half a minute to come back; the gateways hold what all of them get in that time."""
    gateway = SIZES[size][PartName.COLLECTOR_GATEWAY]
    held = gateway.replicas * gateway_queues(gateway).traces / (_SPANS[size] * _SPAN_BYTES)
    assert held >= 30, held


_SPANS: dict[Size, int] = {"small": 500, "medium": 5_000, "large": 50_000}
"""A second, before sampling: docs/sizes.md."""
_SPAN_BYTES = 1000


def _outage(size: Size, kept: float) -> float:
    sampler = SIZES[size][PartName.COLLECTOR_SAMPLER]
    return sampler_queue(sampler) * sampler.replicas / (_SPANS[size] * kept * _SPAN_BYTES)


def test_the_guide_says_how_long_tempo_may_be_away() -> None:
    rows = {
        size: f"| {size} | {_SPANS[size]:,} | {_minutes(_outage(size, 0.12))} | {_minutes(_outage(size, 1))} |"
        for size in SIZES
    }
    for row in rows.values():
        assert row in GUIDE.read_text(), row


def _minutes(length: float) -> str:
    return f"{int(length / 60)} min" if length < 7200 else f"{length / 3600:.1f} h"


# --- statements


@BOTH
def test_a_dollar_is_doubled_unless_it_is_for_the_environment(config: Config) -> None:
    for text in texts(config):
        assert not re.search(r"(?<!\$)(?:\$\$)*\$(?!\$|\{env:)", text), text


@pytest.mark.parametrize("text", [r"\d$", 'a"b', "\\", "a\nb", "$1", "가", "\ue000", "{{"])
def test_a_literal_is_read_back_as_what_it_was(text: str) -> None:
    assert json.loads(literal(text).replace("$$", "$")) == text


@pytest.mark.parametrize("signal", list(PLACES))
def test_everything_that_a_signal_carries_is_searched(signal: str) -> None:
    groups = privacy_processor(PersonalDataSettings())[signal]
    places = {"trace_statements": {"span", "spanevent"}, "log_statements": {"log"}, "metric_statements": {"datapoint"}}
    assert {group["context"] for group in groups} == {"resource", "scope"} | places[signal]
    for group in groups:
        masking = [s for s in group["statements"] if s.startswith("replace_all_patterns")]
        assert all(f'({group["context"]}.attributes, "value"' in s for s in masking)
        assert len(masking) > 15


def test_a_batch_that_could_not_be_searched_is_refused() -> None:
    assert privacy_processor(PersonalDataSettings())["error_mode"] == "propagate"


def test_own_patterns_are_looked_for_in_every_text() -> None:
    own = privacy_processor(PersonalDataSettings(patterns={"phone": r"010-\d{4}$"}))
    for groups in (own["trace_statements"], own["log_statements"], own["metric_statements"]):
        for group in groups:
            assert any(r'"010-\\d{4}$$", "****")' in s for s in group["statements"]), group["context"]


def test_series_keep_the_cluster_that_the_scrape_gives_them() -> None:
    groups = GATEWAY["processors"]["transform/labels"]["metric_statements"]
    deleted = groups[1]["statements"][0]
    assert deleted == 'delete_matching_keys(datapoint.attributes, "^(cluster|job|instance)$$")'


# --- values


@pytest.mark.parametrize(
    ("text", "expected"), [("a{{b", "a{{`{{`}}b"), ("{{{", "{{`{{`}}{"), ("}}", "}}"), ("${env:X}", "${env:X}")]
)
def test_braces_are_escaped_for_helm(text: str, expected: str) -> None:
    assert templated({"a": [text, 1]}) == {"a": [expected, 1]}


@pytest.mark.parametrize("values", [gateway_values, sampler_values])
def test_no_port_but_those_of_the_service_is_open(values: Any) -> None:
    ports = values(PROD, sizing(PROD))["ports"]
    service = Services(PROD).collector_gateway if values is gateway_values else Services(PROD).collector_sampler
    assert {name: port["containerPort"] for name, port in ports.items() if port["enabled"]} == dict(service.ports)


def test_the_gateway_reads_pods_and_the_sampler_nothing_of_the_cluster() -> None:
    sizes = sizing(PROD)
    (rule,) = gateway_values(PROD, sizes)["clusterRole"]["rules"]
    assert rule == {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}
    assert sampler_values(PROD, sizes)["serviceAccount"]["automountServiceAccountToken"] is False
    assert "clusterRole" not in sampler_values(PROD, sizes)


def test_applications_keep_their_own_labels() -> None:
    own, applications = sampler_values(PROD, sizing(PROD))["serviceMonitor"]["metricsEndpoints"]
    assert applications["honorLabels"] is True
    assert "honorLabels" not in own
    assert applications["relabelings"] == [
        {"action": "labeldrop", "regex": "namespace|pod|service|endpoint|container"},
        {"targetLabel": "telemetry", "replacement": "otlp"},
    ]


@pytest.mark.parametrize("stack", STACKS)
def test_more_than_one_pod_is_spread_and_never_wholly_taken_away(stack: str) -> None:
    found: Settings = run(stack).namespace["settings"]
    sizes = sizing(found)
    for values, part in ((gateway_values, PartName.COLLECTOR_GATEWAY), (sampler_values, PartName.COLLECTOR_SAMPLER)):
        several = sizes[part].replicas > 1
        assert ("podDisruptionBudget" in values(found, sizes)) is several
        assert ("topologySpreadConstraints" in values(found, sizes)) is several


# --- on one machine


def test_a_localised_configuration_differs_only_in_places() -> None:
    ports = {4317: 14317, 4318: 14318, 8888: 18888, 13133: 23133}
    loki = Services(PROD).loki.address("http")
    place = Place(ports=ports, addresses={loki: "127.0.0.1:3100"}, samplers=["127.0.0.1:1", "127.0.0.1:2"])
    found = localised(GATEWAY, place)
    assert found["receivers"]["otlp"]["protocols"]["grpc"]["endpoint"] == "${env:MY_POD_IP}:14317"
    assert found["exporters"]["otlp_http/loki"]["endpoint"] == "http://127.0.0.1:3100/otlp"
    assert found["exporters"]["load_balancing/traces"]["resolver"] == {"static": {"hostnames": list(place.samplers)}}
    assert "k8s_attributes" not in found["processors"]
    assert found["processors"]["transform/privacy"] == GATEWAY["processors"]["transform/privacy"]
    with_pods = localised(GATEWAY, Place(ports=ports, addresses=place.addresses, kubernetes=True))
    assert with_pods["processors"]["k8s_attributes"]["auth_type"] == "kubeConfig"
    assert GATEWAY["processors"]["k8s_attributes"]["auth_type"] == "serviceAccount"


@pytest.mark.parametrize(
    ("place", "message"),
    [
        (Place(ports={4317: 1}), "listens on 13133"),
        (Place(ports=dict.fromkeys((4317, 8888, 8889, 13133), 1)), "sends to tempo"),
    ],
)
def test_a_place_that_is_not_whole_is_refused(place: Place, message: str) -> None:
    with pytest.raises(ObsError, match=message):
        localised(SAMPLER, place)


def test_the_volume_holds_the_queue() -> None:
    found = settings(parts={"collectorSampler": {"storage": "100Gi"}})
    sampler = configs(found)[1]
    assert sampler["exporters"]["otlp_grpc/tempo"]["sending_queue"]["queue_size"] == int(quantity("100Gi")) * 6 // 10
