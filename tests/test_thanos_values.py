"""What the values of Thanos promise: an owner for each block, room in memory, the same way to the bucket for all."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
import yaml
from stacks import run

from components.kube_prometheus_values import kube_prometheus_values
from components.object_storage import CLAIM, DIRECTORY
from components.series_classes import CLASS_LABEL
from components.sizes import SIZES, sizing
from components.thanos_values import (
    compactor_values,
    owned_blocks,
    replication_factor,
    retention_args,
    thanos_values,
)
from model.quantity import quantity
from model.system import RetentionClass
from settings import Settings
from settings.metrics_store import APPLICATION, BUSINESS, Retention
from settings.parts import PartName

STORING = ("storeGateway", "receive.ingestor", "compact")
REMOTE = {"kind": "remoteWrite", "remoteWrite": {"url": "https://m.example/push", "queryUrl": "https://m.example/q"}}


@cache
def program(stack: str, mode: str | None = None) -> Mapping[str, Any]:
    config: dict[str, object] = {"metricsStore": {"mode": mode}} if mode else {}
    return run(stack, config=config).namespace


def settings(stack: str, mode: str | None = None) -> Settings:
    found: Settings = program(stack, mode)["settings"]
    return found


def thanos(stack: str, mode: str | None = None) -> dict[str, Any]:
    chosen = settings(stack, mode)
    return thanos_values(chosen, sizing(chosen))


def compactor(stack: str, name: str, mode: str | None = None) -> dict[str, Any]:
    chosen = settings(stack, mode)
    return compactor_values(chosen, sizing(chosen), name)


def stack_values(stack: str, mode: str | None = None, **config: object) -> dict[str, Any]:
    found = run(stack, config=config).namespace if config else program(stack, mode)
    return kube_prometheus_values(
        found["settings"], sizing(found["settings"]), found["plan"].series, found["plan"].keep
    )


def storing(stack: str, mode: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every part of the chart that reaches the bucket."""
    values = thanos(stack, mode)
    yield "store gateway", values["storeGateway"]
    yield "compactor", compactor(stack, "infrastructure", mode)["compact"]
    if mode == "receive":
        yield "ingestor", values["receive"]["ingestor"]


# --- who owns which block


def taken(flag: str, labels: dict[str, str]) -> bool:
    """Whether a compactor with this flag takes a block (relabeling with keep and drop, thanos pkg/block)."""
    name, _, document = flag.partition("=")
    assert name == "--selector.relabel-config"
    for step in yaml.safe_load(document):
        value = ";".join(labels.get(label, "") for label in step["source_labels"])
        if (re.fullmatch(step["regex"], value) is not None) is (step["action"] == "drop"):
            return False
    return True


@pytest.mark.parametrize(
    "labels", [{}, {"cluster": "x"}, {CLASS_LABEL: "unheard-of"}, *({CLASS_LABEL: c} for c in RetentionClass)]
)
def test_every_block_has_one_compactor(labels: dict[str, str]) -> None:
    owners = [name.value for name in RetentionClass if taken(owned_blocks(name), labels)]
    known = labels.get(CLASS_LABEL) in set(RetentionClass)
    assert owners == [labels[CLASS_LABEL] if known else "infrastructure"]


def test_a_stack_that_gave_classes_up_leaves_their_blocks_alone() -> None:
    """Infrastructure's retention would delete what business was promised for ever."""
    (name,) = settings("prod", "sidecar").retention_classes
    (flag,) = [a for a in compactor("prod", name, "sidecar")["compact"]["extraArgs"] if a.startswith("--selector")]
    assert taken(flag, {"prometheus_replica": "p-0"})
    assert not taken(flag, {CLASS_LABEL: "business"})


@pytest.mark.parametrize(
    ("retention", "expected"),
    [
        (Retention(raw="15d", five_minutes="90d", one_hour="1y"), ("15d", "90d", "1y")),
        (APPLICATION, ("7d", "30d", "90d")),
        (BUSINESS, ("30d", "1y", "0s")),
    ],
)
def test_retention_is_as_required(retention: Retention, expected: tuple[str, str, str]) -> None:
    flags = dict(arg.split("=") for arg in retention_args(retention))
    assert tuple(flags[f"--retention.resolution-{r}"] for r in ("raw", "5m", "1h")) == expected


