"""Values of the chart kube-prometheus-stack: literals only, secrets by name, nothing random, no hooks.

Why each switch is as it is: docs/adr/0003-kube-prometheus-stack.md.
"""

from __future__ import annotations

from typing import Any

from components.control_plane_values import control_plane_values
from components.grafana_values import grafana_values
from components.images import global_registry
from components.keep_lists import Keep, kubelet_relabelings, metric_relabelings, monitor_values
from components.object_storage import volume_claim
from components.prometheus_store import (
    Classes,
    budget,
    external_labels,
    prometheus_spec,
    prometheus_values,
    ruler_values,
)
from components.rbac import watches_kubelets
from components.remote_store import remote_write
from components.restricted import RESTRICTED_CONTAINER
from components.sizes import Sizing
from model.quantity import compressed, quantity
from model.scrape import Relabeling
from settings import Settings
from settings.parts import PartName
from systems.nodes import NODE_LABEL

ALERTMANAGER_CONFIG_SECRET = "alertmanager-config"
RECEIVERS_SECRET = "alertmanager-receivers"
SCRAPE_INTERVAL = "30s"
# In memory, about 100 bytes each: the newest of all series, the oldest go first.
_EXEMPLARS = 100_000
Values = dict[str, Any]


def agents_namespace(settings: Settings) -> str:
    """Node exporters need host access: a namespace of their own keeps the other one restricted."""
    return f"{settings.namespace}-agents"


def _interval(settings: Settings) -> str:
    return compressed(SCRAPE_INTERVAL, settings.time_compression)


def kube_prometheus_values(settings: Settings, size: Sizing, classes: Classes, keep: Keep) -> Values:
    """The values of one stack. Shape: the chart's values.yaml at the pinned version.

    ``classes`` says of which retention class series are, where the store tells classes apart, ``keep`` what is
    stored of each source.
    """
    return {
        # Its roles are ours: the chart's operator has every verb on every Secret of the cluster (components/rbac.py).
        "global": {"rbac": {"create": False}, **global_registry(settings).get("global", {})},
        "crds": {"enabled": False},
        # Our own rules and dashboards are checked against contracts; the chart's are not ours to check.
        "defaultRules": {"create": False},
        # A source of the cluster that no enabled system reads is not scraped; the stack's own parts are.
        **control_plane_values(settings, keep),
        "kubelet": {
            "enabled": watches_kubelets(settings),
            # The chart's own 10s are three times the series of everything else together.
            "serviceMonitor": {
                "interval": _interval(settings),
                "cAdvisorInterval": _interval(settings),
                **kubelet_relabelings(keep),
            },
        },
        "kubeStateMetrics": {"enabled": "kubernetes" in settings.systems},
        "nodeExporter": {"enabled": "nodes" in settings.systems},
        "kube-state-metrics": {
            "resources": size[PartName.STATE_METRICS].resources.manifest(),
            # To count them it would read their content, and nothing here asks how many there are.
            "collectorsExclude": ["secrets", "configmaps"],
            "prometheus": {"monitor": {"http": metric_relabelings(keep, "kube-state-metrics")}},
        },
        "prometheus-node-exporter": _node_exporter(settings, size, keep),
        # Without the hook jobs nobody makes the webhook's certificate, and with tls on the operator waits for it.
        "prometheusOperator": {
            "admissionWebhooks": {"enabled": False},
            "tls": {"enabled": False},
            "resources": size[PartName.OPERATOR].resources.manifest(),
            # kube-prometheus' own numbers; the chart leaves the reloaders beside every server without any.
            "prometheusConfigReloader": {"resources": _RELOADER},
            "kubeletService": {"enabled": watches_kubelets(settings)},
            # It makes servers, and reads Secrets, in this namespace only; monitors and rules it takes from all.
            **{f"{kind}Namespaces": [settings.namespace] for kind in _OPERATED},
            **monitor_values(keep, "prometheus-operator"),
        },
        # These two have one list for the server and the reloader beside it.
        "prometheus": {
            **_prometheus(settings, size, classes, keep),
            **monitor_values(keep, "prometheus", "prometheus-config-reloader"),
        },
        "alertmanager": {
            **_alertmanager(settings, size),
            **monitor_values(keep, "alertmanager", "prometheus-config-reloader"),
        },
        "thanosRuler": ruler_values(settings, size, classes, keep),
        "grafana": {**grafana_values(settings, size), **monitor_values(keep, "grafana")},
    }


_RELOADER = {"requests": {"cpu": "10m", "memory": "50Mi"}, "limits": {"memory": "64Mi"}}
_OPERATED = ("prometheusInstance", "alertmanagerInstance", "thanosRulerInstance", "alertmanagerConfig")


