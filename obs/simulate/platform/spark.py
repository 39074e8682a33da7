"""The Spark operator as its chart installs it, and two applications with their drivers and executors.

Operator: kubeflow/spark-operator charts/spark-operator-chart templates/controller, templates/webhook, values.yaml.
Pods: apache/spark resource-managers/kubernetes Constants.scala (labels spark-role, spark-app-selector, spark-app-name,
spark-exec-id, port names) and the operator's pkg/common/spark.go (labels sparkoperator.k8s.io/…).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from obs.simulate.platform.cluster import STORAGE_CLASS
from obs.simulate.platform.manifests import Manifest, claim, container, namespace, pod, pod_spec, workload
from obs.simulate.platform.workloads import DATA_PROCESSING, SPARK_JOBS

OPERATOR_NAMESPACE = "spark-operator"
UI_PORT = 4040
OPERATOR_PORT = 8080
_OPERATOR_IMAGE = "ghcr.io/kubeflow/spark-operator/controller:2.5.0-rc.0"
_IMAGE = "registry.example.com/spark:4.0.1"
HISTORY_CLAIM = "spark-history"
STANDALONE_NAMESPACE = "spark"
STANDALONE = {"master": 1, "worker": 2}
STANDALONE_PORTS = {"master": 8080, "worker": 8081}


@dataclass(frozen=True)
class Application:
    """One SparkApplication: ``name`` of the object, ``id`` that Spark gives it, executors 1 to ``executors``.

    ``annotations`` are what its team writes on the driver (spec.driver.annotations); Spark itself has none.
    """

    name: str
    namespace: str
    id: str
    executors: int
    annotations: Mapping[str, str] = field(default_factory=dict)


APPLICATIONS = (
    Application("orders-daily", SPARK_JOBS, "spark-0f6c2f1e7d6a4c0f9b7e5a3d1c2b4a69", 2),
    Application(
        "events-sessions",
        DATA_PROCESSING,
        "spark-7b1d9e5f3a2c4e8d8f6b0c1a2d3e4f50",
        2,
        {"spark_job_name": "sessions"},
    ),
)


def objects() -> list[Manifest]:
    return [
        namespace(OPERATOR_NAMESPACE),
        _operator("controller", {"metrics": OPERATOR_PORT}),
        _operator("webhook", {"webhook": 9443}),
        *_history_server(),
        namespace(STANDALONE_NAMESPACE),
        *(_standalone(role, replicas) for role, replicas in STANDALONE.items()),
        *(manifest for application in APPLICATIONS for manifest in _pods(application)),
    ]


def operator_labels(component: str) -> dict[str, str]:
    return {
        "app.kubernetes.io/name": "spark-operator",
        "app.kubernetes.io/instance": "spark-operator",
        "app.kubernetes.io/component": component,
    }


def _operator(component: str, ports: dict[str, int]) -> Manifest:
    selector = operator_labels(component)
    return workload(
        "Deployment",
        f"spark-operator-{component}",
        OPERATOR_NAMESPACE,
        labels={"helm.sh/chart": "spark-operator-2.5.0-rc.0", **selector, "app.kubernetes.io/managed-by": "Helm"},
        selector=selector,
        pod_labels=selector,
        spec=pod_spec(container(f"spark-operator-{component}", _OPERATOR_IMAGE, ports)),
    )


def standalone_labels(role: str) -> dict[str, str]:
    """As bitnami/charts bitnami/spark has them (templates/statefulset-master.yaml, statefulset-worker.yaml)."""
    return {
        "app.kubernetes.io/name": "spark",
        "app.kubernetes.io/instance": "spark",
        "app.kubernetes.io/component": role,
    }


def _standalone(role: str, replicas: int) -> Manifest:
    labels = standalone_labels(role)
    return workload(
        "StatefulSet",
        f"spark-{role}",
        STANDALONE_NAMESPACE,
        labels=labels,
        selector=labels,
        spec=pod_spec(container(f"spark-{role}", _IMAGE, {"http": STANDALONE_PORTS[role]})),
        replicas=replicas,
    )


def _history_server() -> list[Manifest]:
    """A volume of a workload; Spark's image runs it with the class org.apache.spark.deploy.history.HistoryServer."""
    labels = {"app.kubernetes.io/name": "spark-history-server"}
    server = container("history-server", _IMAGE, {"http": 18080})
    return [
        claim(HISTORY_CLAIM, SPARK_JOBS, STORAGE_CLASS, "50Gi"),
        workload(
            "Deployment",
            "spark-history-server",
            SPARK_JOBS,
            labels=labels,
            selector=labels,
            spec=pod_spec(server, claim=HISTORY_CLAIM),
        ),
    ]


def _pods(application: Application) -> list[Manifest]:
    common = {
        "spark-app-selector": application.id,
        "spark-app-name": application.name,
        "spark-version": "4.0.1",
        "sparkoperator.k8s.io/app-name": application.name,
        "sparkoperator.k8s.io/launched-by-spark-operator": "true",
        "sparkoperator.k8s.io/submission-id": application.id.removeprefix("spark-")[:12],
    }
    driver_ports = {"driver-rpc-port": 7078, "blockmanager": 7079, "spark-ui": UI_PORT}
    driver = container("spark-kubernetes-driver", _IMAGE, driver_ports, ("driver",))
    executor = container("spark-kubernetes-executor", _IMAGE, {"blockmanager": 7079}, ("executor",))
    made = [
        pod(
            f"{application.name}-driver",
            application.namespace,
            labels={**common, "spark-role": "driver"},
            annotations=application.annotations,
            spec=pod_spec(driver, restart="Never"),
        )
    ]
    for number in range(1, application.executors + 1):
        made.append(
            pod(
                executor_name(application, number),
                application.namespace,
                labels={**common, "spark-role": "executor", "spark-exec-id": str(number)},
                spec=pod_spec(executor, restart="Never"),
            )
        )
    return made


def executor_name(application: Application, number: int | str) -> str:
    """Spark: <spark.kubernetes.executor.podNamePrefix>-exec-<id>; the prefix is the name and a hash."""
    return f"{application.name}-{application.id[-16:]}-exec-{number}"