def test_each_class_of_the_stack_has_a_release_with_its_retention() -> None:
    releases = {r.inputs["name"]: r.inputs["values"] for r in run("prod").resources if r.type.endswith(":Chart")}
    for name, retention in settings("prod").retention_classes.items():
        args = releases[f"thanos-{name}"]["compact"]["extraArgs"]
        assert set(retention_args(retention)) <= set(args)
        assert owned_blocks(name) in args
    assert releases["thanos"]["compact"] == {"enabled": False}


# --- copies and replicas


@pytest.mark.parametrize("ingestors", range(1, 13))
def test_the_loss_of_one_ingestor_stops_no_write_where_there_are_several(ingestors: int) -> None:
    copies = replication_factor(ingestors)
    quorum = 1 if copies == 2 else copies // 2 + 1  # thanos pkg/receive, writeQuorum
    assert copies <= ingestors
    assert copies - quorum >= (1 if ingestors > 1 else 0)


def test_only_copies_of_the_same_samples_are_merged_in_the_bucket() -> None:
    copied, single = compactor("prod", "business"), compactor("prod", "infrastructure", "sidecar")
    assert copied["compact"]["deduplication"] == {"enabled": True}
    assert copied["additionalReplicaLabels"] == ["receive_replica"]
    assert single["compact"]["deduplication"] == {"enabled": False}
    assert single["additionalReplicaLabels"] == []


def test_query_hides_replicas_and_the_class() -> None:
    # The chart itself adds receive_replica.
    assert thanos("prod")["additionalReplicaLabels"] == ["prometheus_replica", "thanos_ruler_replica", CLASS_LABEL]
    assert thanos("prod", "sidecar")["additionalReplicaLabels"] == ["prometheus_replica", "thanos_ruler_replica"]


# --- the way to the bucket


@pytest.mark.parametrize("mode", ["sidecar", "receive"])
def test_every_part_that_reaches_an_s3_bucket_has_the_keys(mode: str) -> None:
    for part, values in storing("prod", mode):
        assert {e["name"] for e in values["extraEnv"]} == {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}, part
    spec = stack_values("prod", mode)["prometheus"]["prometheusSpec"]
    ruler = stack_values("prod", mode)["thanosRuler"]["thanosRulerSpec"]
    if mode == "sidecar":
        (container,) = spec["containers"]
        assert container["name"] == "thanos-sidecar"
        assert container["env"] == ruler["extraEnv"] == dict(storing("prod", mode))["compactor"]["extraEnv"]
        assert spec["thanos"]["objectStorageConfig"] == ruler["objectStorageConfig"]
    else:
        assert not {"thanos", "containers"} & set(spec)
        assert not {"objectStorageConfig", "extraEnv"} & set(ruler)


def test_a_shared_volume_is_mounted_everywhere_and_written_by_one_user() -> None:
    spec = stack_values("dev", "sidecar")["prometheus"]["prometheusSpec"]
    ruler = stack_values("dev", "sidecar")["thanosRuler"]["thanosRulerSpec"]
    mounts = [spec["containers"][0]["volumeMounts"], ruler["volumeMounts"]]
    volumes = [spec["volumes"], ruler["volumes"]]
    for part, values in storing("dev", "sidecar"):
        mounts.append(values["extraVolumeMounts"])
        volumes.append(values["extraVolumes"])
        # Prometheus and the ruler run as this user (defaults of kube-prometheus-stack).
        assert values["podSecurityContext"] == {"runAsUser": 1000, "runAsGroup": 2000, "fsGroup": 2000}, part
    assert {json.dumps(m) for m in mounts} == {json.dumps([{"name": "object-storage", "mountPath": DIRECTORY}])}
    assert {v[0]["persistentVolumeClaim"]["claimName"] for v in volumes} == {CLAIM}


