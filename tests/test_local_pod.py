"""A pod's containers become commands of this machine, with its volumes as folders."""

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


def manifest() -> dict[str, Any]:
    mounts = [
        {"name": "config", "mountPath": "/etc/prometheus/config"},
        {"name": "config-out", "mountPath": "/etc/prometheus/config_out"},
        {"name": "db", "mountPath": "/prometheus", "subPath": "prometheus-db"},
    ]
    return {
        "metadata": {"uid": "u", "namespace": "monitoring", "name": "prometheus-x-0"},
        "status": {"podIP": "10.244.0.6"},
        "spec": {
            "volumes": [
                {"name": "config", "secret": {"secretName": "prometheus-x"}},
                {"name": "config-out", "emptyDir": {}},
                {"name": "rules", "configMap": {"name": "rules-0", "optional": True}},
                {"name": "db", "persistentVolumeClaim": {"claimName": "db-0"}},
            ],
            "containers": [
                {
                    "name": "prometheus",
                    "image": "quay.io/prometheus/prometheus:v3.14.0-distroless",
                    "args": [
                        "--config.file=/etc/prometheus/config_out/prometheus.env.yaml",
                        "--storage.tsdb.path=/prometheus",
                        "--web.listen-address=:9090",
                        "--web.external-url=http://x.monitoring:9090",
                        "--name=$(POD_NAME)",
                    ],
                    "env": [{"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
                    "volumeMounts": mounts,
                },
                {
                    "name": "config-reloader",
                    "image": "quay.io/prometheus-operator/prometheus-config-reloader@sha256:0",
                    "args": ["--listen-address=:8080", "--reload-url=http://127.0.0.1:9090/-/reload"],
                },
                {"name": "other", "image": "docker.io/grafana/grafana:12"},
            ],
        },
    }


@pytest.fixture
def pod(tmp_path: Path) -> Pod:
    return Pod(manifest(), tmp_path, Ports(tmp_path / "ports.json"))


def command(pod: Pod, number: int) -> tuple[str, ...]:
    container, program = pod.containers()[number]
    return pod.command(container, program, {program.tool: Path("/bin") / program.tool}, Path("/k")).argv


def test_only_images_with_a_program_run(pod: Pod) -> None:
    assert [program.tool for _, program in pod.containers()] == ["prometheus", "prometheus-config-reloader"]


def test_paths_of_the_container_become_real_ones(pod: Pod, tmp_path: Path) -> None:
    argv = command(pod, 0)
    folder = tmp_path / "pods" / "monitoring_prometheus-x-0"
    assert f"--config.file={folder}/config-out/prometheus.env.yaml" in argv
    assert f"--storage.tsdb.path={tmp_path}/claims/monitoring_db-0/prometheus-db" in argv


def test_addresses_are_not_paths(pod: Pod) -> None:
    assert "--web.external-url=http://x.monitoring:9090" in command(pod, 0)


def test_variables_are_filled_in(pod: Pod) -> None:
    assert "--name=prometheus-x-0" in command(pod, 0)


def test_servers_listen_on_the_loopback_interface_alone(pod: Pod) -> None:
    argv = command(pod, 0)
    assert [a for a in argv if a.startswith("--web.listen-address")] == [f"--web.listen-address={pod.web()}"]
    assert pod.web().startswith("127.0.0.1:")


def test_the_reloader_reloads_the_server_of_its_own_pod(pod: Pod) -> None:
    assert f"--reload-url=http://{pod.web()}/-/reload" in command(pod, 1)


def test_a_pod_keeps_its_address(pod: Pod, tmp_path: Path) -> None:
    address = pod.web()
    assert Pod(manifest(), tmp_path, Ports(tmp_path / "ports.json")).web() == address


def test_requests_to_the_pod_are_forwarded_to_where_it_listens(pod: Pod) -> None:
    assert pod.forwards()["10.244.0.6:9090"] == pod.web()


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
