"""Trino as its chart installs it in a release of the same name, with one worker.

trinodb/charts charts/trino templates/{deployment,service}-{coordinator,worker}.yaml, _helpers.tpl, values.yaml.
"""

from __future__ import annotations

from obs.simulate.platform.manifests import Manifest, container, namespace, pod_spec, service, workload

NAMESPACE = "trino"
PORT = 8080
_IMAGE = "trinodb/trino:480"
_SELECTOR = {"app.kubernetes.io/name": "trino", "app.kubernetes.io/instance": "trino"}


def objects() -> list[Manifest]:
    return [
        namespace(NAMESPACE),
        *_component("coordinator", "trino"),
        *_component("worker", "trino-worker"),
    ]


def labels(component: str) -> dict[str, str]:
    """Of the pods, Deployments and Services of a component."""
    return {
        "helm.sh/chart": "trino-1.42.0",
        **_SELECTOR,
        "app.kubernetes.io/version": "480",
        "app.kubernetes.io/managed-by": "Helm",
        "app.kubernetes.io/component": component,
    }


def _component(component: str, service_name: str) -> list[Manifest]:
    selector = {**_SELECTOR, "app.kubernetes.io/component": component}
    return [
        workload(
            "Deployment",
            f"trino-{component}",
            NAMESPACE,
            labels=labels(component),
            selector=selector,
            spec=pod_spec(container(f"trino-{component}", _IMAGE, {"http": PORT})),
        ),
        service(service_name, NAMESPACE, labels=labels(component), selector=selector, ports={"http": (PORT, "http")}),
    ]
