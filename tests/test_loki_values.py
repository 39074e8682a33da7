"""Values of the chart loki: pure, and as the chart renders them in each mode with each kind of storage."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
import yaml
from loki_server import Manifest, loki_file, loki_objects, needs_chart, settings
from loki_server import rendered as render_chart

from components.loki_config import INDEX_LABELS, SCHEMA_FROM, loki_config
from components.loki_values import loki_values
from components.services import Services
from components.sizes import sizing
from settings import Settings
from settings.object_storage import GCS_KEYS, S3_KEYS
from settings.parts import PartName

BUCKETS = {"metrics": "m-1", "logs": "l-1", "traces": "t-1"}
S3 = {"kind": "s3", "endpoint": "minio.storage.svc:9000", "insecure": True, "buckets": BUCKETS}
STORAGES: dict[str, dict[str, Any]] = {
    "s3": {**S3, "accessKey": "objectStorageAccessKey", "secretKey": "objectStorageSecretKey"},
    "s3 by an existing secret": {**S3, "existingSecret": "bucket-keys"},
    "gcs by a key": {"kind": "gcs", "buckets": BUCKETS, "serviceAccountKey": "gcsKey"},
    "gcs by identity": {"kind": "gcs", "buckets": BUCKETS, "workloadIdentity": "loki@project.iam.gserviceaccount.com"},
    "filesystem": {"kind": "filesystem", "storage": "7Gi"},
}
STACKS = [
    *(("dev", "monolithic", storage) for storage in STORAGES),
    *(("dev", "distributed", storage) for storage in STORAGES if storage != "filesystem"),
    ("prod", "monolithic", "s3"),
]


@cache
def stack(name: str = "dev", mode: str = "monolithic", storage: str = "filesystem") -> Settings:
    return settings(name, objectStorage=STORAGES[storage], logs={"mode": mode})


def values(given: Settings) -> Any:
    return loki_values(given, sizing(given))


def config(given: Settings, replicas: int = 1) -> Any:
    assert given.object_storage
    return loki_config(given, given.object_storage, replicas)


def test_a_file_system_is_one_process_with_the_claim_of_the_object_storage() -> None:
    binary = values(stack())["singleBinary"]
    assert binary["replicas"] == 1
    assert binary["persistence"]["size"] == "7Gi"


def test_as_many_processes_as_the_size_says_share_a_bucket() -> None:
    found = values(stack("prod", "monolithic", "s3"))
    assert found["singleBinary"]["replicas"] == 3
    assert found["loki"]["commonConfig"] == {"replication_factor": 3}


@pytest.mark.parametrize(("replicas", "copies"), [(1, 1), (2, 1), (3, 3), (5, 3)])
def test_a_line_is_kept_three_times_only_where_one_copy_may_be_lost(replicas: int, copies: int) -> None:
    assert config(stack(), replicas)["commonConfig"]["replication_factor"] == copies


def test_only_the_tasks_that_touch_the_bucket_get_its_keys() -> None:
    found = values(stack("dev", "distributed", "s3"))
    with_keys = {k for k, v in found.items() if isinstance(v, dict) and v.get("extraEnv")}
    assert with_keys == {"ingester", "querier", "indexGateway", "compactor"}


@pytest.mark.parametrize(
    ("storage", "style"),
    [
        ({}, True),
        ({"endpoint": "s3.eu-central-1.amazonaws.com"}, False),
        ({"endpoint": "s3.eu-central-1.amazonaws.com", "pathStyle": True}, True),
        ({"pathStyle": False}, False),
    ],
)
def test_a_bucket_is_a_host_name_only_at_amazon_or_by_wish(storage: dict[str, Any], style: bool) -> None:
    given = settings("prod", objectStorage={**STORAGES["s3"], **storage})
    assert config(given)["storage"]["s3"]["s3ForcePathStyle"] is style


@pytest.mark.parametrize(
    ("retention", "oldest", "longest"), [("30d", "7d", "721h"), ("3d", "3d", "721h"), ("90d", "7d", "2161h")]
)
def test_what_would_be_deleted_is_refused_and_all_that_is_kept_can_be_asked_for(
    retention: str, oldest: str, longest: str
) -> None:
    limits = config(settings(logs={"retention": retention}))["limits_config"]
    assert limits["retention_period"] == retention
    assert limits["reject_old_samples_max_age"] == oldest
    assert limits["max_query_length"] == longest


def test_the_day_of_the_schema_never_moves() -> None:
    """Moved, everything that was written since becomes unreadable. Another schema is a second entry."""
    assert SCHEMA_FROM == "2024-04-01"
    assert [entry["from"] for entry in config(stack())["schemaConfig"]["configs"]] == [SCHEMA_FROM]


def test_bigger_stacks_take_more_in() -> None:
    rates = [
        config(settings("prod", size=size, **_kafka(size)))["limits_config"] for size in ("small", "medium", "large")
    ]
    for limit in ("ingestion_rate_mb", "ingestion_burst_size_mb", "max_global_streams_per_user"):
        assert sorted({rate[limit] for rate in rates}) == [rate[limit] for rate in rates]


def _kafka(size: str) -> dict[str, Any]:
    return {"traces": {"mode": "single"}} if size == "large" else {}


# --- as rendered


@cache
def rendered(name: str, mode: str, storage: str) -> tuple[Manifest, ...]:
    return tuple(loki_objects(stack(name, mode, storage)))


def pods(objects: tuple[Manifest, ...]) -> dict[str, Manifest]:
    kinds = ("Deployment", "StatefulSet", "DaemonSet")
    return {o["metadata"]["name"]: o["spec"]["template"]["spec"] for o in objects if o["kind"] in kinds}


@pytest.mark.charts
@needs_chart("loki")
@pytest.mark.parametrize("chosen", STACKS, ids=" ".join)
class TestRendered:
    def test_two_renders_are_identical(self, chosen: tuple[str, str, str]) -> None:
        assert list(rendered(*chosen)) == loki_objects(stack(*chosen))

    def test_nothing_comes_along_that_is_off(self, chosen: tuple[str, str, str]) -> None:
        kinds = {o["kind"] for o in rendered(*chosen)}
        expected = {"ConfigMap", "Service", "ServiceAccount", "ServiceMonitor", "StatefulSet"}
        several = {"PodDisruptionBudget"} if chosen[0] == "prod" or chosen[1] == "distributed" else set()
        assert kinds == expected | several | ({"Deployment"} if chosen[1] == "distributed" else set())

    def test_every_pod_is_restricted_and_has_no_token(self, chosen: tuple[str, str, str]) -> None:
        accounts = {o["metadata"]["name"]: o for o in rendered(*chosen) if o["kind"] == "ServiceAccount"}
        for name, pod in pods(rendered(*chosen)).items():
            token = pod.get("automountServiceAccountToken")
            if token is None:
                token = accounts[pod["serviceAccountName"]]["automountServiceAccountToken"]
            assert token is False, name
            assert pod["securityContext"]["runAsNonRoot"] is True
            assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
            for container in pod["containers"]:
                context = container["securityContext"]
                assert context["allowPrivilegeEscalation"] is False, name
                assert context["readOnlyRootFilesystem"] is True, name
                assert context["capabilities"]["drop"] == ["ALL"], name
                assert container["resources"]["limits"]["memory"], name

    def test_no_pod_waits_for_a_node_of_its_own(self, chosen: tuple[str, str, str]) -> None:
        for pod in pods(rendered(*chosen)).values():
            assert not pod["affinity"].get("podAntiAffinity", {}).get("requiredDuringSchedulingIgnoredDuringExecution")

    def test_the_account_is_the_one_of_the_cloud(self, chosen: tuple[str, str, str]) -> None:
        (account,) = (o for o in rendered(*chosen) if (o["kind"], o["metadata"]["name"]) == ("ServiceAccount", "loki"))
        found = (account["metadata"].get("annotations") or {}).get("iam.gke.io/gcp-service-account")
        assert found == STORAGES[chosen[2]].get("workloadIdentity")

    def test_keys_are_in_the_environment_or_a_file_never_in_the_configuration(
        self, chosen: tuple[str, str, str]
    ) -> None:
        storage, text = STORAGES[chosen[2]], yaml.safe_dump(list(rendered(*chosen)))
        secret = storage.get("existingSecret", "object-storage")
        keys = S3_KEYS if storage["kind"] == "s3" else GCS_KEYS
        by_secret = {"accessKey", "existingSecret", "serviceAccountKey"} & storage.keys()
        assert (f": {secret}" in text) is bool(by_secret)
        assert all(key in text for key in keys) is bool(by_secret)
        file = yaml.safe_dump(loki_file(stack(*chosen)))
        assert not [word for word in ("access_key", "secret", "service_account") if word in file]

    def test_data_is_on_claims_of_the_class(self, chosen: tuple[str, str, str]) -> None:
        given, size = stack(*chosen), sizing(stack(*chosen))
        claims = {
            o["metadata"]["name"]: o["spec"]["volumeClaimTemplates"]
            for o in rendered(*chosen)
            if o["kind"] == "StatefulSet" and o["spec"].get("volumeClaimTemplates")
        }
        assert set(claims) == ({"loki"} if chosen[1] == "monolithic" else _STATEFUL)
        for name, (claim,) in claims.items():
            assert claim["spec"]["storageClassName"] == given.storage_class
            wanted = STORAGES[chosen[2]].get("storage") or size[_PARTS[name]].storage
            assert claim["spec"]["resources"]["requests"]["storage"] == wanted

    def test_what_others_write_to_and_read_from_is_there(self, chosen: tuple[str, str, str]) -> None:
        wanted = Services(stack(*chosen)).loki
        (service,) = (o for o in rendered(*chosen) if (o["kind"], o["metadata"]["name"]) == ("Service", wanted.name))
        assert set(wanted.ports.values()) <= {port["port"] for port in service["spec"]["ports"]}
        labels = [
            o["spec"]["template"]["metadata"]["labels"]
            for o in rendered(*chosen)
            if o["kind"] in ("Deployment", "StatefulSet")
        ]
        selected = [found for found in labels if service["spec"]["selector"].items() <= found.items()]
        assert selected
        assert all(wanted.pods.items() <= found.items() for found in selected)

    def test_everything_that_has_metrics_is_scraped_once(self, chosen: tuple[str, str, str]) -> None:
        (monitor,) = (o["spec"] for o in rendered(*chosen) if o["kind"] == "ServiceMonitor")
        assert [e["interval"] for e in monitor["endpoints"]] == ["30s"]
        scraped = [
            o["spec"]["selector"]["app.kubernetes.io/component"]
            for o in rendered(*chosen)
            if o["kind"] == "Service"
            and monitor["selector"]["matchLabels"].items() <= o["metadata"]["labels"].items()
            and o["metadata"]["labels"].get("prometheus.io/service-monitor") != "false"
            and monitor["endpoints"][0]["port"] in [port["name"] for port in o["spec"]["ports"]]
        ]
        assert len(scraped) == len(set(scraped))
        # The gateway is nginx, which has none.
        assert len(scraped) == len([name for name in pods(rendered(*chosen)) if name != "loki-gateway"])

    def test_a_drain_takes_one_pod_of_a_task_at_a_time(self, chosen: tuple[str, str, str]) -> None:
        budgets = [o["spec"] for o in rendered(*chosen) if o["kind"] == "PodDisruptionBudget"]
        for workload in rendered(*chosen):
            if workload["kind"] not in ("Deployment", "StatefulSet"):
                continue
            labels = workload["spec"]["template"]["metadata"]["labels"]
            found = [b for b in budgets if b["selector"]["matchLabels"].items() <= labels.items()]
            assert [b["maxUnavailable"] for b in found] == [1] * (workload["spec"]["replicas"] > 1), workload[
                "metadata"
            ]


_STATEFUL = {"loki-ingester", "loki-index-gateway", "loki-compactor"}
_PARTS = {
    "loki": PartName.LOKI,
    "loki-ingester": PartName.LOKI_INGESTER,
    "loki-index-gateway": PartName.LOKI_INDEX_GATEWAY,
    "loki-compactor": PartName.LOKI_COMPACTOR,
}


@pytest.mark.charts
@needs_chart("loki")
def test_the_newest_and_the_oldest_kubernetes_get_the_same() -> None:
    given = stack("dev", "distributed", "s3")
    both = [
        render_chart("loki", values(given), given.namespace, kubernetes=version) for version in ("1.25.0", "1.36.0")
    ]
    assert both[0] == both[1]


@pytest.mark.charts
@needs_chart("loki")
def test_the_file_has_what_the_issue_asks_for() -> None:
    file = loki_file(stack("prod", "monolithic", "s3"))
    assert file["auth_enabled"] is False
    (schema,) = file["schema_config"]["configs"]
    assert (schema["store"], schema["schema"], schema["object_store"]) == ("tsdb", "v13", "s3")
    assert file["compactor"] == {"retention_enabled": True, "delete_request_store": "s3"}
    assert file["ingester"]["chunk_encoding"] == "gzip"
    assert file["common"]["storage"]["s3"]["bucketnames"] == BUCKETS["logs"]
    attributes = file["limits_config"]["otlp_config"]["resource_attributes"]
    assert attributes["attributes_config"] == [{"action": "index_label", "attributes": list(INDEX_LABELS)}]
    assert "ruler" not in file
