"""Values of the chart loki: one process for small and medium stacks, one Deployment or StatefulSet a task for large.

What the chart brings and is off: its canary and tests, the side car that reads rules (and with it every Secret of
the namespace), zones with their operator, MinIO, its rules and dashboards. The ruler is off as long as no alert is
made of logs; docs/how-to/logs.md says how one would be.
"""

from __future__ import annotations

from typing import Any

from components.images import global_registry
from components.keep_lists import Keep, metric_relabelings
from components.kube_prometheus_values import SCRAPE_INTERVAL
from components.loki_config import Values, loki_config
from components.object_storage import Access, access
from components.sizes import MEMCACHED_EXPORTER, PartSize, Sizing
from model.quantity import compressed
from settings import Settings
from settings.object_storage import ObjectStorageSettings
from settings.parts import PartName

_P = PartName
# Key of the chart -> (its part, its component label, whether it reads or writes the object storage).
_TASKS: dict[str, tuple[PartName, str, bool]] = {
    "distributor": (_P.LOKI_DISTRIBUTOR, "distributor", False),
    "ingester": (_P.LOKI_INGESTER, "ingester", True),
    "querier": (_P.LOKI_QUERIER, "querier", True),
    "queryFrontend": (_P.LOKI_QUERY_FRONTEND, "query-frontend", False),
    "queryScheduler": (_P.LOKI_QUERY_SCHEDULER, "query-scheduler", False),
    "indexGateway": (_P.LOKI_INDEX_GATEWAY, "index-gateway", True),
    "compactor": (_P.LOKI_COMPACTOR, "compactor", True),
}
_STATEFUL = ("ingester", "indexGateway", "compactor")
_CACHES = {"chunksCache": _P.LOKI_CHUNKS_CACHE, "resultsCache": _P.LOKI_RESULTS_CACHE}
_WITHOUT_RULER = '{{ include "loki.nginxFile" . | replace "http://loki-ruler." "http://loki-query-frontend." }}'
_OFF: Values = {"enabled": False}


def loki_values(settings: Settings, size: Sizing, keep: Keep = None) -> Values:
    """The values of one stack that keeps logs. Shape: the chart's values.yaml at the pinned version."""
    storage = settings.object_storage
    if storage is None:
        raise ValueError("a stack that keeps logs has objectStorage; the settings see to that")
    # Kind filesystem: Loki's own volume, so that there is no other to reach.
    reach = Access() if storage.kind == "filesystem" else access(storage, claim="")
    mode = _distributed if settings.logs_mode == "distributed" else _monolithic
    return {
        "global": {"clusterDomain": settings.cluster.dns_domain, **global_registry(settings).get("global", {})},
        # Nothing of Loki talks to the API server. Workload identity needs no token either, only the annotation.
        "defaults": {"automountServiceAccountToken": False},
        "serviceAccount": {"automountServiceAccountToken": False, "annotations": dict(reach.annotations or {})},
        # The chart's cluster-wide role is for the side car.
        "rbac": {"namespaced": True},
        "sidecar": {"rules": _OFF},
        "ruler": _OFF,
        "test": _OFF,
        "lokiCanary": _OFF,
        "monitoring": {
            "serviceMonitor": {
                "enabled": True,
                "interval": compressed(SCRAPE_INTERVAL, settings.time_compression),
                # Otherwise the job is "NAMESPACE/loki".
                "jobPrefix": "",
                **metric_relabelings(keep, "loki"),
            }
        },
        # The tasks of the mode between the two, whose replicas are 3 by default.
        **{key: {"replicas": 0} for key in ("read", "write", "backend")},
        **mode(settings, size, storage, reach),
    }


def _monolithic(settings: Settings, size: Sizing, storage: ObjectStorageSettings, reach: Access) -> Values:
    part = size[_P.LOKI]
    return {
        "deploymentMode": "Monolithic",
        "loki": loki_config(settings, storage, part.replicas),
        "singleBinary": {
            **_task(part, "single-binary", reach),
            # The one process has a ruler in it, with no rules: nobody adds any through Loki's API.
            "extraArgs": ["-ruler.enable-api=false"],
            # It writes what it holds in memory to the object storage first; the chart gives ingesters that time.
            "terminationGracePeriodSeconds": 300,
            "persistence": {"size": part.storage, "storageClass": settings.storage_class},
        },
        "gateway": _OFF,
        # A process that has everything else in its memory is better off with that memory.
        **dict.fromkeys(("memcached", *_CACHES), _OFF),
    }


def _distributed(settings: Settings, size: Sizing, storage: ObjectStorageSettings, reach: Access) -> Values:
    tasks = {
        key: _task(size[part], label, reach if reads else Access()) for key, (part, label, reads) in _TASKS.items()
    }
    tasks["ingester"]["zoneAwareReplication"] = _OFF
    # One replica, and no key for a budget.
    del tasks["compactor"]["podDisruptionBudget"]
    for key in _STATEFUL:
        # A list replaces the chart's whole: so the name that it expects and the access modes are said again.
        claim = {"name": "data", "accessModes": ["ReadWriteOnce"], "storageClass": settings.storage_class}
        claim["size"] = size[_TASKS[key][0]].storage
        tasks[key]["persistence"] = {"enabled": True, "claims": [claim]}
    gateway = size[_P.LOKI_GATEWAY]
    return {
        "deploymentMode": "Distributed",
        "loki": loki_config(settings, storage, size[_P.LOKI_INGESTER].replicas),
        "singleBinary": {"replicas": 0},
        **tasks,
        "gateway": {
            **_placed(gateway, "gateway"),
            # Its access log would be most of the lines of a quiet stack, and Loki counts its requests itself.
            "verboseLogging": False,
            # The chart's file leads questions about rules to a ruler, whether there is one or not. The query frontend
            # answers them with 404.
            "nginxConfig": {"file": _WITHOUT_RULER},
            "metrics": _OFF,
        },
        **{key: _cache(size[part]) for key, part in _CACHES.items()},
        "memcachedExporter": {"resources": MEMCACHED_EXPORTER.manifest()},
    }


def _task(part: PartSize, label: str, reach: Access) -> Values:
    return {
        **_placed(part, label),
        "extraEnv": list(reach.env),
        "extraVolumes": list(reach.volumes),
        "extraVolumeMounts": list(reach.mounts),
    }


def _placed(part: PartSize, label: str) -> Values:
    """Replicas, resources, and pods on different nodes where there are enough: the chart would leave them pending."""
    selector = {"app.kubernetes.io/name": "loki", "app.kubernetes.io/component": label}
    term = {"labelSelector": {"matchLabels": selector}, "topologyKey": "kubernetes.io/hostname"}
    apart: dict[str, Any] = {
        "requiredDuringSchedulingIgnoredDuringExecution": [],
        "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "podAffinityTerm": term}],
    }
    return {
        "replicas": part.replicas,
        "resources": part.resources.manifest(),
        "affinity": {"podAntiAffinity": apart},
        # The chart makes a budget only where there is more than one replica, and only with a number.
        "podDisruptionBudget": {"maxUnavailable": 1},
    }


def _cache(part: PartSize) -> Values:
    """memcached: four fifths of the container's memory for items, the rest for connections and its own book-keeping."""
    return {
        "replicas": part.replicas,
        "resources": part.resources.manifest(),
        "allocatedMemory": part.resources.mebibytes(4, 5),
        # Waiting writes live in the memory of the one who waits: 500MB by default, half of a distributor.
        "writebackSizeLimit": "64MB",
    }
