"""Each check finds its defect in a copy of the real program that was broken in just that way."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from stacks import ROOT, STACKS, copied
from tiny_charts import REAL_HELM

from components.charts import CHARTS, archive_path

KUBERNETES = "systems/kubernetes/signals.py"
ARGOCD = "systems/argocd/__init__.py"
NODES = "systems/nodes/__init__.py"


class Break(NamedTuple):
    """One edit of a copy, and the finding that it must lead to. ``line`` is a text of the line to point at."""

    check: str
    file: str
    old: str
    new: str
    says: str
    suggests: str = ""
    line: str = ""


BREAKS = {
    "an expression that is no PromQL": Break(
        "promql/parse", ARGOCD, "Degraded|Missing|Unknown", "Degraded(", "regex", line="Signal("
    ),
    "a metric that was renamed long ago": Break(
        "promql/unknown-metric",
        NODES,
        '"node_memory_MemTotal_bytes"',
        '"node_memory_MemTotal"',
        "renamed in 0.16",
        "node_memory_MemTotal_bytes",
        "Signal(",
    ),
    "a metric that became a label": Break(
        "promql/unknown-metric",
        ARGOCD,
        '"argocd_app_info"',
        '"argocd_app_health_status"',
        "removed in 3.0",
        "argocd_app_info{health_status=...}",
        "Signal(",
    ),
    "a misspelt metric": Break(
        "promql/unknown-metric",
        KUBERNETES,
        '"kube_node_status_condition"',
        '"kube_node_status_conditions"',
        "does not exist",
        "kube_node_status_condition",
        "Signal(",
    ),
    "a misspelt label in a matcher": Break(
        "promql/unknown-label",
        KUBERNETES,
        'eq("condition", "Ready")',
        'eq("conditon", "Ready")',
        "conditon",
        "condition",
    ),
    "a label that the metric does not have, in by": Break(
        "promql/unknown-label", ARGOCD, '"phase"),', '"phases"),', "phases", "phase"
    ),
    "a rate of a gauge": Break(
        "promql/type",
        KUBERNETES,
        '"container_cpu_usage_seconds_total"',
        '"container_memory_working_set_bytes"',
        "gauge",
    ),
    "a quantile of something that is no histogram": Break(
        "promql/type", ARGOCD, '"argocd_app_reconcile_bucket"', '"argocd_app_sync_total"', "histogram"
    ),
    "a division of sides that never match": Break(
        "promql/match",
        KUBERNETES,
        'max_by(metric("kubelet_volume_stats_capacity_bytes", workloads), *VOLUME)',
        'max_by(metric("kubelet_volume_stats_capacity_bytes", workloads), "namespace")',
        "persistentvolumeclaim",
    ),
    "a template with a label that is lost": Break(
        "promql/lost-label",
        "systems/kubernetes/alerts.py",
        '"OOM kill in {{ $labels.namespace }}"',
        '"OOM kill of {{ $labels.pod }}"',
        "pod",
        line='"OOMKill",',
    ),
    "a rule that loses the cluster": Break(
        "promql/lost-cluster",
        "model/promql.py",
        "return labels if CLUSTER in labels else (CLUSTER, *labels)",
        "return labels",
        "cluster",
    ),
    "a metric that the chart drops": Break(
        "promql/dropped",
        KUBERNETES,
        '"container_cpu_cfs_throttled_periods_total"',
        '"container_cpu_cfs_throttled_seconds_total"',
        "kube-prometheus-stack",
    ),
    "a metric that is off by default": Break(
        "promql/optin",
        ARGOCD,
        'metric("argocd_app_info")',
        'metric("argocd_app_labels")',
        "--metrics-application-labels",
    ),
    "a job that nothing scrapes": Break(
        "promql/unknown-job",
        NODES,
        "        job=JOB,\n        title",
        '        job="nodes",\n        title',
        "nodes",
    ),
    "rules that read each other in a circle": Break(
        "rules/cycle",
        "systems/spark/signals.py",
        "expr=recent_ended,",
        'expr=metric("dataops:spark:applications_ended_10m"),',
        "dataops:spark:applications_ended_10m",
    ),
    "a recording rule that nobody reads": Break(
        "rules/unused", "systems/kubernetes/__init__.py", "oom_kills.query", "oom_kills.expr", "oom_kills_10m"
    ),
    "an alert without a summary": Break(
        "alert/text", "systems/kubernetes/alerts.py", '"OOM kill in {{ $labels.namespace }}"', '" "', "no summary"
    ),
    "a signal that no panel shows any more": Break(
        "alert/dashboard",
        "systems/kafka/__init__.py",
        '    (PanelKind.TIMESERIES, "under_replicated"),\n',
        "",
        "under_replicated",
    ),
    "a signal that its system forgot to list": Break(
        "signal/undeclared",
        "systems/grafana.py",
        "signals=tuple(signals.values()),",
        "signals=(),",
        "list it",
    ),
    "a signal that nobody uses": Break(
        "signal/unused", ARGOCD, '    (PanelKind.STAT, "applications_by_health"),\n', "", "neither panel nor"
    ),
    "an alert that lost its runbook on the way": Break(
        "alert/runbook",
        "components/rules.py",
        '        "runbook_url": f"{links.runbooks}/{alert.name}.md",\n',
        "",
        "no runbook_url",
    ),
    "an alert that lost its severity on the way": Break(
        "alert/severity",
        "components/rules.py",
        "labels=alert.own_labels",
        'labels={k: v for k, v in alert.own_labels.items() if k != "severity"}',
        "critical, high",
    ),
    "an alert that links to a panel that is not there": Break(
        "alert/dashboard",
        "components/rules.py",
        "alert_url(dashboard, panel_id(dashboard, panel)",
        "alert_url(dashboard, 7",
        "no panel",
    ),
    "a rule that is deployed and was not checked": Break(
        "deployed/rule",
        "components/rules.py",
        "expr=str(alert.expr)",
        'expr=f"{alert.expr} > 2"',
        "nothing checked it",
    ),
    "a panel that is deployed and was not checked": Break(
        "deployed/panel",
        "components/dashboard_maps.py",
        "dashboard_json(dashboard)}",
        'dashboard_json(dashboard).replace("up{", "upp{")}',
        "nothing checked it",
    ),
    "a breadcrumb to nowhere": Break(
        "dashboard/link",
        "dashboards/tree.py",
        "objectives_dashboard(objectives, parent=OVERVIEW,",
        'objectives_dashboard(objectives, parent="home",',
        "'home'",
    ),
    "a value in the unit of another": Break(
        "signal/unit", "systems/nodes/details.py", 'unit="bytes"', 'unit="s"', "bytes"
    ),
    "a chart that is too new for the cluster": Break(
        "chart/kubernetes-version", "components/charts.py", '"88.5.3", "1.25"', '"88.5.3", "1.36"', "has 1.31"
    ),
    "a misspelt chart value": Break(
        "chart/unknown-key",
        "components/kube_prometheus_values.py",
        '"retentionSize"',
        '"retentionsize"',
        "prometheus.prometheusSpec.retentionsize",
        "retentionSize",
        '"retentionsize"',
    ),
    "a Secret that nobody makes": Break(
        "wiring/reference",
        "components/kube_prometheus_values.py",
        '"configSecret": ALERTMANAGER_CONFIG_SECRET',
        '"configSecret": "alertmanager-configs"',
        "Secret monitoring/alertmanager-configs",
        "alertmanager-config",
    ),
    "monitors that no Prometheus loads": Break(
        "wiring/unselected",
        "components/kube_prometheus_values.py",
        'f"{kind}SelectorNilUsesHelmValues": False',
        'f"{kind}SelectorNilUsesHelmValues": kind == "serviceMonitor"',
        "takes release=kube-prometheus-stack",
    ),
    "a data source that is not provisioned": Break(
        "wiring/datasource",
        "dashboards/panels.py",
        'uid=f"${{{DATASOURCE}}}"',
        'uid="thanos"',
        "thanos is not provisioned",
    ),
    "rules that a chart brings": Break(
        "promql/unknown-metric",
        "components/kube_prometheus_values.py",
        '"defaultRules": {"create": False}',
        '"defaultRules": {"create": True}',
        "prometheus_remote_storage_failed_samples_total",
    ),
    "a cluster that is older than a chart takes": Break(
        "chart/render",
        "Pulumi.prod.yaml",
        'kubernetesVersion: "1.31"',
        'kubernetesVersion: "1.24"',
        "kubeVersion: >=1.25",
    ),
    "claims of another class": Break(
        "upgrade/replace", "Pulumi.prod.yaml", "storageClass: longhorn", "storageClass: ceph", "from longhorn to ceph"
    ),
}
# These look at what real charts render.
OF_CHARTS = ("chart/unknown-key", "chart/render", "wiring/", "upgrade/")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return copied(tmp_path, "obs", "tools", "upgrades")


def run_check(project: Path, stack: str = "prod") -> subprocess.CompletedProcess[str]:
    """``obs check`` in a checkout, with that checkout's own code."""
    return subprocess.run(
        [sys.executable, "-m", "obs", "check", stack, "--json"],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(project), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "250"},
        capture_output=True,
        text=True,
        check=False,
    )


