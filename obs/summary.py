"""The short coloured account of a preview."""

from __future__ import annotations

from collections import Counter

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from obs.check.run import Checked
from obs.expand import Expansion
from obs.run import StackRun


def print_summary(console: Console, run: StackRun, expansion: Expansion) -> None:
    """Objects by component and kind, charts with versions, and how many rules, alerts and dashboards."""
    cluster = run.settings.cluster
    console.print(
        f"[bold]{escape(run.stack)}[/] · cluster [bold]{escape(cluster.name)}[/] · {cluster.environment} · "
        f"Kubernetes {cluster.kubernetes_version} · size {run.settings.size}"
    )
    console.print(_objects(expansion))
    console.print(_charts(expansion))
    plan = run.plan
    severities = Counter(a.severity.value for a in plan.alerts)
    console.print(
        f"[bold]{len(plan.systems)}[/] systems ({', '.join(s.name for s in plan.systems)}), "
        f"[bold]{len(plan.records)}[/] recording rules, [bold]{len(plan.alerts)}[/] alerts "
        f"({', '.join(f'{n} {s}' for s, n in severities.items())}), [bold]{len(plan.objectives)}[/] objectives, "
        f"[bold]{len(plan.dashboards)}[/] dashboards with {sum(len(d.panels) for d in plan.dashboards)} panels, "
        f"[bold]{len(expansion.images)}[/] images"
    )
    for warning in run.warnings:
        console.print(f"[yellow]![/] {escape(warning)}")


def _objects(expansion: Expansion) -> Table:
    table = Table(title="Objects", title_justify="left", box=None, pad_edge=False)
    for column, justify in (("component", "left"), ("objects", "right"), ("kinds", "left")):
        table.add_column(column, justify="right" if justify == "right" else "left")
    for component in sorted({o.component for o in expansion.objects}):
        kinds = Counter(o.kind for o in expansion.objects if o.component == component)
        listed = ", ".join(f"{n} {kind}" for kind, n in kinds.most_common())
        table.add_row(component, str(kinds.total()), listed)
    return table


def _charts(expansion: Expansion) -> Table:
    table = Table(title="Charts", title_justify="left", box=None, pad_edge=False)
    for column in ("chart", "version", "state"):
        table.add_column(column)
    for chart in expansion.charts:
        rendered = chart.state == "rendered"
        state = f"[green]{chart.objects} objects[/]" if rendered else f"[red]missing[/]: {escape(chart.reason)}"
        table.add_row(chart.name, chart.version, state)
    return table


def print_findings(console: Console, checked: Checked) -> None:
    """Each finding with its place, expression and remedy; one line when there is none."""
    for skipped in checked.skipped:
        console.print(f"[yellow]not checked[/] {escape(skipped)}")
    for finding in checked.findings:
        console.print(
            f"[red]✗[/] [bold]{escape(finding.where)}[/] {escape(finding.subject)}: {escape(finding.message)}"
        )
        if finding.suggestion:
            console.print(f"    [green]use[/] {escape(finding.suggestion)}")
        if finding.expression:
            console.print(f"    [dim]{escape(finding.expression)}[/]")
        console.print(f"    [dim]{finding.check} · docs/checks.md[/]")
    if checked.findings:
        console.print(f"[red]{len(checked.findings)} findings[/]")
    else:
        console.print("[green]✓[/] no findings")
