"""Jenkins as its chart 5.9 installs it.

jenkinsci/helm-charts charts/jenkins templates/jenkins-controller-{svc,statefulset}.yaml, values.yaml (componentName,
servicePort, targetPort).
"""

from __future__ import annotations

from obs.simulate.platform.manifests import Manifest, container, namespace, pod_spec, service, workload

NAMESPACE = "jenkins"
PORT = 8080
SELECTOR = {"app.kubernetes.io/component": "jenkins-controller", "app.kubernetes.io/instance": "jenkins"}


def objects() -> list[Manifest]:
    labels = {**SELECTOR, "app.kubernetes.io/name": "jenkins", "app.kubernetes.io/managed-by": "Helm"}
    spec = pod_spec(
        container("jenkins", "docker.io/jenkins/jenkins:2.568.2-jdk21", {"http": PORT, "agent-listener": 50000})
    )
    return [
        namespace(NAMESPACE),
        workload("StatefulSet", "jenkins", NAMESPACE, labels=labels, selector=SELECTOR, pod_labels=labels, spec=spec),
        service("jenkins", NAMESPACE, labels=labels, selector=SELECTOR, ports={"http": (8080, PORT)}),
    ]
