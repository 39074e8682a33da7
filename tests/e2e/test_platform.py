"""The whole thing alive: real control plane, operator, Prometheus and Alertmanager around a simulated platform."""

from __future__ import annotations

import json
import os
import re
import secrets
import signal
import time
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from followed_faults import problems
from local_platform import Platform, eventually, obs
from stacks import ROOT, copied

from obs.local import deploy
from obs.local.pulumi_cli import has_pulumi
from obs.local.readiness import RULER, expected
from obs.local.state import LocalError, folder, peek
from obs.local.up import up
from obs.run import run_stack
from obs.simulate.batch import batches, reads
from obs.simulate.exporters import ALL
from obs.simulate.scenarios import SCENARIOS
from obs.toolchain import ensure_local
from obs.verify.client import Server
from obs.verify.roundtrip import trace

_FIRES = "argocd-down"
"""A fault that fires one alert within seconds and resolves as quickly."""
_ALERT, _RECEIVER = "ArgoCDControllerSilent", "ops-channel"
FRONT = "thanos-query-frontend"
_HEALTHY_SECONDS = 600
"""At production's pace."""


@pytest.mark.smoke
def test_what_runs_is_what_the_program_promises(platform: Platform) -> None:
    # A record needs a few evaluations before a rate of it has a value.
    assert eventually(lambda: obs("local", "verify", "--name", platform.name).returncode == 0, 20), obs(
        "local", "verify", "--name", platform.name
    ).stdout


@pytest.mark.smoke
def test_every_part_of_the_stack_runs_and_says_that_it_is_ready(platform: Platform) -> None:
    needed = expected(run_stack("local", ROOT), ensure_local()).servers
    assert {"prometheus", "alertmanager", "thanos-query", FRONT, "otel-gateway", "otel-sampler"} <= {*needed}
    for name in needed:
        process = platform.state.processes[name]
        assert process.pid is not None
        assert not process.ready or httpx.get(process.ready, trust_env=False).is_success


def _through(platform: Platform, server: str, query: str) -> float:
    [found] = platform.get(server, "/api/v1/query", query=query)["data"]["result"]
    return float(found["value"][1])


@pytest.mark.smoke
def test_series_of_prometheus_are_read_where_grafana_reads(platform: Platform) -> None:
    count = 'count(up{namespace!=""})'
    assert eventually(lambda: _through(platform, FRONT, count) == _through(platform, "prometheus", count))
    # What leaves Prometheus has the labels of its cluster, and not those of a replica.
    query = 'count by (cluster, prometheus_replica) (up{namespace!=""})'
    found = platform.get(FRONT, "/api/v1/query", query=query)["data"]["result"]
    assert [series["metric"] for series in found] == [{"cluster": "local"}]


def test_a_killed_querier_is_healed(platform: Platform) -> None:
    _killed(platform, "thanos-query")
    assert eventually(lambda: _through(platform, FRONT, "count(up)") > 0)


def _spans(platform: Platform) -> float:
    """Spans that the sampler has handed on, or keeps for Tempo where that does not run."""
    page = httpx.get(f"http://{platform.state.processes['otel-sampler'].addresses['metrics']}/metrics", trust_env=False)
    found = re.findall(
        r"^otelcol_exporter_(?:sent_spans_total|queue_size)\{[^}]*tempo[^}]*\} (\S+)$", page.text, re.MULTILINE
    )
    return sum(map(float, found))


@pytest.mark.smoke
def test_a_trace_with_an_error_leaves_the_sampler(platform: Platform) -> None:
    before = _spans(platform)
    gateway = platform.state.processes["otel-gateway"].addresses["otlp-http"]
    with Server(f"http://{gateway}", "Collector") as collector:
        collector.post("/v1/traces", trace("monitoring", secrets.token_hex(16), time.time()))
    # Decided on 10 s after its root came.
    assert eventually(lambda: _spans(platform) > before, 40)


def test_the_cluster_looks_like_one(platform: Platform) -> None:
    pods = json.loads(platform.kubectl("get", "pods", "--all-namespaces", "--output=json"))["items"]
    assert {pod["status"]["phase"] for pod in pods} == {"Running"}
    claims = json.loads(platform.kubectl("get", "pvc", "--all-namespaces", "--output=json"))["items"]
    assert {claim["status"]["phase"] for claim in claims} == {"Bound"}


