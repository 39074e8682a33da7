"""How Prometheus hands its samples on, and the ruler: values of the chart kube-prometheus-stack where Thanos is on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components.keep_lists import Keep, metric_relabelings, monitor_values
from components.object_storage import OBJSTORE_KEY, OBJSTORE_SECRET, Access, volume_claim
from components.remote_store import QUEUE
from components.rules import EVALUATOR_LABEL
from components.series_classes import TENANT_HEADER, class_queues, class_relabeling
from components.services import Services
from components.sizes import Sizing
from components.thanos_values import storage_access
from model.quantity import compressed
from model.rule import Evaluator
from model.system import RetentionClass, SeriesClass
from settings import Settings
from settings.parts import PartName

_BUCKET = {"existingSecret": {"name": OBJSTORE_SECRET, "key": OBJSTORE_KEY}}
Classes = Mapping[RetentionClass, SeriesClass]
Values = dict[str, Any]


def budget(replicas: int) -> Values:
    """A drain takes one at a time; of a single one a budget would hold up the drain for ever."""
    if replicas == 1:
        return {"enabled": False}
    # The chart has minAvailable, and an object may not have both. Kubernetes 1.25 does not know the other field.
    return {"enabled": True, "minAvailable": replicas - 1, "unhealthyPodEvictionPolicy": None}


def external_labels(settings: Settings) -> dict[str, str]:
    """On everything that leaves Prometheus or the ruler: samples, blocks and alerts."""
    cluster = settings.cluster
    return {"cluster": cluster.name, "environment": cluster.environment, "platform": cluster.platform}


def prometheus_values(settings: Settings, keep: Keep) -> Values:
    """What ``prometheus`` gets in mode sidecar: the side car, its Service and its way to the bucket."""
    if settings.thanos_mode != "sidecar":
        return {}
    _, reach = storage_access(settings)
    return {
        "thanosService": {"enabled": True},
        "thanosServiceMonitor": {"enabled": True, **metric_relabelings(keep, ("thanos", "sidecar"))},
        **_account(reach),
    }


def prometheus_spec(settings: Settings, size: Sizing, classes: Classes) -> Values:
    """What ``prometheus.prometheusSpec`` gets: the side car or remote write, and which rules are its own."""
    if settings.thanos_mode is None:
        return {}
    not_the_rulers = {"key": EVALUATOR_LABEL, "operator": "NotIn", "values": [Evaluator.RULER.value]}
    ours = {"ruleSelector": {"matchExpressions": [not_the_rulers]}}
    if settings.thanos_mode == "receive":
        return {**ours, "remoteWrite": [remote_write(settings, classes)]}
    _, reach = storage_access(settings)
    # The operator merges a container of this name into the one that it makes.
    sidecar = {"name": "thanos-sidecar", "env": list(reach.env), "volumeMounts": list(reach.mounts)}
    return {
        **ours,
        "thanos": {
            "objectStorageConfig": _BUCKET,
            "resources": size[PartName.THANOS_SIDECAR].resources.manifest(),
        },
        "containers": [{key: value for key, value in sidecar.items() if value}],
        "volumes": list(reach.volumes),
    }


def remote_write(settings: Settings, classes: Classes) -> Values:
    """One entry of ``remoteWrite``: everything to Receive, each series with its class."""
    return _queue(settings, "thanos-receive", class_relabeling(classes)) | {"sendExemplars": True}


def _queue(settings: Settings, name: str, relabeling: list[Values]) -> Values:
    return {
        "name": name,
        "url": Services(settings).thanos_receive.url("remote-write", "/api/v1/receive"),
        "writeRelabelConfigs": relabeling,
        "queueConfig": dict(QUEUE),
    }


def ruler_values(settings: Settings, size: Sizing, classes: Classes, keep: Keep) -> Values:
    """``thanosRuler``: the rules that look back further than Prometheus keeps.

    In mode sidecar it uploads blocks of its own. In mode receive it writes to Receive like Prometheus, so that what it
    records gets the class of its name; a block of its own would be of one class as a whole.
    """
    if settings.thanos_mode is None:
        return {"enabled": False}
    services, ruler = Services(settings), size[PartName.THANOS_RULER]
    spec: Values = {
        "replicas": ruler.replicas,
        "resources": ruler.resources.manifest(),
        "storage": {"volumeClaimTemplate": {"spec": volume_claim(settings.storage_class, ruler.storage)}},
        "retention": "48h",
        "evaluationInterval": compressed("1m", settings.time_compression),
        "ruleSelectorNilUsesHelmValues": False,
        "ruleSelector": {"matchLabels": {EVALUATOR_LABEL: Evaluator.RULER.value}},
        "queryEndpoints": [services.thanos_query.url()],
        "alertQueryUrl": services.thanos_query.url(),
        # Every Alertmanager by its own address, as Prometheus does: they share silences, not alerts.
        "alertmanagersUrl": [f"dns+{services.alertmanagers.url()}"],
        "externalPrefixNilUsesHelmValues": False,
        # The operator adds the label of the replica, and takes it off alerts: both replicas send the same alert.
        "labels": external_labels(settings),
    }
    on: Values = {
        "enabled": True,
        "podDisruptionBudget": budget(ruler.replicas),
        **monitor_values(keep, ("thanos", "ruler")),
    }
    if settings.thanos_mode == "receive":
        return {**on, "thanosRulerSpec": {**spec, **_stateless(settings, classes)}}
    _, reach = storage_access(settings)
    bucket = {
        "objectStorageConfig": _BUCKET,
        "extraEnv": list(reach.env),
        "volumes": list(reach.volumes),
        "volumeMounts": list(reach.mounts),
    }
    return {**on, "thanosRulerSpec": {**spec, **bucket}, **_account(reach)}


def _stateless(settings: Settings, classes: Classes) -> Values:
    # What a restarted ruler reads of its alerts' state comes back with the external labels, which alerts have not.
    extra = [name for name in external_labels(settings) if name != "cluster"]
    return {
        "remoteWrite": [
            _queue(settings, f"thanos-receive-{name}", steps) | {"headers": {TENANT_HEADER: name.value}}
            for name, steps in class_queues(classes).items()
        ],
        "additionalArgs": [{"name": "restore-ignored-label", "value": name} for name in extra],
    }


def _account(reach: Access) -> Values:
    return {"serviceAccount": {"annotations": dict(reach.annotations)}} if reach.annotations else {}
