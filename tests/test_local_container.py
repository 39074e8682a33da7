"""Containers become commands of this machine: paths, addresses and names in flags and files lead to here alone."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from test_local_names import endpoints, service

from obs.local.container import Container, Prepared, containers
from obs.local.names import Lookup, Names, services
from obs.local.pod import NotYet, Pod
from obs.local.ports import Ports
from obs.local.programs import PROGRAMS, RELOADER
from obs.local.state import LocalError

NOBODY = "127.0.0.1:9"
BUCKET = "type: FILESYSTEM\nconfig: {directory: /bucket}\n"
OBJECTS = {("secrets", "bucket"): {"data": {"objstore.yml": base64.b64encode(BUCKET.encode()).decode()}}}
NAMES = services(
    [
        service("query", {"http": 10902}),
        service("receive", {"grpc": 10901}, headless=True),
        service("sampler", {"otlp": 4317}, headless=True),
        service("tempo", {"otlp": 4317}),
    ],
    [
        endpoints("query", {"http": 10902}, ("10.244.0.21", "")),
        endpoints("receive", {"grpc": 10901}, ("10.244.0.22", "receive-0"), ("10.244.0.23", "receive-1")),
        endpoints("sampler", {"otlp": 4317}, ("10.244.0.24", "sampler-0"), ("10.244.0.25", "sampler-1")),
        endpoints("tempo", {"otlp": 4317}, ("10.244.0.26", "")),
    ],
)
FORWARDS = {
    "10.244.0.21:10902": "127.0.0.1:4021",
    "10.244.0.22:10901": "127.0.0.1:4022",
    "10.244.0.23:10901": "127.0.0.1:4023",
    "10.244.0.24:4317": "127.0.0.1:4024",
    "10.244.0.25:4317": "127.0.0.1:4025",
}


def container(image: str, *args: str, **more: Any) -> dict[str, Any]:
    return {"name": "main", "image": f"registry.example/{image}", "args": list(args), **more}


def pod(place: Path, *made: dict[str, Any], name: str = "x-0", **metadata: Any) -> Pod:
    manifest = {
        "metadata": {"uid": "u", "namespace": "monitoring", "name": name, **metadata},
        "status": {"podIP": "10.244.0.7"},
        "spec": {
            "containers": list(made),
            "volumes": [
                {"name": "config", "configMap": {"name": "config"}},
                {"name": "claim", "persistentVolumeClaim": {"claimName": "bucket"}},
            ],
        },
    }
    return Pod(manifest, place, Ports(place / "ports.json"))


def prepared(one: Container, **files: str) -> Prepared:
    """``files`` are in the volume ``config``."""
    folder = one.pod.home / "config"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    lookup = Lookup(Names(NAMES, FORWARDS, frozenset({"10.244.0.26"})), lambda _name: NOBODY)
    tools = {program.tool: Path("/bin") / program.tool for program in PROGRAMS.values()}
    return one.prepared(lookup, lambda kind, _namespace, name: OBJECTS.get((kind, name)), tools, Path("/kubeconfig"))


def args(place: Path, image: str, *given: str, **more: Any) -> tuple[str, ...]:
    [one] = containers(pod(place, container(image, *given, **more)))
    return prepared(one).command.argv[1:]


def turned(place: Path, image: str, flag: str, text: str, **more: Any) -> Any:
    """The configuration that a program is given instead of ``text``."""
    mount = {"name": "config", "mountPath": "/etc/x"}
    claim = {"name": "claim", "mountPath": "/bucket"}
    given = container(image, *more.pop("args", ()), f"{flag}=/etc/x/c.yaml", volumeMounts=[mount, claim], **more)
    [one] = containers(pod(place, given))
    done = prepared(one, c=text)
    [(path, data)] = done.files.items()
    assert f"{flag}={path}" in done.command.argv
    return json.loads(data)


def test_only_images_with_a_program_run_and_only_with_the_tools_that_are_there(tmp_path: Path) -> None:
    both = pod(
        tmp_path, container("prometheus/prometheus:v3"), container("grafana/loki@sha256:0"), container("grafana")
    )
    assert [one.program.tool for one in containers(both)] == ["prometheus", "loki"]
    assert [one.program.tool for one in containers(both, tools={"loki": Path("/loki")})] == ["loki"]


def test_the_reloader_of_a_server_that_does_not_run_does_not_run_either(tmp_path: Path) -> None:
    reloader = container("prometheus-config-reloader:v0.93.1")
    assert containers(pod(tmp_path, container("grafana/alloy:v1.18.1"), reloader)) == []
    assert containers(pod(tmp_path, container("loki"), reloader), tools=("thanos", RELOADER)) == []


# --- flags


def test_paths_of_the_container_become_real_ones(tmp_path: Path) -> None:
    mounts = [{"name": "claim", "mountPath": "/prometheus", "subPath": "db"}]
    found = args(tmp_path, "prometheus", "--storage.tsdb.path=/prometheus/x", volumeMounts=mounts)
    assert f"--storage.tsdb.path={tmp_path}/claims/monitoring_bucket/db/x" in found


def test_a_pattern_over_the_mounts_is_one_flag_for_each(tmp_path: Path) -> None:
    mounts = [{"name": name, "mountPath": f"/etc/rules/{name}"} for name in ("config", "claim")]
    given = "--rule-file=/etc/rules/*/*.yaml", "--label=a/*/b", "--other=/etc/rules/config/*.yaml"
    found = args(tmp_path, "prometheus:v3", *given, volumeMounts=mounts)
    config, claim = (f"{tmp_path}/{folder}" for folder in ("pods/monitoring_x-0/config", "claims/monitoring_bucket"))
    assert found[:4] == (
        f"--rule-file={claim}/*.yaml",
        f"--rule-file={config}/*.yaml",
        "--label=a/*/b",
        f"--other={config}/*.yaml",
    )


def test_variables_are_filled_in(tmp_path: Path) -> None:
    env = [{"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]
    assert "--name=x-0" in args(tmp_path, "prometheus", "--name=$(POD_NAME)", env=env)


@pytest.mark.parametrize(
    ("image", "ports"),
    [
        ("prometheus", {9090}),
        ("prometheus-operator", {8080}),
        ("statsd-exporter", {9102, 9125}),
    ],
)
def test_what_is_not_told_where_to_listen_is_told(tmp_path: Path, image: str, ports: set[int]) -> None:
    one = pod(tmp_path, container(image))
    [listening] = containers(one)
    assert {a.partition("=")[2] for a in prepared(listening).command.argv[1:]} == {one.address(port) for port in ports}


@pytest.mark.parametrize("given", [":9090", "0.0.0.0:9090", "[::]:9090", "[10.244.0.7]:9090", "localhost:9090"])
def test_what_listens_in_the_pod_listens_on_the_loopback_interface_alone(tmp_path: Path, given: str) -> None:
    one = pod(tmp_path, container("prometheus", f"--web.listen-address={given}"))
    [listening] = containers(one)
    assert prepared(listening).command.argv[1:] == (f"--web.listen-address={one.address(9090)}",)
    assert one.address(9090).startswith("127.0.0.1:")


def test_an_address_in_links_stays(tmp_path: Path) -> None:
    link = "--web.external-url=http://localhost:9090"
    assert link in args(tmp_path, "prometheus", link)


def test_everyone_behind_a_name_gets_a_flag(tmp_path: Path) -> None:
    found = args(tmp_path, "thanos", "query", "--endpoint=dnssrv+_grpc._tcp.receive.monitoring.svc.cluster.local")
    assert [a for a in found if a.startswith("--endpoint")] == [
        "--endpoint=127.0.0.1:4022",
        "--endpoint=127.0.0.1:4023",
    ]


def test_where_nobody_is_the_flag_is_left_out_unless_the_program_needs_it(tmp_path: Path) -> None:
    found = args(tmp_path, "thanos", "query", "--endpoint=dnssrv+_grpc._tcp.gone.monitoring.svc")
    assert not [a for a in found if a.startswith("--endpoint")]
    found = args(tmp_path, "thanos", "rule", "--query=dnssrv+_http._tcp.gone.monitoring.svc")
    assert f"--query={NOBODY}" in found


@pytest.mark.parametrize(
    ("command", "ports"),
    [("query-frontend", {10902}), ("store", {10902, 10901}), ("receive", {10902, 10901, 19291, 19391})],
)
def test_thanos_listens_nowhere_by_default(tmp_path: Path, command: str, ports: set[int]) -> None:
    one = pod(tmp_path, container("thanos", command))
    [thanos] = containers(one)
    listening = {a.partition("=")[2] for a in prepared(thanos).command.argv[2:]}
    assert listening == {one.address(port) for port in ports}


def test_the_reloader_reloads_the_server_of_its_own_pod(tmp_path: Path) -> None:
    reloader = container("prometheus-config-reloader", "--listen-address=:8080", "--reload-url=http://x:1/-/reload")
    one = pod(tmp_path, container("prometheus"), reloader)
    command = prepared(containers(one)[1]).command
    assert f"--reload-url=http://{one.address(9090)}/-/reload" in command.argv
    assert command.name == "prometheus-config-reloader"


@pytest.mark.parametrize(
    ("image", "flag", "said"),
    [
        ("prometheus", "--storage.remote=http://store.example/x", "--storage.remote is store.example"),
        ("thanos", "--objstore.config={type: GCS, config: {bucket: b}}", "--objstore.config is of type GCS"),
        ("thanos", "--query.config=[{static_configs: [q.example:80]}]", "--query.config, static_configs is q.example"),
        ("loki", "-memberlist.nodename=loki.example:7946", "--memberlist.nodename is loki.example"),
    ],
)
def test_what_would_reach_out_of_this_machine_is_not_started(tmp_path: Path, image: str, flag: str, said: str) -> None:
    given = ["sidecar", flag] if image == "thanos" else [flag]
    with pytest.raises(LocalError, match="would reach out of this machine and was not started") as refused:
        args(tmp_path, image, *given)
    assert said in str(refused.value)


def test_a_secret_in_a_variable_is_not_repeated(tmp_path: Path) -> None:
    env = [{"name": "OTLP", "value": "https://me:hunter2@vendor.example"}]
    with pytest.raises(LocalError, match="the variable OTLP holds") as refused:
        args(tmp_path, "prometheus", env=env)
    assert "hunter2" not in str(refused.value)


# --- configurations


def test_the_bucket_in_a_variable_is_the_shared_folder(tmp_path: Path) -> None:
    secret = {"secretKeyRef": {"name": "bucket", "key": "objstore.yml"}}
    found = args(
        tmp_path, "thanos", "sidecar", "--objstore.config=$(OBJSTORE)",
        env=[{"name": "OBJSTORE", "valueFrom": secret}], volumeMounts=[{"name": "claim", "mountPath": "/bucket"}],
    )  # fmt: skip
    [given] = [a.partition("=")[2] for a in found if a.startswith("--objstore.config")]
    assert json.loads(given) == {
        "type": "FILESYSTEM",
        "config": {"directory": str(tmp_path / "claims" / "monitoring_bucket")},
    }


def test_the_bucket_in_a_file_is_the_shared_folder(tmp_path: Path) -> None:
    config = turned(tmp_path, "thanos", "--objstore.config-file", BUCKET, args=["store"])
    assert config["config"]["directory"] == str(tmp_path / "claims" / "monitoring_bucket")


def test_pods_of_a_hashring_are_where_they_listen(tmp_path: Path) -> None:
    ring = '[{"endpoints": ["receive-0.receive.monitoring.svc:10901", "receive-1.receive.monitoring.svc:10901"]}]'
    [hashring] = turned(tmp_path, "thanos", "--receive.hashrings-file", ring, args=["receive"])
    assert hashring["endpoints"] == ["127.0.0.1:4022", "127.0.0.1:4023"]


def test_a_file_that_is_not_there_is_waited_for(tmp_path: Path) -> None:
    mount = {"name": "config", "mountPath": "/etc/x"}
    with pytest.raises(NotYet, match=r"/etc/x/none.yaml of loki is not there"):
        args(tmp_path, "loki", "-config.file=/etc/x/none.yaml", volumeMounts=[mount])


COLLECTOR = """
receivers: {otlp: {protocols: {grpc: {endpoint: "${env:MY_POD_IP}:4317"}}}}
processors: {k8s_attributes: {passthrough: false}}
exporters:
  load_balancing/traces: {resolver: {dns: {hostname: sampler.monitoring.svc.cluster.local, port: "4317"}}}
  otlp: {endpoint: "tempo.monitoring.svc:4317"}