def check(project: Path, stack: str = "prod") -> tuple[int, dict[str, Any]]:
    """Exit code and JSON of ``obs check``."""
    done = run_check(project, stack)
    assert done.returncode in (0, 1), done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, found


@pytest.mark.parametrize("stack", STACKS)
def test_the_program_as_it_is_has_no_finding(stack: str) -> None:
    code, result = check(ROOT, stack)
    assert result["findings"] == []
    assert code == 0


ALONE = (
    "a rule that loses the cluster",
    "a cluster that is older than a chart takes",
    "a chart that is too new for the cluster",
)
"""Whose findings are everywhere, or stop the charts that others look at."""
TOGETHER = [name for name in BREAKS if name not in ALONE]
BATCHES = [*([name] for name in ALONE), *(TOGETHER[n::4] for n in range(4))]
"""One copy for many: each finding is looked for by what it says, and a check of the whole stack takes seconds."""


@pytest.mark.parametrize("names", BATCHES, ids=lambda names: names[0])
def test_a_broken_copy_is_found(names: list[str], copy: Path) -> None:
    if any(BREAKS[name].check.startswith(OF_CHARTS) or "chart" in name for name in names) and not _has_charts():
        names = [name for name in names if not BREAKS[name].check.startswith(OF_CHARTS) and "chart" not in name]
    if not names:
        pytest.skip(NO_CHARTS)
    for name in names:
        file, text = copy / BREAKS[name].file, (copy / BREAKS[name].file).read_text()
        assert BREAKS[name].old in text, f"{BREAKS[name].file} no longer has {BREAKS[name].old!r}"
        file.write_text(text.replace(BREAKS[name].old, BREAKS[name].new))

    code, result = check(copy)

    assert code == 1
    unfound = {name: _lacking(BREAKS[name], result["findings"], copy) for name in names}
    assert {name: lacking for name, lacking in unfound.items() if lacking} == {}


