"""cert-manager's controller as its chart 1.21 installs it.

cert-manager/cert-manager deploy/charts/cert-manager/templates/{deployment,service}.yaml.
"""

from __future__ import annotations

from obs.simulate.platform.manifests import Manifest, container, namespace, pod_spec, service, workload

NAMESPACE = "cert-manager"
PORT = 9402
SELECTOR = {
    "app.kubernetes.io/name": "cert-manager",
    "app.kubernetes.io/instance": "cert-manager",
    "app.kubernetes.io/component": "controller",
}


def objects() -> list[Manifest]:
    labels = {**SELECTOR, "app": "cert-manager", "app.kubernetes.io/managed-by": "Helm"}
    image = "quay.io/jetstack/cert-manager-controller:v1.21.1"
    spec = pod_spec(container("cert-manager-controller", image, {"http-metrics": PORT, "http-healthz": 9403}))
    ports: dict[str, tuple[int, int | str]] = {"tcp-prometheus-servicemonitor": (PORT, "http-metrics")}
    return [
        namespace(NAMESPACE),
        workload(
            "Deployment", "cert-manager", NAMESPACE, labels=labels, selector=SELECTOR, pod_labels=labels, spec=spec
        ),
        service("cert-manager", NAMESPACE, labels=labels, selector=SELECTOR, ports=ports),
    ]
