"""``obs upgrades``: the record of what holds data."""

from __future__ import annotations

import typer

from obs.console import HERE, Project, Stack, err, errors, out

app = typer.Typer(no_args_is_help=True, help="What an upgrade must not replace without being told.")


@app.command("accept")
def upgrades_accept(stack: Stack, project: Project = HERE) -> None:
    """Record what a stack deploys now, after it was deployed. Replacements must be allowed by name."""
    from obs.check.rendered import Rendered
    from obs.run import run_stack
    from obs.upgrades import UpgradeError, file_of, read, refused, snapshot, write

    with errors():
        run = run_stack(stack, project)
        if run.settings.cluster.environment == "local":
            raise UpgradeError(f"stack {stack} is local: nothing of it outlives `make down`, so nothing is recorded")
        with err.status(f"rendering stack {stack}"):
            after = snapshot(Rendered(run.expanded(require_charts=True)))
        file = file_of(project, stack)
        if lost := refused(read(file), after, run.settings.allow_replacements):
            names = "\n".join(f"  {name}" for name in lost)
            raise UpgradeError(
                f"{file}: these would be replaced, and allowReplacements does not name them "
                f"(`obs check {stack}` says why):\n{names}"
            )
        write(file, stack, after)
    out.print(f"{file}: {len(after)} objects", highlight=False)