def _relabeling(step: Relabeling) -> Values:
    """A relabeling as chart values; unset fields are left out."""
    fields: Values = {"action": step.action, "targetLabel": step.target_label, "replacement": step.replacement}
    fields |= {"sourceLabels": list(step.source_labels) or None, "regex": step.regex}
    return {key: value for key, value in fields.items() if value is not None}


def _node_exporter(settings: Settings, size: Sizing, keep: Keep) -> Values:
    return {
        "namespaceOverride": agents_namespace(settings),
        # The node's address alone, on which Prometheus scrapes it, rather than every address that the node has.
        "service": {"listenOnAllInterfaces": False},
        # As little as a reader of /proc and /sys needs; the exceptions are in components/pod_security.py.
        "containerSecurityContext": {**RESTRICTED_CONTAINER, "seccompProfile": {"type": "RuntimeDefault"}},
        "resources": size[PartName.NODE_EXPORTER].resources.manifest(),
        "prometheus": {
            "monitor": {"relabelings": [_relabeling(NODE_LABEL)], **metric_relabelings(keep, "node-exporter")}
        },
    }


def _claim(settings: Settings, storage: str) -> Values:
    return {"spec": volume_claim(settings.storage_class, storage)}


def _prometheus(settings: Settings, size: Sizing, classes: Classes, keep: Keep) -> Values:
    selectors = ("rule", "serviceMonitor", "podMonitor", "probe", "scrapeConfig")
    cluster = Relabeling(target_label="cluster", replacement=settings.cluster.name)
    return {
        # Two replicas hold slightly different samples: without affinity a graph jumps between them.
        "service": {"sessionAffinity": "ClientIP"},
        "podDisruptionBudget": budget(size[PartName.PROMETHEUS].replicas),
        "prometheusSpec": {
            "replicas": size[PartName.PROMETHEUS].replicas,
            "shards": settings.shards,
            "retention": settings.prometheus.retention,
            "retentionSize": _most_of(size[PartName.PROMETHEUS].storage),
            # A counter that is born at 1 (a first failed sync) would otherwise not count as an increase.
            "enableFeatures": [
                "created-timestamp-zero-ingestion",
                *(["exemplar-storage"] if settings.traces.enabled else []),
            ],
            "scrapeInterval": _interval(settings),
            "evaluationInterval": _interval(settings),
            "resources": size[PartName.PROMETHEUS].resources.manifest(),
            "storageSpec": {"volumeClaimTemplate": _claim(settings, size[PartName.PROMETHEUS].storage)},
            "externalLabels": external_labels(settings),
            "remoteWrite": remote_write(settings),
            # External labels are invisible to rules (K21); a scrape class puts the cluster on every series.
            "scrapeClasses": [{"name": "cluster", "default": True, "relabelings": [_relabeling(cluster)]}],
            # false with empty selectors means: take every object of the cluster, whatever its labels (K01).
            **{f"{kind}SelectorNilUsesHelmValues": False for kind in selectors},
            **prometheus_spec(settings, size, classes),
            **_for_traces(settings),
        },
        **prometheus_values(settings, keep),
    }


def _for_traces(settings: Settings) -> Values:
    """Exemplars lead from metrics to traces; the metrics that Tempo makes of spans come by remote write."""
    if not settings.traces.enabled:
        return {}
    return {"exemplars": {"maxSize": _EXEMPLARS}, "enableRemoteWriteReceiver": True}


def _most_of(storage: str) -> str:
    """85 % of the volume as Prometheus' retention.size in MiB: a full volume stops Prometheus for good."""
    return f"{int(quantity(storage) * 85 / 100 / 2**20)}MiB"


def _alertmanager(settings: Settings, size: Sizing) -> Values:
    return {
        # It never asks the API.
        "serviceAccount": {"automountServiceAccountToken": False},
        "podDisruptionBudget": budget(size[PartName.ALERTMANAGER].replicas),
        "alertmanagerSpec": {
            "automountServiceAccountToken": False,
            "replicas": size[PartName.ALERTMANAGER].replicas,
            "resources": size[PartName.ALERTMANAGER].resources.manifest(),
            "storage": {"volumeClaimTemplate": _claim(settings, size[PartName.ALERTMANAGER].storage)},
            "useExistingSecret": True,
            "configSecret": ALERTMANAGER_CONFIG_SECRET,
            "secrets": [RECEIVERS_SECRET] if settings.alerting.secret_keys else [],
        },
    }
