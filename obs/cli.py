"""The command line. Each command imports what it needs: start-up counts."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from obs.accept.cli import validate
from obs.comment.cli import comment
from obs.console import HERE, Json, Project, Stack, err, errors, out, print_json
from obs.contracts.cli import contracts
from obs.dashboards_cli import app as dashboards_app
from obs.diff.cli import diff, snapshot
from obs.images_cli import app as images_app
from obs.local.cli import app as local_app
from obs.simulate.cli import simulate
from obs.slo_cli import slo
from obs.toolchain_cli import app as tools_app
from obs.upgrades_cli import app as upgrades_app
from obs.verify.cli import verify

if TYPE_CHECKING:
    from obs.expand import Expansion
    from obs.run import StackRun

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # locals may hold secrets
    help="Proves what a stack deploys, before it is deployed.",
)
charts_app = typer.Typer(no_args_is_help=True, help="The chart cache, outside the checkout.")
app.add_typer(charts_app, name="charts")
app.add_typer(dashboards_app, name="dashboards")
app.add_typer(images_app, name="images")
app.add_typer(local_app, name="local")
app.add_typer(tools_app, name="tools")
app.add_typer(upgrades_app, name="upgrades")
app.command()(comment)
app.command()(contracts)
app.command()(diff)
app.command(hidden=True)(snapshot)
app.command()(simulate)
app.command()(slo)
app.command()(validate)
app.command()(verify)


@app.callback()
def start() -> None:
    # What a run makes lives to its end. Looking for garbage every 700 objects took 1.3 s of 8 (November 2026).
    gc.set_threshold(100_000, 50, 50)


Offline = Annotated[bool, typer.Option("--offline", help="Never ask a chart repository")]
Require = Annotated[bool, typer.Option("--require-charts", help="A chart that cannot be had is an error")]
Out = Annotated[Path, typer.Option("--out", help="Folder to write; obs replaces it whole")]


def _written(
    stack: str, folder: Path, project: Path, offline: bool, require_charts: bool, *, keep_going: bool = False
) -> tuple[StackRun, Expansion]:
    """The run of a stack and what it deploys, after writing that to a folder."""
    from obs.run import run_stack
    from obs.write import write_rendering

    run = run_stack(stack, project)
    expansion = run.expanded(offline=offline, require_charts=require_charts, keep_going=keep_going)
    write_rendering(folder, expansion)
    return run, expansion


@app.command()
def preview(
    stack: Stack,
    folder: Out,
    offline: Offline = False,
    require_charts: Require = False,
    project: Project = HERE,
) -> None:
    """Render a stack, check it, and say what it is. Exits with 1 when a check finds something."""
    from obs.check.run import check_run
    from obs.summary import print_findings, print_summary

    with errors():
        with err.status(f"running stack {stack}"):
            run, expansion = _written(stack, folder, project, offline, require_charts, keep_going=True)
            checked = check_run(run, expansion, project)
        print_summary(out, run, expansion, project)
        print_findings(out, checked)
        missing = any(chart.state != "rendered" for chart in expansion.charts)
        out.print(f"{'everything else' if missing else 'every object'} is in [bold]{folder}[/]")
    raise typer.Exit(1 if checked.findings else 0)


@app.command()
def render(
    stack: Stack,
    folder: Out,
    offline: Offline = False,
    require_charts: Require = False,
    project: Project = HERE,
) -> None:
    """Write every object of a stack as YAML, grouped by component."""
    with errors():
        with err.status(f"rendering stack {stack}"):
            _, expansion = _written(stack, folder, project, offline, require_charts)
        for chart in expansion.charts:
            if chart.state == "missing":
                err.print(f"[yellow]missing:[/] {chart.reason}", highlight=False)
    out.print(f"{len(expansion.objects)} objects in {folder}", highlight=False)


@app.command()
def check(stack: Stack, as_json: Json = False, project: Project = HERE) -> None:
    """Check rules, panels, objectives, links, and all that is rendered of it. Exits with 1 on a finding."""
    from obs.check.run import check_run
    from obs.run import run_stack
    from obs.summary import print_findings

    with errors():
        run = run_stack(stack, project)
        checked = check_run(run, run.expanded(offline=True, build_helm=False, keep_going=True), project)
    if as_json:
        data = {"findings": [f.to_dict() for f in checked.findings], "skipped": list(checked.left_out)}
        print_json(data)
    else:
        print_findings(out, checked)
    raise typer.Exit(1 if checked.findings else 0)


@app.command()
def inventory(stack: Stack, as_json: Json = False, offline: Offline = False, project: Project = HERE) -> None:
    """List everything that a stack consists of."""
    from obs.inventory import heading, said
    from obs.inventory import inventory as collect
    from obs.run import run_stack

    with errors():
        run = run_stack(stack, project)
        items = collect(run, run.expanded(offline=offline), project)
    if as_json:
        print_json(items)
        return
    for kind, entries in items.items():
        out.print(f"[bold]{kind.replace('_', ' ')}[/] {heading(entries)}", highlight=False)
        for entry in entries:
            out.print(f"  {said(entry)}", highlight=False, markup=False, soft_wrap=True)


@app.command()
def openslo(stack: Stack, project: Project = HERE) -> None:
    """Print the objectives of a stack as OpenSLO documents."""
    import yaml

    from obs.run import run_stack
    from slo.openslo import document

    with errors():
        objectives = run_stack(stack, project).plan.objectives
    typer.echo(yaml.safe_dump_all([document(o.slo) for o in objectives], sort_keys=False, width=120), nl=False)


@charts_app.command("pull")
def charts_pull(
    source: Annotated[
        str | None, typer.Option("--from", help="A directory, an oci:// prefix or an https:// index instead")
    ] = None,
) -> None:
    """Download every pinned chart into the cache, or take it from a directory or mirror."""
    from components.charts import CHARTS, archive_path, cache_dir
    from obs.chart_cache import checked_source, pull
    from obs.chartkeys import chart_keys_from_archive

    with errors():
        if source is not None:
            checked_source(source)
        fetched = pull(CHARTS.values(), source, console=err)
        for pin in fetched:
            chart_keys_from_archive(archive_path(pin))  # read through now, so that the first check is quick
    for pin in fetched:
        out.print(f"{pin} [green]pulled[/]", highlight=False)
    out.print(f"{len(CHARTS)} charts in {cache_dir() / 'charts'}", highlight=False)


@charts_app.command("verify")
def charts_verify() -> None:
    """Compare every cached archive with charts.lock. Exits with 1 when one is missing, differs or is not locked."""
    from components.charts import CHARTS
    from obs.chart_cache import State, verify

    with errors():
        rows = verify(CHARTS.values())
    for row in rows:
        colour = {"ok": "green", "not locked": "yellow"}.get(row.state.value, "red")
        out.print(f"{row.pin} [{colour}]{row.state.value}[/] {row.detail}", highlight=False)
    verified = sum(row.state is State.OK for row in rows)
    out.print(f"{verified} of {len(rows)} charts are what charts.lock records", highlight=False, soft_wrap=True)
    if any(row.state is State.NOT_LOCKED for row in rows):
        advice = "charts.lock has no digest of the others: run `obs charts lock` where the repositories answer"
        out.print(advice, soft_wrap=True)
    raise typer.Exit(0 if verified == len(rows) else 1)


@charts_app.command("list")
def charts_list(as_json: Json = False) -> None:
    """Every pinned chart: version, repository, whether it is cached and locked."""
    from components.charts import CHARTS
    from obs.chart_cache import verify

    with errors():
        rows = verify(CHARTS.values())
    if as_json:
        data = [
            {
                "name": row.pin.name,
                "version": row.pin.version,
                "repository": row.pin.repository,
                "kubernetes_floor": row.pin.kubernetes_floor,
                "state": row.state.value,
                "sha256": row.sha256,
                "source": row.source,
            }
            for row in rows
        ]
        print_json(data)
        return
    table = Table(box=None, pad_edge=False)
    for column in ("chart", "version", "state", "taken from"):
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(row.pin.name, row.pin.version, row.state.value, row.source or row.pin.repository)
    out.print(table)


@charts_app.command("lock")
def charts_lock() -> None:
    """Write charts.lock from what the repositories publish; nothing is written unless all of them answer."""
    from components.charts import CHARTS, LOCK
    from obs.chart_cache import lock

    with errors():
        lock(CHARTS.values(), console=err)
    out.print(f"{LOCK.name} written")
