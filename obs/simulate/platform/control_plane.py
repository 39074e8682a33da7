"""The control plane as kubeadm makes it (static pods with the labels ``component`` and ``tier``), CoreDNS, kube-proxy.

Labels and ports: kubernetes/kubernetes cmd/kubeadm/app/phases/{controlplane,etcd}, cluster/addons/dns/coredns and
cmd/kubeadm/app/phases/addons/proxy. The Services of all but the API server come with kube-prometheus-stack.

Here the API server's pod has a Service of its own in ``default``: that of Kubernetes leads to the address that the API
server announces, and it announces none on the loopback interface.
"""

from __future__ import annotations

from obs.simulate.platform.manifests import Manifest, container, pod_spec, service, workload

API_SERVER_PORT, ETCD_PORT, SCHEDULER_PORT, CONTROLLER_MANAGER_PORT = 6443, 2381, 10259, 10257
COREDNS_PORT, KUBE_PROXY_PORT = 9153, 10249
API_SERVER, ETCD = {"component": "kube-apiserver"}, {"component": "etcd"}
SCHEDULER, CONTROLLER_MANAGER = {"component": "kube-scheduler"}, {"component": "kube-controller-manager"}
COREDNS, KUBE_PROXY = {"k8s-app": "kube-dns"}, {"k8s-app": "kube-proxy"}
_SYSTEM, _DEFAULT = "kube-system", "default"
_VERSION = "v1.36.4"


def objects() -> list[Manifest]:
    return [
        _part("kube-apiserver", _DEFAULT, API_SERVER, ("https", API_SERVER_PORT)),
        service(
            "kube-apiserver",
            _DEFAULT,
            labels={"component": "apiserver", "provider": "kubernetes"},
            selector=API_SERVER,
            ports={"https": (443, API_SERVER_PORT)},
        ),
        _part("etcd", _SYSTEM, ETCD, ("metrics", ETCD_PORT)),
        _part("kube-scheduler", _SYSTEM, SCHEDULER, ("probe-port", SCHEDULER_PORT)),
        _part("kube-controller-manager", _SYSTEM, CONTROLLER_MANAGER, ("probe-port", CONTROLLER_MANAGER_PORT)),
        _part("coredns", _SYSTEM, COREDNS, ("metrics", COREDNS_PORT), replicas=2),
        _part("kube-proxy", _SYSTEM, KUBE_PROXY, ("metrics", KUBE_PROXY_PORT)),
    ]


def _part(name: str, home: str, selector: dict[str, str], port: tuple[str, int], replicas: int = 1) -> Manifest:
    spec = pod_spec(container(name, f"registry.k8s.io/{name}:{_VERSION}", dict([port])))
    return workload("StatefulSet", name, home, labels=selector, selector=selector, spec=spec, replicas=replicas)
