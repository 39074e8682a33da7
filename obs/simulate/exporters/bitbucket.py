"""The stack's Bitbucket exporter on two projects."""

from __future__ import annotations

from obs.simulate.cluster import Cluster
from obs.simulate.exporter import Exporter, Target
from obs.simulate.series import Rows, Table
from obs.simulate.values import Clock, Events, Fixed, Since

REPOSITORIES = tuple(
    {"project": project, "repository": repository}
    for project, repository in (("DATA", "orders-pipeline"), ("DATA", "lake-schemas"), ("OPS", "deployments"))
)
_TABLE = Table(
    rows=(
        Rows(REPOSITORIES),
        Rows.of("branch", "develop", only="git_branch_commits_.+"),
        Rows.of("branch", "main", "develop", only="git_branch_last_.+"),
        Rows.of("activity", "active", "stale"),
        Rows.of("state", "merged", "declined", only="git_pull_requests_closed_total"),
        Rows.of("state", "read", "failed", "over_cap", only="bitbucket_exporter_repositories"),
        Rows.of("result", "ok", "partial", "failed"),
    ),
    defaults={"bitbucket": "main", "version": "1.0.0", "reason": "timeout", "status": "200"},
    values=(
        ("git_commits_total", Events(0.05)),
        ("git_pull_requests_closed_total", lambda labels: Events(0.02 if labels["state"] == "merged" else 0.002)),
        ("git_pull_requests_open", Fixed(3)),
        ("git_branches", lambda labels: Fixed(6 if labels["activity"] == "active" else 2)),
        ("git_branch_commits_(ahead|behind)", Fixed(4)),
        ("git_(branch_)?last_commit_timestamp_seconds", Clock(3600)),
        (
            "bitbucket_exporter_repositories",
            lambda labels: Fixed(len(REPOSITORIES) if labels["state"] == "read" else 0),
        ),
        ("bitbucket_exporter_up", Fixed(1)),
        ("bitbucket_exporter_scans_total", lambda labels: Events(0.2) if labels["result"] == "ok" else Fixed(0)),
        ("bitbucket_.+_timestamp_seconds", Clock(60)),
        ("process_start_time_seconds", Since()),
    ),
)


def _table(_cluster: Cluster, _target: Target) -> Table:
    return _TABLE


EXPORTER = Exporter(
    name="bitbucket-exporter",
    system="bitbucket",
    port=8000,
    pods={"app.kubernetes.io/name": "bitbucket-exporter"},
    contract="bitbucket",
    table=_table,
)