@pytest.mark.smoke
def test_nobody_asks_for_what_its_account_may_not(platform: Platform) -> None:
    asking = ("prometheus-operator", "prometheus", "otel-gateway")
    logs = {server: Path(platform.state.processes[server].log).read_text(errors="replace") for server in asking}
    assert [server for server, log in logs.items() if "forbidden" in log.lower()] == []
    assert {path.name for path in (platform.place / "accounts").iterdir()} >= {
        "monitoring_kube-prometheus-stack-operator",
        "monitoring_kube-prometheus-stack-prometheus",
        "monitoring_otel-gateway",
    }


@pytest.mark.smoke
def test_everything_listens_on_the_loopback_interface_alone(platform: Platform) -> None:
    daemon = psutil.Process(platform.state.pid)
    sockets = [c for child in daemon.children(recursive=True) for c in child.net_connections(kind="inet")]
    assert {c.laddr.ip for c in sockets if c.status == psutil.CONN_LISTEN} == {"127.0.0.1"}
    assert {c.raddr.ip for c in sockets if c.raddr} == {"127.0.0.1"}


@pytest.mark.smoke
def test_three_faults_are_told_to_the_right_people_and_end(platform: Platform) -> None:
    plan = run_stack("local", ROOT).plan
    three = tuple(SCENARIOS[name] for name in ("argocd-down", "executor-memory", "oom-kill"))
    assert len(batches(three, reads(plan), ALL)) == 1, "they cannot be told apart"
    assert problems(three, platform, plan) == []


def test_ten_minutes_without_a_fault_are_silent(platform: Platform) -> None:
    started = time.time()
    seen = set()
    while time.time() < started + _HEALTHY_SECONDS / platform.state.compression:
        seen |= {a["metric"]["alertname"] for a in platform.query('ALERTS{alertstate="firing"}')}
        time.sleep(1)
    assert seen == {"Watchdog"}
    assert {entry["receiver"] for entry in platform.notifications(started)} <= {"dead-mans-switch"}


def _pid(platform: Platform, server: str) -> int:
    pid = platform.state.processes[server].pid
    assert pid is not None
    return pid


def _killed(platform: Platform, server: str) -> None:
    pid = _pid(platform, server)
    os.kill(pid, signal.SIGKILL)
    assert eventually(lambda: platform.state.processes[server].pid not in (pid, None))


@pytest.mark.parametrize("server", ["prometheus", "alertmanager"])
def test_a_killed_server_loses_no_notification(platform: Platform, server: str) -> None:
    started = time.time()
    alertmanager = _pid(platform, "alertmanager")
    os.kill(alertmanager, signal.SIGSTOP)  # so that nobody can be told before the kill
    platform.inject(_FIRES)
    try:
        assert eventually(lambda: _ALERT in platform.firing())
        assert not platform.told(_ALERT, "firing", started)
        _killed(platform, server)
        if server != "alertmanager":
            os.kill(alertmanager, signal.SIGCONT)
        assert eventually(lambda: _ALERT in platform.firing())
        # Prometheus tells a new Alertmanager only when it next repeats itself, a minute later at most.
        assert eventually(lambda: platform.told(_ALERT, "firing", started) == {_RECEIVER}, 100)
    finally:
        platform.heal()
    assert eventually(lambda: platform.told(_ALERT, "resolved", started) == {_RECEIVER})
    assert eventually(lambda: platform.firing() == {"Watchdog"})


def test_a_restart_of_the_api_server_is_survived(platform: Platform) -> None:
    before = {name: process.pid for name, process in platform.state.processes.items()}
    _killed(platform, "kube-apiserver")
    assert eventually(lambda: "prometheus" in platform.kubectl("get", "pods", "--namespace=monitoring"))
    started = time.time()
    platform.inject(_FIRES)
    try:
        assert eventually(lambda: platform.told(_ALERT, "firing", started) == {_RECEIVER})
    finally:
        platform.heal()
    assert eventually(lambda: platform.firing() == {"Watchdog"})
    after = {name: process.pid for name, process in platform.state.processes.items()}
    kept = ("prometheus", "alertmanager", "simulator", "etcd")
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}


