"""Tempo: what it takes in, keeps and counts, and that the charts make of our values what we mean."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import one_chart
import pytest
import yaml
from one_chart import needs_charts
from stacks import run

from components.datasources import TRACE_ID
from components.kube_prometheus_values import kube_prometheus_values
from components.sampling import SAMPLING_RATIO
from components.series_classes import of_stack
from components.services import TEMPO, Service, Services
from components.sizes import sizing
from components.tempo_config import LATENCY_BUCKETS, PROCESSORS
from components.tempo_values import distributed_values, single_config, single_values
from model.quantity import quantity, seconds
from model.system import RetentionClass, SeriesClass
from obs.record import redacted
from settings import Settings

KAFKA: dict[str, Any] = {"mode": "distributed", "kafka": {"address": "kafka.data.svc:9092", "partitions": 4}}
BUCKETS = {"metrics": "m-x", "logs": "l-x", "traces": "t-x"}
GCS: dict[str, Any] = {"kind": "gcs", "buckets": BUCKETS}
SINGLE, DISTRIBUTED = "tempo", "tempo-distributed"


def settings(stack: str = "prod", **config: object) -> Settings:
    return _settings(stack, json.dumps(config))


@cache
def _settings(stack: str, config: str) -> Settings:
    found: Settings = run(stack, config=json.loads(config)).namespace["settings"]
    return found


def values(stack: str = "prod", **config: object) -> dict[str, Any]:
    """Of the chart that the stack's mode takes."""
    chosen = settings(stack, **config)
    build = distributed_values if chosen.traces_mode == "distributed" else single_values
    return build(chosen, sizing(chosen))


def config(stack: str = "prod", **changed: Any) -> dict[str, Any]:
    return single_config(settings(stack, **changed))


class TestGenerator:
    @pytest.mark.parametrize("changed", [{}, {"traces": KAFKA}], ids=["single", "distributed"])
    def test_both_processors_count_a_sampled_span_for_those_that_were_left_out(self, changed: dict[str, Any]) -> None:
        made = values(**changed)
        generator = (
            made["metricsGenerator"]["config"] if changed else yaml.safe_load(made["config"])["metrics_generator"]
        )
        for processor in ("service_graphs", "span_metrics"):
            assert generator["processor"][processor]["span_multiplier_key"] == SAMPLING_RATIO

    def test_the_processors_are_switched_on_where_tempo_looks(self) -> None:
        assert config()["overrides"]["defaults"]["metrics_generator"]["processors"] == list(PROCESSORS)
        assert values(traces=KAFKA)["overrides"]["defaults"]["metrics_generator"]["processors"] == list(PROCESSORS)

    def test_a_span_that_waited_for_its_trace_is_still_counted(self) -> None:
        """Tempo's own 30 s are less than the collector waits before it decides."""
        slack = config()["metrics_generator"]["metrics_ingestion_time_range_slack"]
        assert seconds(slack) >= 120

    def test_no_label_has_values_without_end(self) -> None:
        processor = config()["metrics_generator"]["processor"]
        assert [p["dimensions"] for p in processor.values()] == [[], []]
        assert processor["span_metrics"]["enable_target_info"] is False
        ((policy,),) = (processor["span_metrics"]["filter_policies"],)
        assert "INTERNAL" not in json.dumps(policy)
        limits = [config(stack)["overrides"]["defaults"]["metrics_generator"] for stack in ("apps", "prod")]
        assert limits[0]["max_active_series"] < limits[1]["max_active_series"]

    def test_objectives_on_latency_are_at_a_bucket(self) -> None:
        assert {0.3, 0.5} <= set(LATENCY_BUCKETS)
        assert sorted(LATENCY_BUCKETS) == list(LATENCY_BUCKETS)

    def test_series_carry_the_cluster_and_exemplars_the_label_that_grafana_follows(self) -> None:
        assert config()["metrics_generator"]["registry"]["external_labels"] == {"cluster": "dataops-prod"}
        assert config()["overrides"]["defaults"]["metrics_generator"]["trace_id_label_name"] == TRACE_ID

    def test_they_are_made_as_often_as_prometheus_scrapes(self) -> None:
        made = {
            stack: config(stack)["metrics_generator"]["registry"]["collection_interval"] for stack in ("prod", "local")
        }
        assert made == {"prod": "30s", "local": "1s"}


