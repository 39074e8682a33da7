"""istiod, a gateway and a workload with a sidecar, as Istio's charts 1.30 and its injection make them.

istio/istio manifests/charts/istio-control/istio-discovery (templates/service.yaml, files/injection-template.yaml,
files/gateway-injection-template.yaml) and manifests/charts/gateway.
"""

from __future__ import annotations

from obs.simulate.platform.manifests import Manifest, container, namespace, pod_spec, service, workload

NAMESPACE, GATEWAYS, WORKLOADS = "istio-system", "istio-ingress", "portal"
PORT, PROXY_PORT = 15014, 15090
ISTIOD = {"app": "istiod", "istio": "pilot"}
GATEWAY = {"app": "istio-ingressgateway", "istio": "ingressgateway"}
WORKLOAD = {"app": "portal", "security.istio.io/tlsMode": "istio"}


def _proxy() -> Manifest:
    ports = {"http-envoy-prom": PROXY_PORT}
    return container("istio-proxy", "docker.io/istio/proxyv2:1.30.3", ports, ("proxy",))


def objects() -> list[Manifest]:
    istiod = pod_spec(container("discovery", "docker.io/istio/pilot:1.30.3", {"monitoring": PORT, "grpc-xds": 15010}))
    portal = pod_spec(container("portal", "registry.example.com/portal:1.0.0", {"http": 8080}), _proxy())
    made = [namespace(name) for name in (NAMESPACE, GATEWAYS, WORKLOADS)]
    for name, where, labels, spec in (
        ("istiod", NAMESPACE, ISTIOD, istiod),
        ("istio-ingressgateway", GATEWAYS, GATEWAY, pod_spec(_proxy())),
        ("portal", WORKLOADS, WORKLOAD, portal),
    ):
        made.append(workload("Deployment", name, where, labels=labels, selector=labels, spec=spec))
    ports: dict[str, tuple[int, int | str]] = {"grpc-xds": (15010, 15010), "http-monitoring": (PORT, PORT)}
    return [*made, service("istiod", NAMESPACE, labels=ISTIOD, selector=ISTIOD, ports=ports)]
