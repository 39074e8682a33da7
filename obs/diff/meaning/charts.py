"""Charts with another version, and where to read what changed in them; images that run."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

from obs.diff.entry import Entry, arrow
from obs.diff.pair import Pair

# Chart -> where its releases are described.
CHANGELOGS = MappingProxyType(
    {
        **dict.fromkeys(
            (
                "kube-prometheus-stack",
                "prometheus-operator-crds",
                "prometheus-statsd-exporter",
                "prometheus-redis-exporter",
                "prometheus-blackbox-exporter",
                "prometheus-pushgateway",
            ),
            "https://github.com/prometheus-community/helm-charts/releases/tag/{name}-{version}",
        ),
        "thanos": "https://github.com/stevehipwell/helm-charts/releases/tag/{name}-{version}",
        **dict.fromkeys(
            ("loki", "tempo", "tempo-distributed"),
            "https://github.com/grafana-community/helm-charts/releases/tag/{name}-{version}",
        ),
        "alloy": "https://github.com/grafana/alloy/blob/main/operations/helm/charts/alloy/CHANGELOG.md",
        "opentelemetry-collector": (
            "https://github.com/open-telemetry/opentelemetry-helm-charts/releases/tag/{name}-{version}"
        ),
    }
)


def charts(pair: Pair) -> Iterator[Entry]:
    one = {(c.component, c.release): c for c in pair.before.snapshot.charts}
    other = {(c.component, c.release): c for c in pair.after.snapshot.charts}
    if pair.before.snapshot.charts and pair.after.snapshot.charts:
        for key in sorted(one.keys() | other.keys()):
            before, after = one.get(key), other.get(key)
            versions = (before.version if before else None, after.version if after else None)
            if versions[0] != versions[1]:
                chart = after or before
                assert chart is not None
                link = f"; {changelog(chart.name, chart.version)}" if after else ""
                text = f"{chart.name} {arrow(*versions)}{link}"
                yield Entry(
                    topic="charts",
                    subject=f"release {chart.release}",
                    text=text,
                    where=chart.where,
                    why="its pin differs",
                )
    yield from _images(pair)


def changelog(name: str, version: str) -> str:
    """Where a version of a chart is described; empty for a chart that the table does not have."""
    return CHANGELOGS.get(name, "").format(name=name, version=version)


def _images(pair: Pair) -> Iterator[Entry]:
    for subject in sorted(pair.before.workloads.keys() & pair.after.workloads.keys()):
        one, other = pair.before.workloads[subject].images, pair.after.workloads[subject].images
        for name in sorted(one.keys() & other.keys()):
            if one[name] != other[name]:
                text = f"container {name}: {arrow(one[name], other[name])}"
                where = pair.place(subject)
                yield Entry(topic="images", subject=subject, text=text, where=where, why="a container's image differs")
