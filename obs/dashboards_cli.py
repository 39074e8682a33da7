"""``obs dashboards``: the names that never change, and a page for reviewers without Grafana."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from obs.console import HERE, Project, Stack, errors, out

app = typer.Typer(no_args_is_help=True, help="Dashboards of a stack.")


@app.command("accept")
def dashboards_accept(stack: Stack, project: Project = HERE) -> None:
    """Record uid, title and slug of the dashboards that are new. What is recorded never changes."""
    from obs.check.dashboard_names import NAMES, accept
    from obs.run import run_stack

    with errors():
        new = accept(run_stack(stack, project).plan.dashboards, project / NAMES)
    out.print(f"{NAMES.as_posix()}: {len(new)} new{': ' if new else ''}{', '.join(new)}", highlight=False)


@app.command("preview")
def dashboards_preview(
    stack: Stack,
    folder: Annotated[Path, typer.Option("--out", help="Folder for index.html")],
    prometheus: Annotated[str | None, typer.Option(help="Show what this Prometheus answers; samples without")] = None,
    project: Project = HERE,
) -> None:
    """Write every dashboard as one page of HTML that needs nothing else."""
    from obs import atomic
    from obs.preview.answers import SAMPLES, live, sampled
    from obs.preview.page import page
    from obs.run import run_stack
    from obs.verify.client import Server

    with errors():
        boards = run_stack(stack, project).plan.dashboards
        if prometheus is None:
            text = page(stack, boards, sampled, SAMPLES)
        else:
            with Server(prometheus, "Prometheus") as server:
                text = page(stack, boards, live(server), f"Values of the last 6 hours from {server.shown}.")
        atomic.write(folder / "index.html", text.encode())
    out.print(f"{folder / 'index.html'}: {len(boards)} dashboards, {len(text.encode()) / 1000:.0f} kB", highlight=False)
