"""Capacity planning: how much there is, how fast it goes, and when it is gone."""

from __future__ import annotations

from dashboards.pages.common import NAMESPACE
from dashboards.shelf import Group, Page, show
from model.dashboard import PanelKind

PLANNING = Page(
    uid="dataops-capacity-planning",
    title="Capacity planning",
    description="What is left of compute and storage, and when it will be gone if it goes on like this.",
    parent="dataops-capacity",
    systems=("kubernetes", "nodes", "minio", "ceph", "isilon", "oracle"),
    related=("capacity",),
    variables=(NAMESPACE,),
    rows=(
        Group(
            title="Forecast",
            panels=(
                show(PanelKind.STAT, "capacity.compute_runs_out", width=12, optional=True),
                show(PanelKind.STAT, "capacity.storage_runs_out", width=12, optional=True),
                show(PanelKind.BARGAUGE, "kubernetes.volume_forecast"),
                show(PanelKind.BARGAUGE, "capacity.days_until_full", width=16, optional=True),
            ),
        ),
        Group(
            title="Compute",
            panels=(
                show(PanelKind.TIMESERIES, "nodes.cluster_cpu_usage"),
                show(PanelKind.TIMESERIES, "nodes.cluster_memory_usage"),
                show(PanelKind.TIMESERIES, "kubernetes.free_capacity"),
            ),
        ),
        Group(
            title="Storage",
            panels=(
                show(PanelKind.BARGAUGE, "kubernetes.volume_usage"),
                show(PanelKind.TIMESERIES, "kubernetes.storage_used"),
                show(PanelKind.GAUGE, "minio.usage", title="Object storage in use"),
                show(PanelKind.BARGAUGE, "minio.bucket_growth"),
                show(PanelKind.GAUGE, "ceph.usage", title="Ceph capacity in use"),
                show(PanelKind.GAUGE, "isilon.usage"),
                show(PanelKind.BARGAUGE, "oracle.tablespace_usage"),
            ),
        ),
        Group(
            title="What could be given back",
            panels=(
                show(PanelKind.TIMESERIES, "kubernetes.idle_resources"),
                show(PanelKind.TABLE, "kubernetes.spare_cpu"),
                show(PanelKind.TABLE, "kubernetes.spare_memory"),
            ),
        ),
    ),
)
PAGES = (PLANNING,)
