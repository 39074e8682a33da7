"""``obs dashboards``: the names that never change."""

from __future__ import annotations

import typer

from obs.console import HERE, Project, Stack, errors, out

app = typer.Typer(no_args_is_help=True, help="Dashboards of a stack.")


@app.callback()
def dashboards() -> None:
    """Keeps ``accept`` a command of its own while it is the only one."""


@app.command("accept")
def dashboards_accept(stack: Stack, project: Project = HERE) -> None:
    """Record uid, title and slug of the dashboards that are new. What is recorded never changes."""
    from obs.check.dashboard_names import NAMES, accept
    from obs.run import run_stack

    with errors():
        new = accept(run_stack(stack, project).plan.dashboards, project / NAMES)
    out.print(f"{NAMES.as_posix()}: {len(new)} new{': ' if new else ''}{', '.join(new)}", highlight=False)