def test_pods_start_again_when_the_bucket_changes() -> None:
    def checksum(stack: str) -> str:
        return str(thanos(stack)["storeGateway"]["podAnnotations"]["checksum/objstore"])

    assert checksum("prod") == compactor("prod", "business")["compact"]["podAnnotations"]["checksum/objstore"]
    assert checksum("prod") != checksum("dev")


@pytest.mark.parametrize("size", SIZES)
def test_caches_leave_most_of_the_memory_free(size: str) -> None:
    chosen = settings("prod")
    values = thanos_values(chosen, SIZES[size])  # type: ignore[index]
    flags = dict(arg.split("=", 1) for arg in values["storeGateway"]["extraArgs"] if "=" in arg)
    index = json.loads(flags["--index-cache.config"])["config"]
    limit = quantity(values["storeGateway"]["resources"]["limits"]["memory"])
    assert _bytes(flags["--chunk-pool-size"]) + _bytes(index["max_size"]) <= limit / 2
    assert _bytes(index["max_item_size"]) < _bytes(index["max_size"])  # Thanos refuses anything else


def _bytes(size: str) -> Decimal:
    return quantity(size.removesuffix("B"))


# --- modes


def test_prometheus_and_the_ruler_share_the_rules_out() -> None:
    values = stack_values("prod")
    (ours,) = values["prometheus"]["prometheusSpec"]["ruleSelector"]["matchExpressions"]
    theirs = values["thanosRuler"]["thanosRulerSpec"]["ruleSelector"]["matchLabels"]
    assert theirs == {ours["key"]: ours["values"][0]}
    assert ours["operator"] == "NotIn"
    assert values["thanosRuler"]["thanosRulerSpec"]["ruleSelectorNilUsesHelmValues"] is False


def test_samples_go_one_way() -> None:
    """Side car and remote write together would keep everything twice (K05)."""
    sidecar, receive = (stack_values("prod", m)["prometheus"]["prometheusSpec"] for m in ("sidecar", "receive"))
    assert not sidecar.get("remoteWrite")
    assert "thanos" in sidecar
    (queue,) = receive["remoteWrite"]
    assert queue["url"] == "http://thanos-receive-router.monitoring.svc:19291/api/v1/receive"
    assert not thanos("prod", "sidecar")["receive"]["enabled"]


def test_what_the_ruler_records_is_of_the_class_of_its_name() -> None:
    writes = stack_values("prod")["thanosRuler"]["thanosRulerSpec"]["remoteWrite"]
    by_class = {w["headers"]["THANOS-TENANT"]: w["writeRelabelConfigs"] for w in writes}
    assert set(by_class) == set(RetentionClass)
    assert "slo:error_budget_remaining:ratio" in by_class["business"][0]["regex"].split("|")
    assert len({w["name"] for w in writes}) == len(writes)


def test_external_labels_of_the_ruler_are_those_of_prometheus() -> None:
    values = stack_values("prod")
    ruler = values["thanosRuler"]["thanosRulerSpec"]
    assert ruler["labels"] == values["prometheus"]["prometheusSpec"]["externalLabels"]
    ignored = {arg["value"] for arg in ruler["additionalArgs"] if arg["name"] == "restore-ignored-label"}
    assert ignored == set(ruler["labels"]) - {"cluster"}


def test_without_thanos_nothing_of_it_is_deployed() -> None:
    values = stack_values("prod", metricsStore=REMOTE)
    assert values["thanosRuler"] == {"enabled": False}
    assert not {"thanos", "ruleSelector", "containers"} & set(values["prometheus"]["prometheusSpec"])
    recording = run("prod", config={"metricsStore": REMOTE})
    assert not [r.name for r in recording.resources if "thanos" in r.name]


def test_sizes_of_the_parts_are_those_of_the_stack() -> None:
    size = sizing(settings("prod"))
    values = thanos("prod")
    assert values["query"]["replicas"] == size[PartName.THANOS_QUERY].replicas > 1
    assert values["query"]["podDisruptionBudget"]["enabled"]
    assert "podDisruptionBudget" not in thanos("dev")["query"]
    assert values["receive"]["ingestor"]["persistence"]["size"] == size[PartName.THANOS_RECEIVE].storage