def test_a_change_of_a_rule_reaches_prometheus(platform: Platform, tmp_path: Path) -> None:
    project = copied(tmp_path)
    alerts = project / "systems" / "nodes" / "__init__.py"
    alerts.write_text(alerts.read_text().replace('"CPUUsageHigh",', '"ProcessorsBusy",'))
    try:
        deploy.apply(deploy.Target(project, platform.place, platform.state))
        assert eventually(lambda: _loaded(platform, "ProcessorsBusy") and not _loaded(platform, "CPUUsageHigh"))
    finally:
        deploy.apply(deploy.Target(ROOT, platform.place, platform.state))
    assert eventually(lambda: _loaded(platform, "CPUUsageHigh") and not _loaded(platform, "ProcessorsBusy"))


def test_what_looks_back_further_than_prometheus_keeps_is_the_rulers(platform: Platform, tmp_path: Path) -> None:
    project = copied(tmp_path)
    stack = project / "Pulumi.local.yaml"
    stack.write_text(f"{stack.read_text()}  dataops-observability:prometheus: {{retention: 1m}}\n")
    record, alert = "dataops:container:oom_kills_10m", "OOMKill"
    rules = {record, alert}
    assert all(_loaded(platform, rule) for rule in rules)
    started = time.time()
    try:
        deploy.apply(deploy.Target(project, platform.place, platform.state))
        # Prometheus' own pod is another one: it keeps less.
        assert eventually(lambda: not any(_loaded(platform, rule) for rule in rules), 90)
        assert eventually(lambda: all(_loaded(platform, rule, RULER) for rule in rules), 90)
        # Grafana's source tells of them, too.
        assert eventually(lambda: all(_loaded(platform, rule, FRONT) for rule in rules))
        platform.inject("oom-kill")
        # From what the querier has the Ruler records, from what it records it alerts, and its alerts are told.
        assert eventually(lambda: bool(platform.get(FRONT, "/api/v1/query", query=record)["data"]["result"]))
        assert eventually(lambda: platform.told(alert, "firing", started) == {"warning-channel"})
        assert alert not in platform.firing()
    finally:
        platform.heal()
        deploy.apply(deploy.Target(ROOT, platform.place, platform.state))
    assert eventually(lambda: platform.told(alert, "resolved", started) == {"warning-channel"}, 90)
    assert eventually(lambda: all(_loaded(platform, rule) for rule in rules), 90)


def _loaded(platform: Platform, rule_name: str, server: str = "prometheus") -> bool:
    groups = platform.get(server, "/api/v1/rules")["data"]["groups"]
    return any(rule["name"] == rule_name for group in groups for rule in group["rules"])


