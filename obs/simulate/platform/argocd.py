"""Argo CD as the argo-cd chart 10.1.1 installs it, with metrics on.

Names, labels and ports: argoproj/argo-helm charts/argo-cd templates/argocd-*/{deployment,statefulset,metrics}.yaml,
templates/redis, templates/_common.tpl (labels, selectorLabels; nameOverride is argocd) and values.yaml.
"""

from __future__ import annotations

from dataclasses import dataclass

from obs.simulate.platform.manifests import Manifest, container, namespace, pod_spec, service, workload

NAMESPACE = "argocd"
_RELEASE = "argocd"
_VERSION = "v3.4.4"
_IMAGE = f"quay.io/argoproj/argocd:{_VERSION}"


@dataclass(frozen=True)
class Component:
    """``ports`` of the container, ``metrics`` of the metrics Service; ``metrics_name`` is in that Service's labels."""

    name: str
    ports: dict[str, int]
    metrics: int
    metrics_name: str
    kind: str = "Deployment"


COMPONENTS = (
    Component("application-controller", {"metrics": 8082}, 8082, "metrics", "StatefulSet"),
    Component("server", {"server": 8080, "metrics": 8083}, 8083, "server-metrics"),
    Component("repo-server", {"repo-server": 8081, "metrics": 8084}, 8084, "repo-server-metrics"),
    Component("applicationset-controller", {"metrics": 8080, "probe": 8081, "webhook": 7000}, 8080, "metrics"),
    Component("notifications-controller", {"metrics": 9001}, 9001, "metrics"),
)


def objects() -> list[Manifest]:
    made = [namespace(NAMESPACE)]
    for component in COMPONENTS:
        made += [_workload(component), _metrics_service(component)]
    redis = container("redis", "ecr-public.aws.com/docker/library/redis:8.2.3-alpine", {"redis": 6379})
    selector = {"app.kubernetes.io/name": "argocd-redis"}
    made.append(
        workload(
            "Deployment",
            "argocd-redis",
            NAMESPACE,
            labels=labels("redis", "redis"),
            selector=selector,
            spec=pod_spec(redis),
        )
    )
    return made


def selector_labels(name: str) -> dict[str, str]:
    return {"app.kubernetes.io/name": f"argocd-{name}", "app.kubernetes.io/instance": _RELEASE}


def labels(component: str, name: str) -> dict[str, str]:
    return {
        "helm.sh/chart": "argo-cd-10.1.1",
        **selector_labels(name),
        "app.kubernetes.io/component": component,
        "app.kubernetes.io/managed-by": "Helm",
        "app.kubernetes.io/part-of": "argocd",
        "app.kubernetes.io/version": _VERSION,
    }


def _workload(component: Component) -> Manifest:
    name = component.name
    return workload(
        component.kind,
        f"{_RELEASE}-{name}",
        NAMESPACE,
        labels=labels(name, name),
        selector=selector_labels(name),
        spec=pod_spec(container(name, _IMAGE, component.ports)),
    )


def _metrics_service(component: Component) -> Manifest:
    return service(
        f"{_RELEASE}-{component.name}-metrics",
        NAMESPACE,
        labels=labels(component.name, component.metrics_name),
        selector=selector_labels(component.name),
        ports={"http-metrics": (component.metrics, "metrics")},
    )
