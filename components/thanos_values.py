"""Values of the chart thanos: one release with query, stores and receive, and one compactor for each retention class.

Literals only, secrets by name. Why each switch is as it is: docs/adr/0006-thanos.md.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from components.availability import kept_apart
from components.images import repository
from components.keep_lists import Keep, metric_relabelings
from components.object_storage import CLAIM, OBJSTORE_KEY, OBJSTORE_SECRET, Access, access, objstore_yaml
from components.series_classes import CLASS_LABEL, DEFAULT_CLASS
from components.services import Services
from components.sizes import PartSize, Sizing
from model.system import RetentionClass
from settings import Settings
from settings.metrics_store import UNLIMITED, Retention
from settings.object_storage import ObjectStorageSettings
from settings.parts import PartName

RECEIVE_REPLICA = "receive_replica"
"""The chart's label of an ingestor."""
REPLICA_LABELS = ("prometheus_replica", "thanos_ruler_replica")
"""The operator's labels of the replicas of Prometheus and of the ruler."""
# Who writes to a shared volume must be one user; the Prometheus pod's is kept (kube-prometheus-stack values).
_FILE_SYSTEM_USER = {"runAsUser": 1000, "runAsGroup": 2000}
_EXEMPLARS = 100_000
"""Kept by an ingestor for each class."""
Values = dict[str, Any]


def replication_factor(ingestors: int) -> int:
    """Copies of a sample among so many ingestors.

    With 2 copies one write is enough (Receive's quorum of 2 is 1), with 3 it takes two: either stands the loss of an
    ingestor. The third copy is worth its price where more than one may be away at a time.
    """
    return 1 if ingestors == 1 else 2 if ingestors < 5 else 3


def thanos_values(settings: Settings, size: Sizing, keep: Keep = None) -> Values:
    """Everything but compactors. Needs a stack with Thanos and with object storage."""
    services = Services(settings)
    receive = settings.thanos_mode == "receive"
    query = PartName.THANOS_QUERY
    parts = ("query", "query-frontend", "store", *(("receive",) if receive else ()))
    return {
        **_common(settings, keep, *parts),
        # The class is no label of what people ask for: each series has one, and rules must not see it.
        "additionalReplicaLabels": [*REPLICA_LABELS, *([CLASS_LABEL] if receive else [])],
        "additionalEndpoints": [
            *([] if receive else [services.thanos_sidecars.discovery("grpc")]),
            services.thanos_ruler.discovery("grpc"),
        ],
        "query": {
            **_replicated(size[query]),
            "service": _ports(services.thanos_query.ports),
            "extraArgs": [
                # Without it a range query reads raw blocks only, and finds nothing once these have expired.
                "--query.auto-downsampling",
                # The same for instant queries, which is what the ruler asks: a rule over 30 d reads 5-minute blocks.
                "--query.instant.default.max_source_resolution=5m",
            ],
        },
        "queryFrontend": _query_frontend(size[PartName.THANOS_QUERY_FRONTEND], services),
        "storeGateway": _store_gateway(settings, size[PartName.THANOS_STORE_GATEWAY]),
        "compact": {"enabled": False},
        "receive": _receive(settings, size, services) if receive else {"enabled": False},
        "rule": {"enabled": False},
    }


def compactor_values(settings: Settings, size: Sizing, class_name: str, keep: Keep = None) -> Values:
    """A release of the same chart with nothing but the compactor of one class."""
    retention = settings.retention_classes[class_name]
    copies = replication_factor(size[PartName.THANOS_RECEIVE].replicas) if settings.thanos_mode == "receive" else 1
    return {
        **_common(settings, keep, "compact"),
        # Of Receive's copies one is left: they hold the same samples, and merging them is exact. Replicas of
        # Prometheus differ; merging those cannot be undone.
        "additionalReplicaLabels": [RECEIVE_REPLICA] if copies > 1 else [],
        "query": {"enabled": False},
        "storeGateway": {"enabled": False},
        "compact": {
            "enabled": True,
            **_storing(settings, size[PartName.THANOS_COMPACTOR]),
            "resources": size[PartName.THANOS_COMPACTOR].resources.manifest(),
            "deduplication": {"enabled": copies > 1},
            "extraArgs": [*retention_args(retention), owned_blocks(class_name), "--disable-admin-operations"],
        },
    }


def retention_args(retention: Retention) -> list[str]:
    """The compactor's flags; 0s is for ever."""
    kept = {"raw": retention.raw, "5m": retention.five_minutes, "1h": retention.one_hour}
    return [f"--retention.resolution-{name}={'0s' if k == UNLIMITED else k}" for name, k in kept.items()]


def owned_blocks(class_name: str) -> str:
    """The flag by which each block has one compactor at most.

    The default class owns what names no class as well: blocks of side cars, from before a change of mode. Blocks of
    a class that the stack has no longer are left alone rather than expired by another class's rules.
    """
    others = [known.value for known in RetentionClass if known != class_name]
    step = (
        {"action": "drop", "source_labels": [CLASS_LABEL], "regex": "|".join(others)}
        if class_name == DEFAULT_CLASS
        else {"action": "keep", "source_labels": [CLASS_LABEL], "regex": class_name}
    )
    return f"--selector.relabel-config={json.dumps([step])}"


# --- parts of a release