SERIES = {RetentionClass.APPLICATION: SeriesClass(jobs=("spark",), records=("a:b",))}


class TestWhereMetricsGo:
    def written(self, stack: str = "prod", **changed: object) -> list[str]:
        targets = config(stack, **changed)["metrics_generator"]["storage"]["remote_write"]
        assert all(target["send_exemplars"] is True for target in targets)
        return [target["url"] for target in targets]

    def prometheus(self, stack: str = "prod", **changed: object) -> dict[str, Any]:
        chosen = settings(stack, **changed)
        spec: dict[str, Any] = kube_prometheus_values(chosen, sizing(chosen), {}, None)["prometheus"]["prometheusSpec"]
        return spec

    @pytest.mark.parametrize(
        "store",
        [
            {"mode": "sidecar"},
            {"mode": "receive"},
            {
                "kind": "remoteWrite",
                "remoteWrite": {"url": "https://m.example/push", "queryUrl": "https://m.example/q"},
            },
        ],
        ids=["sidecar", "receive", "remoteWrite"],
    )
    def test_every_replica_of_prometheus_takes_them_and_says_so(self, store: dict[str, Any]) -> None:
        """Behind the Service one of two would get them, and a rule on spans would be blind in the other."""
        name = "prometheus-kube-prometheus-stack-prometheus"
        assert self.written(metricsStore=store) == [
            f"http://{name}-{n}.prometheus-operated.monitoring.svc:9090/api/v1/write" for n in range(2)
        ]
        assert self.prometheus(metricsStore=store)["enableRemoteWriteReceiver"] is True

    def test_they_are_of_the_class_of_applications(self) -> None:
        spans = "traces_spanmetrics_latency_bucket"
        assert spans in of_stack(settings(), SERIES)[RetentionClass.APPLICATION].records
        without = settings(traces={"enabled": False})
        assert spans not in of_stack(without, SERIES)[RetentionClass.APPLICATION].records

    def test_prometheus_keeps_exemplars_as_long_as_there_are_traces_to_lead_to(self) -> None:
        for store in ("receive", "sidecar"):
            spec = self.prometheus(metricsStore={"mode": store})
            assert "exemplar-storage" in spec["enableFeatures"]
            assert spec["exemplars"]["maxSize"] > 0
        without = self.prometheus(traces={"enabled": False})
        assert "exemplar-storage" not in without["enableFeatures"]
        assert {"exemplars", "enableRemoteWriteReceiver"}.isdisjoint(without)


