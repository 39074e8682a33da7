"""Jenkins: two jobs that build now and then, and Jenkins' own meters."""

from __future__ import annotations

from obs.simulate.cluster import Cluster
from obs.simulate.exporter import Exporter, Target
from obs.simulate.platform.jenkins import PORT, SELECTOR
from obs.simulate.series import Rows, Table
from obs.simulate.values import Events, Fixed, Growth, Since, Wave

JOBS = ("ingest-pipeline", "reports-api")
BUILDS_PER_MINUTE = 0.5
"""120 in the 4 hours that the share of failures looks at."""


def _table(_cluster: Cluster, _target: Target) -> Table:
    return Table(
        rows=(Rows.of("jenkins_job", *JOBS), Rows.of("stage", "Build", "Test")),
        defaults={"repo": "https://git.example.com/dataops/ingest", "buildable": "true", "label": "built-in",
                  "node": "built-in", "version": "2.568.2", "number": "1"},
        values=(
            ("default_jenkins_builds_last_build_result|default_jenkins_up", Fixed(1)),
            (".*_result_ordinal|default_jenkins_quietdown|.*_likely_stuck", Fixed(0)),
            ("default_jenkins_builds_last_build_start_time_milliseconds", Since()),
            ("default_jenkins_builds_(last_build|running_build)_duration_milliseconds", Wave(240_000, 0.2)),
            ("default_jenkins_builds_health_score", Fixed(80)),
            ("jenkins_runs_(success|total)_total", Events(BUILDS_PER_MINUTE)),
            # Some builds failed in the past; none does now.
            ("jenkins_runs_(failure|unstable|aborted|not_built)_total", Fixed(3)),
            ("jenkins_queue_(size|stuck|blocked|buildable|pending)_value", Fixed(0)),
            ("jenkins_executor_count_value", Fixed(8)),
            ("jenkins_executor_in_use_value", Wave(3, 0.3)),
            ("jenkins_node_offline_value|jenkins_plugins_failed", Fixed(0)),
            ("vm_memory_heap_usage", Wave(0.5, 0.1)),
            ("default_jenkins_uptime|vm_uptime_milliseconds", Growth(1000)),
        ),
    )  # fmt: skip


EXPORTERS = (
    Exporter(
        name="jenkins",
        system="jenkins",
        port=PORT,
        path="/prometheus",
        pods=SELECTOR,
        contract="jenkins",
        table=_table,
    ),
)