def _common(settings: Settings, keep: Keep, *parts: str) -> Values:
    """``parts`` are the components of the release, whose monitors have one endpoint configuration for all."""
    steps = metric_relabelings(keep, *(("thanos", part) for part in parts))
    return {
        "image": {"repository": repository(settings, "quay.io", "thanos/thanos")},
        "clusterDomain": settings.cluster.dns_domain,
        "objstoreConfig": {"create": False, "name": OBJSTORE_SECRET, "key": OBJSTORE_KEY},
        "serviceMonitor": {"enabled": True, **({"endpointConfig": steps} if steps else {})},
        "autoGomemlimit": {"enabled": True},
    }


def _replicated(size: PartSize) -> Values:
    return {"replicas": size.replicas, "resources": size.resources.manifest(), **kept_apart(size.replicas)}


def _ports(ports: Mapping[str, int]) -> Values:
    names = {"http": "httpPort", "grpc": "grpcPort", "remote-write": "httpRemoteWritePort"}
    return {names[name]: port for name, port in ports.items()}


def storage_access(settings: Settings) -> tuple[ObjectStorageSettings, Access]:
    """The storage of a stack with Thanos, and how its pods get at it. (The settings refuse Thanos without storage.)"""
    assert settings.object_storage is not None
    return settings.object_storage, access(settings.object_storage, claim=CLAIM)


def _storing(settings: Settings, size: PartSize) -> Values:
    """A part that keeps data, on a volume of its own and in the bucket."""
    storage, reach = storage_access(settings)
    values: Values = {
        "extraEnv": list(reach.env),
        "extraVolumes": list(reach.volumes),
        "extraVolumeMounts": list(reach.mounts),
        "persistence": {"enabled": True, "size": size.storage, "storageClass": settings.storage_class},
        # The file is mounted by a subPath, which Kubernetes does not update.
        "podAnnotations": {"checksum/objstore": hashlib.sha256(objstore_yaml(storage).encode()).hexdigest()},
    }
    if reach.annotations:
        values["serviceAccount"] = {"annotations": dict(reach.annotations)}
    if storage.kind == "filesystem":
        values["securityContext"] = _FILE_SYSTEM_USER
        values["podSecurityContext"] = {**_FILE_SYSTEM_USER, "fsGroup": _FILE_SYSTEM_USER["runAsGroup"]}
    return values


def _query_frontend(size: PartSize, services: Services) -> Values:
    answers = {"type": "IN-MEMORY", "config": {"max_size": _share(size, 4), "validity": "6h"}}
    labels = {"type": "IN-MEMORY", "config": {"max_size": _share(size, 16), "validity": "6h"}}
    return {
        "enabled": True,
        **_replicated(size),
        "service": _ports(services.thanos_query_frontend.ports),
        "extraArgs": [
            f"--query-range.response-cache-config={json.dumps(answers)}",
            f"--labels.response-cache-config={json.dumps(labels)}",
            "--cache-compression-type=snappy",
            "--query-frontend.compress-responses",
            "--query-frontend.log-queries-longer-than=10s",
        ],
    }


def _store_gateway(settings: Settings, size: PartSize) -> Values:
    # The default largest item (125 MiB) is more than the whole cache of a small one, which Thanos refuses.
    index = {"type": "IN-MEMORY", "config": {"max_size": _share(size, 6), "max_item_size": _share(size, 24)}}
    return {
        "enabled": True,
        **_replicated(size),
        **_storing(settings, size),
        "service": _ports(Services(settings).thanos_store_gateway.ports),
        "extraArgs": [
            # The default pool of 2GB is more than a small store gateway may have.
            f"--chunk-pool-size={_share(size, 3)}",
            f"--index-cache.config={json.dumps(index)}",
            "--store.enable-index-header-lazy-reader",
        ],
    }


def _share(size: PartSize, parts: int) -> str:
    """That part of the memory limit, as Thanos writes sizes."""
    return f"{size.resources.mebibytes(1, parts)}MiB"


def _hashring(ingestor: PartSize, services: Services) -> str:
    """Changes with whatever the chart makes the hashring of."""
    text = f"{services.thanos_ingestors.host} {ingestor.replicas}"
    return hashlib.sha256(text.encode()).hexdigest()


def _receive(settings: Settings, size: Sizing, services: Services) -> Values:
    router, ingestor = size[PartName.THANOS_RECEIVE_ROUTER], size[PartName.THANOS_RECEIVE]
    tenants = [f"--receive.tenant-label-name={CLASS_LABEL}", f"--receive.default-tenant-id={DEFAULT_CLASS.value}"]
    return {
        "enabled": True,
        "replicationFactor": replication_factor(ingestor.replicas),
        # Blocks are uploaded every two hours; two days stand an outage of the bucket.
        "retention": "48h",
        "router": {
            **_replicated(router),
            # The hashring is mounted by a subPath, which Kubernetes does not update: a router must not keep an old one.
            "podAnnotations": {"checksum/hashring": _hashring(ingestor, services)},
            "service": _ports(services.thanos_receive.ports),
            "extraArgs": [
                *tenants,
                f"--receive.split-tenant-label-name={CLASS_LABEL}",
                # With hashmod a further ingestor would move most series.
                "--receive.hashrings-algorithm=ketama",
            ],
        },
        "ingestor": {
            **_replicated(ingestor),
            **_storing(settings, ingestor),
            # On its way out an ingestor writes what it holds to a block and uploads it.
            "terminationGracePeriodSeconds": 900,
            "extraArgs": [*tenants, f"--tsdb.max-exemplars={_EXEMPLARS}"],
        },
    }
