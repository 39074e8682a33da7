"""Every check of one stack."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from components.charts import CHARTS
from obs.chart_archive import ChartUnavailable
from obs.chart_cache import use
from obs.chart_orders import ChartOrder, chart_order, is_chart
from obs.chartkeys import chart_keys_from_archive
from obs.check.chart_content import check_chart_content
from obs.check.chart_values import check_chart_values
from obs.check.dashboard_names import check_names
from obs.check.deployed import check_deployed
from obs.check.finding import Finding
from obs.check.image_lock import check_images
from obs.check.plan import check_plan, known_series, record_expressions
from obs.check.queries import check_queries, parsers, queries
from obs.check.rendered import Rendered
from obs.check.security.check import check_security
from obs.check.upgrades import check_upgrades
from obs.check.wiring import Stack, check_wiring
from obs.expand import Expansion, RenderedChart
from obs.image_lock import IMAGE_LOCK
from obs.image_lock import read as read_images
from obs.images import users
from obs.record import redacted
from obs.run import StackRun
from obs.upgrades import file_of
from obs.upgrades import read as read_upgrades


@dataclass(frozen=True)
class Checked:
    """``skipped`` says what could not be checked, and why; ``unparsed`` which queries no parser has read."""

    findings: tuple[Finding, ...]
    skipped: tuple[str, ...] = ()
    unparsed: tuple[str, ...] = ()

    @property
    def left_out(self) -> tuple[str, ...]:
        return (*self.skipped, *self.unparsed)


def check_run(run: StackRun, expansion: Expansion, project: Path) -> Checked:
    """Expressions, links and texts of the plan, the charts with their values, and everything that is rendered."""
    known = known_series(run.plan)
    rendered = Rendered(expansion)
    findings = [
        *check_plan(run.plan, known),
        *check_deployed(run.recording, run.plan, project),
        *check_names(run.plan.dashboards, project),
        *check_chart_content(rendered, record_expressions(run.plan), known),
        *check_images(users(expansion), read_images(project / IMAGE_LOCK), run.settings.image_registry, IMAGE_LOCK),
    ]
    skipped: list[str] = []
    for order, where in chart_orders(run):
        findings += _floor(run, order, where)
        try:
            archive = use(order.pin, archive=order.path)
        except ChartUnavailable:
            skipped.append(f"values of chart {order.pin}: no archive in the cache to check them against")
            continue
        keys = chart_keys_from_archive(archive.path)
        wrong = check_chart_values(order.pin.name, order.values, keys, where)
        findings += [_where_written(finding, project) for finding in wrong]
    findings += _refused(expansion)
    if lacking := [_lack(chart) for chart in expansion.charts if chart.state != "rendered"]:
        what = "wiring, security and upgrades, and rules, dashboards and images of charts that are not rendered"
        skipped.append(f"{what}: {'; '.join(dict.fromkeys(lacking))}")
    else:
        findings += check_wiring(Stack(rendered, run.settings.namespace, run.settings.external_secrets))
        findings += check_security(rendered)
        findings += _upgrades(run, rendered, project)
    refused, unparsed = check_queries(queries(run.recording, run.plan), parsers())
    return Checked(tuple(sorted([*findings, *refused])), tuple(dict.fromkeys(skipped)), tuple(unparsed))


def _lack(chart: RenderedChart) -> str:
    return chart.reason if chart.state == "missing" else f"{chart.name} {chart.version} is refused by helm"


def _refused(expansion: Expansion) -> Iterator[Finding]:
    for chart in expansion.charts:
        if chart.state == "refused":
            yield Finding("chart/render", f"chart {chart.name} {chart.version}", chart.where, chart.reason)


def _upgrades(run: StackRun, rendered: Rendered, project: Path) -> Iterator[Finding]:
    if run.settings.cluster.environment == "local":
        return  # nothing of it outlives `make down`
    file = file_of(project, run.stack)
    yield from check_upgrades(
        rendered,
        read_upgrades(file),
        run.settings.allow_replacements,
        stack=run.stack,
        file=file.relative_to(project).as_posix(),
        settings=f"Pulumi.{run.stack}.yaml",
    )


def chart_orders(run: StackRun) -> list[tuple[ChartOrder, str]]:
    """The charts of a stack, each with where it is registered."""
    charts = [r for r in run.recording.resources if is_chart(r.type)]
    return [(chart_order(r, run.recording.component_of(r), redacted(r.inputs)), r.source or r.urn) for r in charts]


def _where_written(finding: Finding, project: Path) -> Finding:
    """Points at the one line below components/ that writes the key, where there is exactly one."""
    key = finding.subject.rpartition(".")[2]
    places = [
        f"{file.relative_to(project).as_posix()}:{number}"
        for file in sorted((project / "components").glob("*.py"))
        for number, line in enumerate(file.read_text().splitlines(), start=1)
        if f'"{key}"' in line
    ]
    return replace(finding, where=places[0]) if len(places) == 1 else finding


def _floor(run: StackRun, order: ChartOrder, where: str) -> list[Finding]:
    """A chart refuses to render on a cluster that is older than it allows."""
    cluster, floor = run.settings.cluster.kubernetes_version, CHARTS[order.pin.name].kubernetes_floor
    if floor is None or _version(cluster) >= _version(floor):
        return []
    message = f"needs Kubernetes {floor} or newer, the cluster has {cluster}"
    return [Finding("chart/kubernetes-version", f"chart {order.pin}", where, message)]


def _version(text: str) -> tuple[int, int]:
    major, minor = text.split(".")[:2]
    return int(major), int(minor)
