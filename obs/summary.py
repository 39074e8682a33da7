"""The short coloured account of a preview."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from model.rule import Severity
from obs.check.rendered import Rendered
from obs.check.run import Checked
from obs.check.wiring import Stack, external_addresses
from obs.expand import Expansion
from obs.image_lock import IMAGE_LOCK, listed, read
from obs.images import users
from obs.run import StackRun


def print_summary(console: Console, run: StackRun, expansion: Expansion, project: Path) -> None:
    """Objects by component and kind, charts with versions, and how many rules, alerts and dashboards."""
    cluster = run.settings.cluster
    console.print(
        f"[bold]{escape(run.stack)}[/] · cluster [bold]{escape(cluster.name)}[/] · {cluster.environment} · "
        f"Kubernetes {cluster.kubernetes_version} · size {run.settings.size}"
    )
    console.print(_objects(expansion))
    console.print(_charts(expansion))
    console.print(_contents(run, expansion, project))
    for warning in run.warnings:
        console.print(f"[yellow]![/] {escape(warning)}")


def _contents(run: StackRun, expansion: Expansion, project: Path) -> Table:
    plan = run.plan
    images = listed(users(expansion), read(project / IMAGE_LOCK), run.settings.image_registry)
    outside = {service for service, _, _ in external_addresses(Stack(Rendered(expansion), run.settings.namespace))}
    severities = Counter(alert.severity for alert in plan.alerts)
    rows = {
        "systems": (len(plan.systems), ", ".join(s.name for s in plan.systems)),
        "recording rules": (len(plan.records), ""),
        "alerts": (len(plan.alerts), ", ".join(f"{severities[s]} {s.value}" for s in Severity if severities[s])),
        "objectives": (len(plan.objectives), ", ".join(o.slo.name for o in plan.objectives)),
        "dashboards": (len(plan.dashboards), f"{sum(len(d.panels) for d in plan.dashboards)} panels"),
        "images": (len(images), f"{sum(bool(image['digest']) for image in images)} with a known digest"),
        "services of other namespaces": (len(outside), ", ".join(sorted(outside))),
    }
    table = _table("Contents")
    table.add_column("what")
    table.add_column("number", justify="right")
    table.add_column("of these")
    for what, (number, detail) in rows.items():
        table.add_row(what, str(number), detail)
    return table


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", box=None, pad_edge=False)


def _objects(expansion: Expansion) -> Table:
    table = _table("Objects")
    table.add_column("component")
    table.add_column("number", justify="right")
    table.add_column("kinds")
    for component in sorted({o.component for o in expansion.objects}):
        kinds = Counter(o.kind for o in expansion.objects if o.component == component)
        listed = ", ".join(f"{n} {kind}" for kind, n in kinds.most_common())
        table.add_row(component, str(kinds.total()), listed)
    return table


def _charts(expansion: Expansion) -> Table:
    table = _table("Charts")
    table.add_column("chart")
    table.add_column("release")
    table.add_column("version")
    table.add_column("state", overflow="fold")
    for chart in expansion.charts:
        rendered = chart.state == "rendered"
        state = (
            f"[green]{chart.objects} objects[/]"
            if rendered
            else f"[red]{chart.state}[/]: {escape(chart.reason.removeprefix(f'{chart.name} {chart.version}: '))}"
        )
        table.add_row(chart.name, chart.release, chart.version, state)
    return table


def print_findings(console: Console, checked: Checked) -> None:
    """Each finding with its place, expression and remedy; one line when there is none."""
    for skipped in checked.left_out:
        console.print(f"[yellow]not checked[/] {escape(skipped)}", highlight=False)
    for finding in checked.findings:
        console.print(
            f"[red]✗[/] [bold]{escape(finding.where)}[/] {escape(finding.subject)}: {escape(finding.message)}"
        )
        if finding.suggestion:
            console.print(f"    [green]use[/] {escape(finding.suggestion)}", soft_wrap=True)
        if finding.expression:
            console.print(f"    [dim]{escape(finding.expression)}[/]", soft_wrap=True)
        console.print(f"    [dim]{finding.check} · docs/checks.md[/]")
    if checked.findings:
        number = len(checked.findings)
        console.print(f"[red]{number} finding{'s' if number > 1 else ''}[/]")
    elif checked.left_out:
        console.print("[yellow]![/] no findings in what was checked; what was not is named above")
    else:
        console.print("[green]✓[/] no findings")