def _lacking(broken: Break, findings: list[dict[str, Any]], copy: Path) -> str:
    """What the finding of a break lacks; empty where it is there, with its suggestion and its place."""
    of_check = [f for f in findings if f["check"] == broken.check]
    found = [f for f in of_check if broken.says in f["message"] + f["subject"]]
    if not found:
        return f"nothing says {broken.says!r}: {of_check}"
    if not any(broken.suggests in (f["suggestion"] or "") for f in found):
        return f"nothing suggests {broken.suggests!r}: {found}"
    for finding in found:
        place = re.fullmatch(r"(.+\.py):(\d+)", finding["where"])
        if not place:
            return f"{finding['where']} is no line of code"
        line = (copy / place[1]).read_text().splitlines()[int(place[2]) - 1 :]
        if broken.line and not any(broken.line in text for text in line[:2]):
            return f"points at {finding['where']}: {line[:1]}"
    return ""


NO_CHARTS = "kube-prometheus-stack is not in the chart cache (run `obs charts pull`), or there is no helm"


def _has_charts() -> bool:
    return archive_path(CHARTS["kube-prometheus-stack"]).is_file() and REAL_HELM is not None


def _need_charts() -> None:
    if not _has_charts():
        pytest.skip(NO_CHARTS)


def test_an_image_that_nobody_looked_at_is_found_though_only_an_argument_names_it(copy: Path) -> None:
    _need_charts()
    file = copy / "images.lock"
    old, new = "prometheus-config-reloader:v0.93.1", "prometheus-config-reloader:v0.93.0"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))
    (found,) = [f for f in check(copy)[1]["findings"] if f["check"] == "image/unlocked"]
    assert found["where"] == "images.lock"
    assert old in found["subject"]
    assert new in found["suggestion"]