service: {telemetry: {metrics: {readers: [{pull: {exporter: {prometheus: {host: "${env:MY_POD_IP}", port: 8888}}}}]}}}
"""
_POD_IP = [{"name": "MY_POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}]


def collector(tmp_path: Path, text: str = COLLECTOR) -> Any:
    return turned(tmp_path, "otel/opentelemetry-collector-contrib:0.158.0", "--config", text, env=_POD_IP)


def test_the_collector_receives_on_the_ports_of_its_pod(tmp_path: Path) -> None:
    config, place = collector(tmp_path), pod(tmp_path)
    assert config["receivers"]["otlp"]["protocols"]["grpc"]["endpoint"] == place.address(4317)
    [reader] = config["service"]["telemetry"]["metrics"]["readers"]
    assert "{host}:{port}".format(**reader["pull"]["exporter"]["prometheus"]) == place.address(8888)


@pytest.mark.parametrize(
    "resolver",
    [
        "dns: {hostname: sampler.monitoring.svc.cluster.local}",
        "k8s: {service: sampler.monitoring, ports: [4317]}",
        "static: {hostnames: [dns+sampler.monitoring.svc:4317]}",
    ],
)
def test_spans_are_spread_over_the_instances_that_there_are(tmp_path: Path, resolver: str) -> None:
    config = collector(tmp_path, f"exporters: {{loadbalancing: {{resolver: {{{resolver}}}}}}}")
    assert config["exporters"]["loadbalancing"]["resolver"] == {
        "static": {"hostnames": ["127.0.0.1:4024", "127.0.0.1:4025"]}
    }


def test_while_there_is_no_instance_the_collector_has_one_that_refuses(tmp_path: Path) -> None:
    """Without any it would not start."""
    gone = "exporters: {loadbalancing: {resolver: {dns: {hostname: gone.monitoring.svc}}}}"
    assert collector(tmp_path, gone)["exporters"]["loadbalancing"]["resolver"] == {"static": {"hostnames": [NOBODY]}}


def test_a_back_end_that_is_simulated_refuses_and_the_collector_starts(tmp_path: Path) -> None:
    assert collector(tmp_path)["exporters"]["otlp"]["endpoint"] == NOBODY


def test_the_collector_asks_the_local_api_server(tmp_path: Path) -> None:
    assert collector(tmp_path)["processors"]["k8s_attributes"]["auth_type"] == "kubeConfig"


def test_the_collector_does_not_ask_a_cloud_where_it_is(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="processor resourcedetection asks for gcp"):
        collector(tmp_path, "processors: {resourcedetection: {detectors: [env, gcp]}}")


LOKI = """
common: {path_prefix: /bucket, storage: {filesystem: {chunks_directory: /bucket/chunks}}}
memberlist: {join_members: [loki-memberlist.monitoring.svc.cluster.local]}
schema_config: {configs: [{from: 2024-04-01, store: tsdb, object_store: filesystem, schema: v13}]}
server: {http_listen_port: 3100}
"""


def test_loki_is_alone_and_listens_on_the_ports_of_its_pod(tmp_path: Path) -> None:
    config, place = turned(tmp_path, "grafana/loki:3.7.6", "-config.file", LOKI), pod(tmp_path)
    server = config["server"]
    assert f"{server['http_listen_address']}:{server['http_listen_port']}" == place.address(3100)
    assert f"{server['grpc_listen_address']}:{server['grpc_listen_port']}" == place.address(9095)
    assert "memberlist" not in config
    assert config["common"]["path_prefix"] == str(tmp_path / "claims" / "monitoring_bucket")
    assert config["schema_config"]["configs"][0]["from"] == "2024-04-01"


def test_loki_with_a_bucket_elsewhere_is_not_started(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="its store is gcs"):
        turned(tmp_path, "loki", "-config.file", LOKI.replace("object_store: filesystem", "object_store: gcs"))


# --- names and ports


@pytest.mark.parametrize(
    ("image", "name", "labels", "server"),
    [
        ("prometheus", "prometheus-x-0", {}, "prometheus"),
        ("prometheus", "prometheus-x-1", {}, "prometheus-1"),
        ("thanos", "thanos-store-0", {}, "thanos-store"),
        ("thanos", "prometheus-x-0", {"app.kubernetes.io/managed-by": "prometheus-operator"}, "main"),
        ("loki", "loki-0", {}, "loki"),
    ],
)
def test_servers_are_called_as_what_they_are(
    tmp_path: Path, image: str, name: str, labels: dict[str, str], server: str
) -> None:
    [one] = containers(pod(tmp_path, container(image), name=name, labels=labels))
    assert one.name == server


def test_a_server_of_a_deployment_keeps_its_name_in_a_rollout(tmp_path: Path) -> None:
    owner = {"kind": "ReplicaSet", "name": "thanos-query-5f4c"}
    [one] = containers(pod(tmp_path, container("thanos"), name="thanos-query-5f4c-abcde", ownerReferences=[owner]))
    assert one.name == "thanos-query"


def test_every_port_of_a_container_is_forwarded_and_named(tmp_path: Path) -> None:
    declared = [{"name": "otlp", "containerPort": 4317}, {"name": "metrics", "containerPort": 8888}]
    probe = {"httpGet": {"path": "/ready", "port": "metrics"}}
    given = container("opentelemetry-collector-contrib", "x", ports=declared, readinessProbe=probe)
    one = pod(tmp_path, given)
    [collector] = containers(one)
    assert collector.forwards["10.244.0.7:4317"] == one.address(4317)
    command = prepared(collector).command
    assert command.addresses == {"otlp": one.address(4317), "metrics": one.address(8888)}
    assert command.ready == f"http://{one.address(8888)}/ready"
