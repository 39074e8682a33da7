"""Rows of the domains that no single system brings: comparisons over systems, errors, advice."""

from __future__ import annotations

from collections.abc import Mapping

from dashboards.pages.common import CHOSEN, FAILED, TOP_MESSAGES, counted
from dashboards.shelf import Group, show
from model.dashboard import PanelKind
from model.system import Domain

_BEFORE: Mapping[Domain, tuple[Group, ...]] = {
    Domain.WORKLOAD: (
        Group(
            title="All workloads",
            panels=(
                show(PanelKind.STAT, "platform.job_success", optional=True),
                show(PanelKind.BARGAUGE, "kubernetes.namespace_cpu", title="CPU compared"),
                show(PanelKind.BARGAUGE, "kubernetes.namespace_memory", title="Memory compared"),
                show(PanelKind.TIMESERIES, "pipeline.stage_time", title="Duration trend"),
            ),
        ),
    ),
    Domain.OPTIMISATION: (
        Group(
            title="Performance",
            panels=(
                show(PanelKind.TABLE, "trino.slow_queries_1h", title="Slow queries (Trino)"),
                show(PanelKind.TABLE, "spark.share_of_sla", title="Long running jobs (Spark)", optional=True),
                show(PanelKind.TABLE, "airflow.failed_tasks", title="Failed tasks (Airflow)"),
                show(PanelKind.STAT, "pipeline.bottleneck"),
                show(PanelKind.BARGAUGE, "pipeline.stage_time"),
            ),
        ),
        Group(
            title="Errors",
            panels=(
                counted(
                    f'sum by (level) (count_over_time({CHOSEN} | {FAILED} [$__auto]))',
                    "{{level}}",
                    "Errors by category",
                    "Lines of the levels error and worse. Good: none, or as many as ever.",
                ),
                TOP_MESSAGES,
                show(PanelKind.TABLE, "kubernetes.failed_pods"),
                show(PanelKind.TIMESERIES, "kubernetes.oom_kills"),
            ),
        ),
        Group(
            title="Right-sizing",
            panels=(
                show(PanelKind.TABLE, "kubernetes.spare_cpu"),
                show(PanelKind.TABLE, "kubernetes.spare_memory"),
                show(PanelKind.TABLE, "kubernetes.autoscalers_at_limit"),
                show(PanelKind.TABLE, "kubernetes.memory_of_limit", width=24),
            ),
        ),
    ),
    Domain.E2E: (
        Group(
            title="Pipeline overview",
            panels=(
                show(PanelKind.STAT, "platform.stages_up", width=16, optional=True),
                show(PanelKind.STAT, "pipeline.bottleneck"),
                show(PanelKind.TABLE, "pipeline.time_to_kubernetes", width=12, optional=True),
                show(PanelKind.TABLE, "pipeline.time_to_storage", width=12, optional=True),
                show(PanelKind.BARGAUGE, "pipeline.stage_time", width=12),
                show(PanelKind.TIMESERIES, "pipeline.stage_time", title="Time by stage, course", width=12),
            ),
        ),
        Group(
            title="Service levels",
            panels=(
                show(PanelKind.STAT, "platform.availability_attained", optional=True),
                show(PanelKind.GAUGE, "platform.attainment_of_objective", width=16, optional=True),
                show(PanelKind.TIMESERIES, "slo.slo_attainment", title="Availability and other objectives", width=12),
                show(PanelKind.TIMESERIES, "airflow.run_time_p50", "airflow.run_time_p95", "airflow.run_time_p99",
                     title="Run time of pipelines", width=12),
                show(PanelKind.TIMESERIES, "kafka.messages_in", title="Throughput"),
                show(PanelKind.STAT, "kafka.bytes_in_24h", "spark.input_24h", "trino.input_24h",
                     title="Data processed in 24 hours"),
                show(PanelKind.STAT, "platform.jobs_ended", optional=True),
                show(PanelKind.GAUGE, "platform.utilisation", optional=True),
            ),
        ),
    ),
}  # fmt: skip


def rows_before(domain: Domain) -> tuple[Group, ...]:
    """Rows above those that the systems bring."""
    return _BEFORE.get(domain, ())
