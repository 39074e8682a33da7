"""The two web applications, as their teams' manifests make them: a Deployment and a Service with the label ``app``."""

from __future__ import annotations

from obs.simulate.platform.manifests import Manifest, container, namespace, pod_spec, service, workload

SPRING, FASTAPI = 8080, 8000
APPLICATIONS = {
    "ojeomneo-server": ("ojeomneo", SPRING),
    "reviewmaps-server": ("reviewmaps", FASTAPI),
    "reviewmaps-admin": ("reviewmaps", FASTAPI),
}
"""Name -> (namespace, port)."""


def objects() -> list[Manifest]:
    made = [namespace(name) for name in sorted({where for where, _ in APPLICATIONS.values()})]
    for name, (where, port) in APPLICATIONS.items():
        labels = {"app": name}
        spec = pod_spec(container(name, f"registry.example.com/{name}:1.0.0", {"http": port}))
        made.append(workload("Deployment", name, where, labels=labels, selector=labels, spec=spec))
        made.append(service(name, where, labels=labels, selector=labels, ports={"http": (80, "http")}))
    return made