def test_a_selector_that_matches_nothing_is_no_success(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("obs.local.readiness._SECONDS", 15)
    project = copied(tmp_path)
    spark = project / "systems" / "spark" / "__init__.py"
    spark.write_text(spark.read_text().replace('"spark-role": "driver"', '"spark-role": "drivr"'))
    tools = ensure_local()
    try:
        with pytest.raises(LocalError, match="job spark-driver has no target"):
            up(project, platform.place, tools, by_apply=True, compression=None, say=lambda _: None)
    finally:
        assert obs("local", "up", "--name", platform.name).returncode == 0


def test_what_is_no_longer_defined_is_deleted(platform: Platform, tmp_path: Path) -> None:
    project = copied(tmp_path)
    stack = project / "Pulumi.local.yaml"
    stack.write_text(stack.read_text().replace("    nodes: {}\n", ""))
    rules = ("get", "prometheusrules", "--namespace=monitoring", "--output=name")
    assert "rules-nodes" in platform.kubectl(*rules)
    try:
        deploy.apply(deploy.Target(project, platform.place, platform.state))
        assert eventually(lambda: "rules-nodes" not in platform.kubectl(*rules))
    finally:
        deploy.apply(deploy.Target(ROOT, platform.place, platform.state))
    assert "rules-nodes" in platform.kubectl(*rules)
    assert obs("local", "up", "--name", platform.name).returncode == 0


def test_a_rejected_object_names_its_definition(platform: Platform, tmp_path: Path) -> None:
    project = copied(tmp_path)
    broken = project / "components" / "resources.py"
    text = broken.read_text()
    assert '"metadata": metadata' in text
    extra = '**({"specs": {}} if kind in ("PrometheusRule", "ServiceMonitor") else {})'
    broken.write_text(text.replace('"metadata": metadata', f'"metadata": metadata, {extra}', 1))
    with pytest.raises(LocalError) as refused:
        deploy.apply(deploy.Target(project, platform.place, platform.state))
    said = str(refused.value)
    for named in (
        "PrometheusRule rules-spark (systems/spark/",
        "ServiceMonitor argocd-server (systems/argocd/components.py:",
    ):
        assert named in said
    assert ".specs: field not declared in schema" in said


def test_two_platforms_do_not_meet_and_one_that_is_stopped_leaves_nothing(platform: Platform) -> None:
    other = Platform(ROOT, f"{platform.name}-other")
    try:
        assert obs("local", "up", "--name", other.name).returncode == 0
        mine, theirs = ({p.pid for p in one.state.processes.values()} for one in (platform, other))
        assert not mine & theirs
        children = psutil.Process(other.state.pid).children(recursive=True)
    finally:
        obs("local", "down", "--name", other.name)
    assert not any(child.is_running() for child in children)
    assert not other.place.exists()
    assert obs("local", "status", "--name", platform.name).returncode == 0


@pytest.mark.usefixtures("platform_means")
def test_a_killed_daemon_takes_its_servers_along() -> None:
    name = f"test-{os.getpid()}-killed"
    try:
        assert obs("local", "up", "--name", name).returncode == 0
        state = peek(folder(ROOT, name))
        assert state is not None
        children = psutil.Process(state.pid).children(recursive=True)
        os.kill(state.pid, signal.SIGKILL)
        assert eventually(lambda: not any(child.is_running() for child in children))
    finally:
        obs("local", "down", "--name", name)
    assert not folder(ROOT, name).exists()


@pytest.mark.skipif(not has_pulumi(), reason="pulumi is not on PATH")
def test_pulumi_and_server_side_apply_leave_the_same_objects(platform: Platform) -> None:
    other = Platform(ROOT, f"{platform.name}-applied")
    try:
        assert obs("local", "up", "--apply", "--name", other.name).returncode == 0
        assert deployed(other) == deployed(platform)
    finally:
        obs("local", "down", "--name", other.name)


def deployed(platform: Platform) -> dict[str, Any]:
    """Every object of the stack as the API server has it, without what differs between two clusters by nature."""
    kinds = "namespaces,configmaps,secrets,services,serviceaccounts,deployments,daemonsets,clusterroles,"
    kinds += "clusterrolebindings,roles,rolebindings,customresourcedefinitions,"
    kinds += "prometheuses,alertmanagers,prometheusrules,servicemonitors,podmonitors"
    found = json.loads(platform.kubectl("get", kinds, "--all-namespaces", "--output=json"))["items"]
    names = {f"{o['kind']}/{o['metadata'].get('namespace', '')}/{o['metadata']['name']}": o for o in found}
    # What the operator made of them, and what Helm keeps of a release.
    own = {name: o for name, o in names.items() if "ownerReferences" not in o["metadata"] and "sh.helm" not in name}
    return {name: _comparable(o) for name, o in own.items()}


def _comparable(manifest: dict[str, Any]) -> dict[str, Any]:
    metadata = manifest["metadata"]
    manifest.pop("status", None)
    spec = manifest.get("spec", {})
    for key in ("clusterIP", "clusterIPs"):
        spec.pop(key, None)
    if manifest["kind"] == "Service" and metadata["name"] == "kubernetes":
        spec.pop("ports")
    if manifest["kind"] == "Secret" and metadata["name"] in ("grafana-admin", "alertmanager-receivers"):
        manifest["data"] = sorted(manifest["data"])
    annotations = {k: v for k, v in metadata.get("annotations", {}).items() if not k.startswith("meta.helm.sh/")}
    labels = metadata.get("labels", {})
    if manifest["kind"] == "CustomResourceDefinition":  # a Helm release marks what it makes
        labels = {k: v for k, v in labels.items() if k != "app.kubernetes.io/managed-by"}
    return {**manifest, "metadata": {"annotations": annotations, "labels": labels}}