class TestStorage:
    def trace(self, **changed: Any) -> dict[str, Any]:
        found: dict[str, Any] = config(**changed)["storage"]["trace"]
        return found

    def test_s3_has_no_credentials_in_its_configuration(self) -> None:
        assert self.trace()["s3"] == {
            "bucket": "dataops-traces",
            "endpoint": "minio.storage.svc:9000",
            "insecure": True,
        }
        names = [entry["name"] for entry in values()["tempo"]["extraEnv"]]
        assert names == ["GOMEMLIMIT", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
        assert all("secretKeyRef" in entry["valueFrom"] for entry in values()["tempo"]["extraEnv"][1:])

    def test_s3_can_be_addressed_by_path_and_in_a_region(self) -> None:
        storage = {"kind": "s3", "endpoint": "s3.example", "region": "eu-1", "pathStyle": True, "buckets": BUCKETS}
        s3 = self.trace(objectStorage={**storage, "existingSecret": "mine"})["s3"]
        assert (s3["region"], s3["forcepathstyle"]) == ("eu-1", True)

    def test_gcs_by_key_file_or_by_identity(self) -> None:
        key = {**GCS, "serviceAccountKey": "gcsKey"}
        assert self.trace(objectStorage=key)["gcs"] == {"bucket_name": "t-x"}
        (volume,) = values(objectStorage=key)["extraVolumes"]
        (mount,) = values(objectStorage=key)["tempo"]["extraVolumeMounts"]
        assert mount["name"] == volume["name"]
        account = values("apps")["serviceAccount"]["annotations"]
        assert list(account.values()) == ["observability@apps-prod.iam.gserviceaccount.com"]

    def test_a_file_system_is_tempos_own_volume_of_the_size_that_was_asked_for(self) -> None:
        assert config("local")["storage"]["trace"]["backend"] == "local"
        made = values("local")
        assert made["persistence"]["size"] == "1Gi"
        assert made["extraVolumes"] == []
        assert values("dev")["persistence"]["enabled"] is True

    def test_traces_are_kept_for_a_week_in_the_words_of_go(self) -> None:
        assert config()["compactor"]["compaction"]["block_retention"] == "604800s"
        compaction = values(traces=KAFKA)["backendScheduler"]["config"]["provider"]["compaction"]["compaction"]
        assert compaction == {"block_retention": "604800s"}
        longer = config(traces={"retention": "30d"})
        assert longer["compactor"]["compaction"]["block_retention"] == "2592000s"
        assert longer["overrides"]["defaults"]["read"]["max_search_duration"] == "30d"


def test_only_otlp_is_taken_in() -> None:
    assert list(config()["distributor"]["receivers"]) == ["otlp"]
    assert list(config()["distributor"]["receivers"]["otlp"]["protocols"]) == ["grpc", "http"]
    assert values(traces=KAFKA)["traces"] == {"otlp": {"grpc": {"enabled": True}, "http": {"enabled": True}}}


def test_go_knows_its_limit_before_the_kernel_does() -> None:
    made = values("apps")["tempo"]
    memory = next(entry["value"] for entry in made["extraEnv"] if entry["name"] == "GOMEMLIMIT")
    assert quantity(memory.removesuffix("B")) < quantity(made["resources"]["limits"]["memory"])
    assert made["memBallastSizeMbs"] == 0


def test_there_is_a_block_builder_and_a_live_store_for_each_partition_and_kafka_is_left_as_it_is() -> None:
    made = values(traces=KAFKA)
    assert (made["blockBuilder"]["replicas"], made["liveStore"]["replicas"]) == (4, 4)
    assert made["ingest"]["kafka"]["auto_create_topic_enabled"] is False


def test_a_stack_without_traces_deploys_no_tempo() -> None:
    resources = run("dev", config={"traces": {"enabled": False}}).resources
    assert [r.name for r in resources if r.name in ("traces", TEMPO)] == []
    assert TEMPO in [r.name for r in run("dev").resources]


# --- what the charts make of it


MODES: dict[str, dict[str, Any]] = {SINGLE: {}, DISTRIBUTED: {"traces": KAFKA, "size": "large"}}
Objects = dict[tuple[str, str], dict[str, Any]]


@cache
def rendered(chart: str) -> Objects:
    return one_chart.objects(chart, TEMPO, values(**MODES[chart]))


of_each_chart = pytest.mark.parametrize(
    "chart", [pytest.param(chart, marks=[pytest.mark.charts, needs_charts(chart)]) for chart in MODES]
)


@of_each_chart
def test_the_services_are_there_with_their_ports_and_lead_to_their_pods(chart: str) -> None:
    found, services = rendered(chart), Services(settings(**MODES[chart]))
    for service in (services.tempo, services.tempo_intake):
        made = found["Service", service.name]["spec"]
        assert set(service.ports.values()) <= {port["port"] for port in made["ports"]}
        assert [name for name, pod in one_chart.pods(found).items() if _selects(service, pod)]
        assert made["selector"].items() <= service.pods.items()


def _selects(service: Service, pod: dict[str, Any]) -> bool:
    return bool(service.pods.items() <= pod["metadata"]["labels"].items())


@of_each_chart
def test_every_pod_is_restricted_and_has_its_resources(chart: str) -> None:
    pods = one_chart.pods(rendered(chart))
    assert len(pods) == (1 if chart == SINGLE else 9)
    for name, pod in pods.items():
        assert one_chart.not_restricted(pod) == [], name
        assert all(container["resources"]["limits"]["memory"] for container in pod["spec"]["containers"]), name


@of_each_chart
def test_nothing_is_random_no_hook_and_no_secret(chart: str) -> None:
    first = rendered(chart)
    assert first == rendered.__wrapped__(chart)
    assert "Secret" not in {kind for kind, _ in first}
    assert "helm.sh/hook" not in json.dumps(list(first.values()))


@of_each_chart
def test_a_pod_that_reads_its_log_again_is_alive(chart: str) -> None:
    for name, pod in one_chart.pods(rendered(chart)).items():
        if name != "tempo-memcached":
            assert pod["spec"]["containers"][0]["livenessProbe"]["httpGet"]["path"] == "/status/version", name


@pytest.mark.charts
@needs_charts(SINGLE)
def test_the_configuration_file_of_the_single_process_is_ours() -> None:
    found = rendered(SINGLE)
    assert yaml.safe_load(found["ConfigMap", TEMPO]["data"]["tempo.yaml"]) == config()
    ports = {port["name"] for port in found["Service", TEMPO]["spec"]["ports"]}
    assert not [name for name in ports if "jaeger" in name]
    (claim,) = found["StatefulSet", TEMPO]["spec"]["volumeClaimTemplates"]
    assert claim["spec"]["storageClassName"] == "longhorn"


@pytest.mark.charts
@needs_charts(DISTRIBUTED)
def test_the_distributed_generator_keeps_its_name_and_its_log() -> None:
    generator = rendered(DISTRIBUTED)["StatefulSet", "tempo-metrics-generator"]["spec"]
    assert generator["replicas"] == 3
    assert generator["volumeClaimTemplates"][0]["spec"]["resources"]["requests"]["storage"] == "10Gi"


@pytest.mark.charts
@needs_charts(DISTRIBUTED)
def test_a_whole_trace_is_a_message_that_every_process_takes() -> None:
    file = yaml.safe_load(rendered(DISTRIBUTED)["ConfigMap", "tempo-config"]["data"]["tempo.yaml"])
    largest = file["overrides"]["defaults"]["global"]["max_bytes_per_trace"]
    for way in ("recv", "send"):
        assert file["server"][f"grpc_server_max_{way}_msg_size"] > 2 * largest


@pytest.mark.charts
@needs_charts(DISTRIBUTED)
def test_who_logs_in_to_kafka_has_the_password_from_a_secret_and_not_in_the_file() -> None:
    login = {"username": "tempo", "existingSecret": "kafka-login"}
    traces = {**KAFKA, "kafka": {**KAFKA["kafka"], **login}}
    found = one_chart.objects(DISTRIBUTED, TEMPO, values(traces=traces))
    file = yaml.safe_load(found["ConfigMap", "tempo-config"]["data"]["tempo.yaml"])
    assert file["ingest"]["kafka"]["sasl_username"] == "tempo"
    assert file["ingest"]["kafka"]["sasl_password"] == "${KAFKA_PASSWORD}"
    assert file["ingest"]["kafka"]["address"] == "kafka.data.svc:9092"
    for name in ("tempo-distributor", "tempo-block-builder", "tempo-live-store"):
        (container,) = one_chart.pods(found)[name]["spec"]["containers"]
        assert "-config.expand-env=true" in container["args"], name
        variables = {one["name"]: one["valueFrom"] for one in container["env"] if "valueFrom" in one}
        assert variables["KAFKA_PASSWORD"] == {"secretKeyRef": {"name": "kafka-login", "key": "password"}}, name
    assert settings(traces=traces).external_secrets["kafka-login"] == ("password",)


def test_the_password_of_kafka_is_a_secret_of_ours_where_pulumi_has_it() -> None:
    kafka = {**KAFKA["kafka"], "username": "tempo", "secret": "tempoKafkaPassword"}
    made = settings(traces={**KAFKA, "kafka": kafka})
    assert "tempoKafkaPassword" in made.secret_keys
    recording = run("prod", config={"traces": {**KAFKA, "kafka": kafka}}, secrets={"tempoKafkaPassword": "planted"})
    (secret,) = [r for r in recording.resources if r.name.endswith("tempo-kafka")]
    assert "planted" not in str(redacted(secret.inputs))
