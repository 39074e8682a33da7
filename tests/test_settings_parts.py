"""Settings of the stores, of telemetry and of sizes: what must fit together, said where and with what is allowed."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from stacks import NEED_NO_EXPORTER, ROOT, run

from components.sizes import sizing
from obs.record import ProgramError
from settings import Settings
from settings.parts import PartName

BUCKETS = {"metrics": "m-x", "logs": "l-x", "traces": "t-x"}
S3: dict[str, Any] = {"kind": "s3", "endpoint": "minio.storage.svc:9000", "buckets": BUCKETS}
GCS: dict[str, Any] = {"kind": "gcs", "buckets": BUCKETS}
KEYS = {"accessKey": "objectStorageAccessKey", "secretKey": "objectStorageSecretKey"}
KAFKA = {"address": "kafka.data.svc:9092", "topic": "spans"}
REMOTE: dict[str, Any] = {
    "kind": "remoteWrite",
    "remoteWrite": {"url": "https://m.example/push", "queryUrl": "https://m.example/q"},
}
RETENTION = {"raw": "7d", "fiveMinutes": "30d", "oneHour": "90d"}
NEW = ("parts", "objectStorage", "metricsStore", "logs", "traces", "collector", "exporters")


def settings(**config: Any) -> Settings:
    found: Settings = run(config=config).namespace["settings"]
    return found


def error_of(**config: Any) -> str:
    with pytest.raises(ProgramError) as caught:
        run(config=config)
    message = str(caught.value)
    assert "Traceback" not in message
    return message


@pytest.mark.parametrize("key", NEW)
def test_every_field_of_a_part_is_named_in_the_schema_of_its_key(key: str) -> None:
    schema = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"]
    field = next(f for f in Settings.model_fields.values() if f.alias == key)
    models = [field.annotation, *getattr(field.annotation, "__args__", ())]
    for model in (m for m in models if hasattr(m, "model_fields")):
        for part in model.model_fields.values():
            assert part.alias in schema[key]["description"], f"{key}.{part.alias}"


@pytest.mark.parametrize(
    ("storage", "expected"),
    [
        ({"kind": "s4"}, "objectStorage.kind: must be one of 's3', 'gcs' or 'filesystem'"),
        ({"kind": "s3", **KEYS, "buckets": BUCKETS}, "objectStorage.endpoint: is missing: host or host:port"),
        ({"kind": "s3", **KEYS, "endpoint": "m:9000"}, "objectStorage.buckets: is missing: metrics, logs and traces"),
        (
            {**S3, **KEYS, "endpoint": "https://m:9000"},
            "objectStorage.endpoint: must be host or host:port",
        ),
        ({**S3, **KEYS, "endpoint": "m:9000/path"}, "objectStorage.endpoint: must be host or host:port"),
        ({**S3, **KEYS, "buckets": {**BUCKETS, "logs": "UPPER"}}, "objectStorage.buckets.logs: must be a bucket name"),
        ({**S3, **KEYS, "buckets": {**BUCKETS, "logs": "m-x"}}, "must not share the bucket m-x"),
        (S3, "objectStorage: credentials must come one way (existingSecret, or accessKey and secretKey); given: none"),
        ({**S3, **KEYS, "existingSecret": "x"}, "given: existingSecret, accessKey and secretKey"),
        ({**S3, "accessKey": "objectStorageAccessKey"}, "accessKey and secretKey belong together"),
        ({**S3, "accessKey": "AKIAPLANTED", "secretKey": "s"}, "must be the name of a config key"),
        (
            {**GCS, "endpoint": "m:9000", "existingSecret": "x"},
            "objectStorage.endpoint: is for kind s3, and",
        ),
        (GCS, "credentials must come one way (existingSecret, serviceAccountKey or workloadIdentity); given: none"),
        ({**GCS, "workloadIdentity": "obs"}, "objectStorage.workloadIdentity: must be a Google service account"),
        ({"kind": "filesystem", "buckets": BUCKETS}, "objectStorage.buckets: is for kind s3 or gcs"),
        ({"kind": "filesystem"}, "objectStorage.kind: filesystem has one copy of everything"),
        ({}, "objectStorage: is missing; metricsStore, logs, traces keep their data there"),
    ],
)
def test_object_storage_that_cannot_work_is_refused(storage: dict[str, object], expected: str) -> None:
    message = error_of(objectStorage=storage)
    assert expected in message
    assert "AKIAPLANTED" not in message


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"metricsStore": {"kind": "mimir"}}, "metricsStore.kind: must be one of 'thanos' or 'remoteWrite'"),
        ({"metricsStore": {"kind": "remoteWrite"}}, "metricsStore.remoteWrite: is missing"),
        ({"metricsStore": {**REMOTE, "mode": "receive"}}, "metricsStore.mode: is for kind thanos"),
        ({"metricsStore": {**REMOTE, "kind": "thanos"}}, "metricsStore.remoteWrite: is for kind remoteWrite"),
        ({"metricsStore": {**REMOTE, "retention": {}}}, "metricsStore.retention: is for kind thanos"),
        (
            {"metricsStore": {"mode": "sidecar", "retention": {"application": RETENTION}}},
            "metricsStore.retention.application: with mode sidecar all series share their blocks",
        ),
        (
            {"metricsStore": {"retention": {"infrastructure": {**RETENTION, "raw": "forever"}}}},
            "metricsStore.retention.infrastructure.raw: must be a Prometheus duration such as 30s, 5m, 15d or",
        ),
        (
            {"metricsStore": {"retention": {"infrastructure": {**RETENTION, "raw": "47h"}}}},
            "metricsStore.retention.infrastructure.raw: must be 4d or more, or it expires before it is downsampled",
        ),
        (
            {"metricsStore": {"retention": {"infrastructure": {**RETENTION, "fiveMinutes": "10d"}}}},
            "metricsStore.retention.infrastructure.fiveMinutes: must be 17d or more",
        ),
        (
            {"metricsStore": {"retention": {"infrastructure": {**RETENTION, "oneHour": "20d"}}}},
            "metricsStore.retention.infrastructure.oneHour: must not be shorter than fiveMinutes",
        ),
        (
            {"metricsStore": {"retention": {"infrastructure": {**RETENTION, "raw": "unlimited"}}}},
            "metricsStore.retention.infrastructure.fiveMinutes: must not be shorter than raw",
        ),
        ({"metricsStore": {"retention": {"busines": RETENTION}}}, "unknown key; did you mean 'business'?"),
        (
            {"metricsStore": {"kind": "remoteWrite", "remoteWrite": {**REMOTE["remoteWrite"], "username": "x"}}},
            "metricsStore.remoteWrite: username needs a password",
        ),
    ],
)
def test_a_metrics_store_that_cannot_work_is_refused(config: dict[str, object], expected: str) -> None:
    assert expected in error_of(**config)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (
            {"traces": {"mode": "distributed"}},
            "traces.kafka: is missing; distributed Tempo 3 takes spans in through Kafka",
        ),
        ({"traces": {"kafka": KAFKA}}, "traces.kafka: is for mode distributed, and the mode is single"),
        ({"collector": {"enabled": False}}, "traces: need the collector, which is off"),
        ({"collector": {"sampling": {"percentage": 0}}}, "collector.sampling.percentage: must be greater than 0"),
        ({"collector": {"sampling": {"slow": "fast"}}}, "collector.sampling.slow: must be a Prometheus duration"),
        ({"logs": {"drop": [{"line": "(", "reason": "x"}]}}, "logs.drop[0].line: must be a regular expression"),
        ({"logs": {"drop": [{"line": "(?=x)", "reason": "x"}]}}, "must be a regular expression of RE2"),
        ({"logs": {"drop": [{"line": "x"}]}}, "logs.drop[0].reason: is missing"),
        (
            {"objectStorage": {"kind": "filesystem"}, "parts": {"loki": {"replicas": 2}}},
            "parts.loki.replicas: must be 1 with objectStorage.kind filesystem",
        ),
        (
            {"objectStorage": {"kind": "filesystem"}, "parts": {"thanosStoreGateway": {"replicas": 2}}},
            "parts.thanosStoreGateway.replicas: must be 1 with objectStorage.kind filesystem: all replicas would",
        ),
        (
            {"objectStorage": {"kind": "filesystem"}, "prometheus": {"replicas": 2}},
            "prometheus.replicas: must be 1 with objectStorage.kind filesystem",
        ),
        (
            {"objectStorage": {"kind": "filesystem"}},
            "objectStorage.kind: filesystem is a volume of one node, and size medium is of many; use s3 or gcs",
        ),
        (
            {"parts": {"thanosQuery": {"storage": "9Gi"}}},
            "parts.thanosQuery.storage: it has no volume; volumes have",
        ),
        (
            {"parts": {"thanosSidecar": {"replicas": 2}}},
            "parts.thanosSidecar: the stack has none, as metrics",
        ),
        ({"parts": {"loki": {"storage": "10"}}}, "parts.loki.storage: must be 100Mi to 1Pi: bytes with their unit"),
        ({"parts": {"loki": {"limits": {"memory": "500m"}}}}, "parts.loki.limits.memory: must be 16Mi to 16Ti: bytes"),
        ({"parts": {"loki": {"requests": {"cpu": "8Gi"}}}}, "parts.loki.requests.cpu: must be 1m to 1000: cores, such"),
        ({"grafana": {"url": "https://g.example", "storage": "9Gi"}}, "grafana.storage: unknown key"),
        (
            {"traces": {"enabled": False}, "collector": {"sampling": {"percentage": 5}}},
            "collector.sampling: is for traces, which are off",
        ),
        (
            {"traces": {"enabled": False}, "parts": {"collectorSampler": {"storage": "9Gi"}}},
            "parts.collectorSampler.storage: its volume is the queue of traces, which are off",
        ),
        ({"logs": {"retention": "12h"}}, "logs.retention: must be 1d or longer: Loki deletes by its tables"),
        ({"logs": {"debugPercentage": 101}}, "logs.debugPercentage: must be less than or equal to 100"),
        ({"parts": {"lokki": {"replicas": 2}}}, "parts.lokki: unknown part; did you mean 'loki'?"),
        ({"parts": {"prometheus": {"replicas": 2}}}, "parts.prometheus: unknown part"),
        ({"parts": {"loki": {"replicas": 0}}}, "parts.loki.replicas: must be greater than or equal to 1"),
        ({"imageRegistry": "https://mirror.example"}, "imageRegistry: must be the host of a registry"),
        ({"allowReplacements": ["loki"]}, "allowReplacements[0]: must be KIND NAMESPACE/NAME"),
        ({"allowRisks": ["restart"]}, "allowRisks[0]: must be RISK SUBJECT"),
        ({"allowRisks": ["restrat Pod m/a"]}, "allowRisks[0]: unknown risk 'restrat'; did you mean 'restart'?"),
    ],
)
def test_parts_that_do_not_fit_are_refused(config: dict[str, object], expected: str) -> None:
    assert expected in error_of(**config)


def test_problems_of_several_parts_come_in_one_error() -> None:
    message = error_of(objectStorage={}, traces={"mode": "distributed"}, timeCompression=30)
    for key in ("objectStorage:", "traces.kafka:", "timeCompression:"):
        assert key in message


def test_storage_that_nobody_uses_is_refused() -> None:
    off: dict[str, object] = {"logs": {"enabled": False}, "traces": {"enabled": False}, "metricsStore": REMOTE}
    assert "objectStorage: nobody uses it" in error_of(**off)
    assert settings(**off, objectStorage={}).object_storage is None


@pytest.mark.parametrize(
    ("size", "modes"),
    [
        ("small", ("sidecar", "monolithic", "single")),
        ("medium", ("sidecar", "monolithic", "single")),
        ("large", ("receive", "distributed", "distributed")),
    ],
)
def test_the_size_chooses_the_form_of_every_part(size: str, modes: tuple[str, ...]) -> None:
    found = settings(size=size, metricsStore={}, traces={"kafka": KAFKA} if size == "large" else {})
    assert (found.thanos_mode, found.logs_mode, found.traces_mode) == modes


def test_receive_has_a_retention_for_each_class_and_sidecar_one_for_all() -> None:
    receive = settings(metricsStore={"mode": "receive"}).retention_classes
    assert {name: tuple(kept.model_dump().values()) for name, kept in receive.items()} == {
        "infrastructure": ("15d", "90d", "1y"),
        "application": ("7d", "30d", "90d"),
        "business": ("30d", "1y", "unlimited"),
    }
    assert list(settings(metricsStore={"mode": "sidecar"}).retention_classes) == ["infrastructure"]


def test_any_number_of_any_part_can_be_set_and_the_others_stay() -> None:
    given: dict[str, object] = {"collectorSampler": {"replicas": 5, "limits": {"memory": "3Gi"}}}
    plain, changed = sizing(settings()), sizing(settings(parts=given))
    assert changed[PartName.COLLECTOR_SAMPLER].replicas == 5
    assert changed[PartName.COLLECTOR_SAMPLER].resources.memory_limit == "3Gi"
    assert {part for part in PartName if plain[part] != changed[part]} == {PartName.COLLECTOR_SAMPLER}


def test_the_secrets_of_every_part_are_known() -> None:
    found = settings(objectStorage={**S3, **KEYS}, metricsStore={**REMOTE})
    assert {"objectStorageAccessKey", "objectStorageSecretKey", "slackWebhookUrl"} <= set(found.secret_keys)
    existing = settings(objectStorage={**S3, "existingSecret": "minio-obs"})
    assert existing.external_secrets["minio-obs"] == ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    assert "objectStorageAccessKey" not in existing.secret_keys


def test_a_secret_that_serves_several_parts_has_the_keys_of_them_all() -> None:
    found = settings(
        objectStorage={**S3, "existingSecret": "shared"},
        metricsStore={**REMOTE, "remoteWrite": {**REMOTE["remoteWrite"], "existingSecret": "shared"}},
        exporters={"redis": {"cache": {"address": "cache:6379", "existingSecret": "shared"}}},
        systems=NEED_NO_EXPORTER,
    )
    assert {name: set(keys) for name, keys in found.external_secrets.items()} == {
        "shared": {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "credential", "password"}
    }