def test_a_replacement_that_is_allowed_by_name_is_no_finding_until_nothing_is_replaced(copy: Path) -> None:
    _need_charts()
    stack = copy / "Pulumi.prod.yaml"
    record = yaml.safe_load((copy / "upgrades" / "prod.yaml").read_text())
    allowed = [name for name, fields in record.items() if "longhorn" in str(fields)]
    assert len(allowed) > 3
    stack.write_text(stack.read_text() + f"  dataops-observability:allowReplacements: {json.dumps(allowed)}\n")
    found = _of_upgrades(copy)
    assert [f["check"] for f in found] == ["upgrade/unused-allowance"] * len(allowed)
    assert {f["where"] for f in found} == {"Pulumi.prod.yaml"}
    stack.write_text(stack.read_text().replace("storageClass: longhorn", "storageClass: ceph"))
    assert _of_upgrades(copy) == []


def _of_upgrades(project: Path) -> list[dict[str, Any]]:
    return [f for f in check(project)[1]["findings"] if f["check"].startswith("upgrade/")]


def test_a_runbook_that_was_deleted_is_found(copy: Path) -> None:
    (copy / "runbooks" / "OOMKill.md").unlink()
    _, result = check(copy)
    assert [f["check"] for f in result["findings"]] == ["alert/runbook"]


def test_a_metric_of_a_system_that_is_off_is_found_and_the_system_named(copy: Path) -> None:
    stack = copy / "Pulumi.prod.yaml"
    stack.write_text(stack.read_text().replace("    nodes: {}\n", ""))
    file = copy / KUBERNETES
    file.write_text(file.read_text().replace('"kube_node_status_condition"', '"node_boot_time_seconds"'))
    _, result = check(copy)
    assert any("nodes" in f["message"] for f in result["findings"] if f["check"] == "promql/unknown-metric")


def test_a_reason_given_in_code_allows_an_unknown_metric(copy: Path) -> None:
    file = copy / "systems" / "spark" / "signals.py"
    old = 'metric("spark_application_running_count",'
    text = file.read_text()
    file.write_text(text.replace(old, 'metric("spark_made_up_count",'))
    assert any(f["check"] == "promql/unknown-metric" for f in check(copy)[1]["findings"])
    file.write_text(text.replace(old, 'metric("spark_made_up_count", no_contract="a trial",'))
    assert check(copy)[1]["findings"] == []


def test_two_objectives_of_one_system_share_the_names_of_their_alerts(copy: Path) -> None:
    file = copy / "systems" / "argocd" / "__init__.py"
    text = file.read_text()
    first = "slos=tuple(_deployment_success(share) for share in (settings.deployment_success_objective,) if share),"
    assert first in text
    second = 'slos=(_deployment_success(0.9), replace(_deployment_success(0.9), name="second")),'
    text = text.replace(first, second)
    file.write_text(
        text.replace(
            "from __future__ import annotations\n",
            "from __future__ import annotations\n\nfrom dataclasses import replace\n",
            1,
        )
    )
    assert check(copy)[1]["findings"] == []


def test_a_misspelt_metric_is_found_although_its_series_may_be_absent(copy: Path) -> None:
    file = copy / KUBERNETES
    file.write_text(file.read_text().replace("_last_terminated_reason", "_last_terminated_reasons"))
    found = [f for f in check(copy)[1]["findings"] if f["check"] == "promql/unknown-metric"]
    assert found[0]["suggestion"] == "kube_pod_container_status_last_terminated_reason"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("evidence: read", "evidence: guessed", "evidence: must be one of 'read' or 'scraped'"),
        ("type: counter", "type: conter", "must be one of 'counter'"),
        ("labels: [app_type]", "labels: app_type", "must be a list"),
        ("evidence: read", "", "evidence: is missing"),
        ("evidence: read", "evidence: [", "is not YAML"),
    ],
)
def test_a_contract_that_is_none_is_refused_by_name(copy: Path, old: str, new: str, says: str) -> None:
    file = copy / "contracts" / "spark-operator.yaml"
    file.write_text(file.read_text().replace(old, new))
    done = run_check(copy)
    assert done.returncode == 2
    assert "contracts/spark-operator.yaml" in done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr
