"""Charts as Pulumi resources, from the pins and the stack's chart source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi_kubernetes.helm.v3 import Release, RepositoryOptsArgs
from pulumi_kubernetes.helm.v4 import Chart
from pulumi_kubernetes.helm.v4 import RepositoryOptsArgs as ChartRepositoryOptsArgs

from components.charts import CHARTS, chart_location


def chart(name: str, *, source: str, namespace: str, values: Mapping[str, Any], opts: pulumi.ResourceOptions) -> Chart:
    """A chart whose objects are resources of their own. ``values`` hold literals only: an unknown leaves it empty."""
    location = chart_location(CHARTS[name], source)
    return Chart(
        name,
        chart=location.chart,
        version=location.version,
        repository_opts=ChartRepositoryOptsArgs(repo=location.repo) if location.repo else None,
        name=name,
        resource_prefix=name,
        namespace=namespace,
        skip_crds=True,
        values=dict(values),
        opts=opts,
    )


def release(
    name: str, *, source: str, namespace: str, values: Mapping[str, Any], opts: pulumi.ResourceOptions
) -> Release:
    """A chart as one resource: for CRDs, whose object diffs help no reader and cost 30 s a preview."""
    location = chart_location(CHARTS[name], source)
    return Release(
        name,
        chart=location.chart,
        version=location.version,
        repository_opts=RepositoryOptsArgs(repo=location.repo) if location.repo else None,
        name=name,
        namespace=namespace,
        values=dict(values),
        # Unset, the provider reports a change of the keyring's path on every machine (pulumi-kubernetes #1724).
        keyring="",
        opts=opts,
    )
