"""Values of the chart opentelemetry-collector, once for each of the two tiers. Literals only.

``alternateConfig`` replaces the chart's own configuration (receivers of Jaeger and Zipkin, a debug exporter) as a
whole; merged into it, a list would replace a list and nothing else would go away.
"""

from __future__ import annotations

from typing import Any

from components.availability import kept_apart
from components.collector_config import QUEUE_DIRECTORY, Config, gateway_config, sampler_config
from components.collector_processors import FEATURE_GATES
from components.images import repository
from components.keep_lists import Keep, metric_relabelings
from components.kube_prometheus_values import SCRAPE_INTERVAL
from components.origin import ORIGIN_LABEL, OTLP
from components.rbac import cluster_name
from components.restricted import RESTRICTED_CONTAINER, restricted_pod
from components.services import COLLECTOR_GATEWAY, COLLECTOR_SAMPLER, Service, Services
from components.sizes import PartSize, Sizing
from model.quantity import compressed
from settings import Settings
from settings.parts import PartName

Values = dict[str, Any]

_USER = 10001
"""The user of the image."""
_CHART_PORTS = ("otlp", "otlp-http", "jaeger-compact", "jaeger-thrift", "jaeger-grpc", "zipkin", "metrics")
# Names and places of pods come from the pods themselves; nothing else of the cluster is read.
_READ_PODS = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}
_TARGET_LABELS = "namespace|pod|service|endpoint|container"


def gateway_values(settings: Settings, sizes: Sizing, keep: Keep = None) -> Values:
    """The tier that applications send to: any pod of it will do."""
    service, size = Services(settings).collector_gateway, sizes[PartName.COLLECTOR_GATEWAY]
    role = cluster_name(settings, COLLECTOR_GATEWAY)
    return {
        **_values(settings, COLLECTOR_GATEWAY, service, size, gateway_config(settings, sizes)),
        "mode": "deployment",
        "clusterRole": {"create": True, "name": role, "rules": [_READ_PODS], "clusterRoleBinding": {"name": role}},
        "serviceMonitor": {"enabled": True, "metricsEndpoints": [_own_metrics(settings, keep)]},
        # A new pod is ready before an old one goes.
        "rollout": {"strategy": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
    }


def sampler_values(settings: Settings, sizes: Sizing, keep: Keep = None) -> Values:
    """The tier that keeps state: traces until they are decided, on its volume what Tempo has not taken, and series."""
    service, size = Services(settings).collector_sampler, sizes[PartName.COLLECTOR_SAMPLER]
    values = {
        **_values(settings, COLLECTOR_SAMPLER, service, size, sampler_config(settings, sizes)),
        "mode": "statefulset",
        "service": {"clusterIP": "None"},
        "serviceAccount": {"create": True, "automountServiceAccountToken": False},
        "serviceMonitor": {
            "enabled": True,
            "metricsEndpoints": [_own_metrics(settings, keep), _applications_metrics(settings)],
        },
    }
    if settings.traces.enabled:
        values |= {
            "command": {"extraArgs": [f"--feature-gates={','.join(FEATURE_GATES)}"]},
            "statefulset": {"volumeClaimTemplates": [_claim(settings, size)]},
            "extraVolumeMounts": [{"name": "queue", "mountPath": QUEUE_DIRECTORY}],
        }
    return values


def _values(settings: Settings, release: str, service: Service, size: PartSize, config: Config) -> Values:
    return {
        "fullnameOverride": release,
        "image": {"repository": repository(settings, "docker.io", "otel/opentelemetry-collector-contrib")},
        "alternateConfig": templated(config),
        "replicaCount": size.replicas,
        "resources": size.resources.manifest(),
        "ports": _ports(service),
        "podSecurityContext": {**restricted_pod(_USER), "fsGroupChangePolicy": "OnRootMismatch"},
        "securityContext": RESTRICTED_CONTAINER,
        # What is in memory is sent or put on the volume before the end.
        "terminationGracePeriodSeconds": 60,
        **kept_apart(size.replicas, service.pods),
    }


def templated(value: Any) -> Any:
    """The value as the chart may take it: all of the configuration is a template to Helm, and ``{{`` would open one."""
    if isinstance(value, dict):
        return {key: templated(item) for key, item in value.items()}
    if isinstance(value, list):
        return [templated(item) for item in value]
    return value.replace("{{", "{{`{{`}}") if isinstance(value, str) else value


def _ports(service: Service) -> Values:
    """Those of the Service and no others."""
    off = {name: {"enabled": False} for name in _CHART_PORTS if name not in service.ports}
    on = {
        name: {"enabled": True, "containerPort": port, "servicePort": port, "protocol": "TCP"}
        for name, port in service.ports.items()
    }
    return {**off, **on}


def _own_metrics(settings: Settings, keep: Keep) -> Values:
    interval = compressed(SCRAPE_INTERVAL, settings.time_compression)
    return {"port": "metrics", "interval": interval, **metric_relabelings(keep, "collector")}


def _applications_metrics(settings: Settings) -> Values:
    """The applications' own job, instance, namespace and pod, and not those of the sampler that has their series.

    Without a keep-list: who sends, and what, is not known here.
    """
    return {
        "port": "prometheus",
        "interval": compressed(SCRAPE_INTERVAL, settings.time_compression),
        "honorLabels": True,
        "relabelings": [
            {"action": "labeldrop", "regex": _TARGET_LABELS},
            {"targetLabel": ORIGIN_LABEL, "replacement": OTLP},
        ],
    }


def _claim(settings: Settings, size: PartSize) -> Values:
    return {
        "metadata": {"name": "queue"},
        "spec": {
            "storageClassName": settings.storage_class,
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": size.storage}},
        },
    }
