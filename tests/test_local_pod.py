"""A pod's volumes become folders of this machine, its variables values."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from obs.local.pod import NotYet, Pod
from obs.local.ports import Ports

SECRET = {"data": {"prometheus.yaml.gz": base64.b64encode(b"zipped").decode()}}
OBJECTS: dict[tuple[str, str], dict[str, Any]] = {
    ("secrets", "prometheus-x"): SECRET,
    ("configmaps", "rules-0"): {"data": {"a.yaml": "groups: []"}},
}


def manifest(*env: dict[str, Any]) -> dict[str, Any]:
    return {
        "metadata": {"uid": "u", "namespace": "monitoring", "name": "prometheus-x-0"},
        "status": {"podIP": "10.244.0.6"},
        "spec": {
            "nodeName": "worker-1",
            "volumes": [
                {"name": "config", "secret": {"secretName": "prometheus-x"}},
                {"name": "config-out", "emptyDir": {}},
                {"name": "rules", "configMap": {"name": "rules-0", "optional": True}},
                {"name": "db", "persistentVolumeClaim": {"claimName": "db-0"}},
            ],
            "containers": [{"name": "prometheus", "image": "quay.io/prometheus/prometheus:v3", "env": list(env)}],
        },
    }


@pytest.fixture
def pod(tmp_path: Path) -> Pod:
    return Pod(manifest(), tmp_path, Ports(tmp_path / "ports.json"))


def test_a_pod_keeps_its_address(pod: Pod, tmp_path: Path) -> None:
    address = pod.address(9090)
    assert Pod(manifest(), tmp_path, Ports(tmp_path / "ports.json")).address(9090) == address
    assert pod.address(10902) != address


def test_secrets_and_config_maps_are_files(pod: Pod, tmp_path: Path) -> None:
    files = pod.files(lambda kind, _namespace, name: OBJECTS.get((kind, name)))
    folder = tmp_path / "pods" / "monitoring_prometheus-x-0"
    assert files == {folder / "config": {"prometheus.yaml.gz": b"zipped"}, folder / "rules": {"a.yaml": b"groups: []"}}


def test_a_pod_waits_for_what_it_mounts_unless_it_is_optional(pod: Pod) -> None:
    def without(missing: str) -> Any:
        return lambda kind, _namespace, name: None if name == missing else OBJECTS.get((kind, name))

    with pytest.raises(NotYet, match="secret monitoring/prometheus-x is not there"):
        pod.files(without("prometheus-x"))
    assert {} in pod.files(without("rules-0")).values()


def variables(tmp_path: Path, *env: dict[str, Any]) -> dict[str, str]:
    made = Pod(manifest(*env), tmp_path, Ports(tmp_path / "ports.json"))
    return made.environment(made.containers()[0], lambda kind, _namespace, name: OBJECTS.get((kind, name)))


def of_secret(key: str, **more: Any) -> dict[str, Any]:
    return {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "prometheus-x", "key": key, **more}}}


def test_variables_come_from_the_pod_and_from_secrets(tmp_path: Path) -> None:
    of_node = {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}
    of_kubelet = {"name": "CPUS", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}}
    found = variables(tmp_path, {"name": "GOGC", "value": "80"}, of_node, of_secret("prometheus.yaml.gz"), of_kubelet)
    assert found == {"GOGC": "80", "NODE": "worker-1", "TOKEN": "zipped"}


def test_a_pod_waits_for_the_key_of_a_variable_unless_it_is_optional(tmp_path: Path) -> None:
    with pytest.raises(NotYet, match="secret monitoring/prometheus-x has no key other"):
        variables(tmp_path, of_secret("other"))
    assert variables(tmp_path, of_secret("other", optional=True)) == {}
