"""``obs images``: which images a stack runs, and images.lock."""

from __future__ import annotations

from typing import Annotated

import typer

from obs.console import HERE, Json, Project, Stack, err, errors, out, print_json

Digests = Annotated[bool, typer.Option("--digests", help="Ask the registries for digests that are not known")]
app = typer.Typer(no_args_is_help=True, help="The container images of the stacks.")


@app.command("list")
def images_list(stack: Stack, as_json: Json = False, project: Project = HERE) -> None:
    """Every image of a stack, arguments included: its digest where images.lock knows it, and who uses it."""
    from obs.image_lock import IMAGE_LOCK, listed, read
    from obs.images import users
    from obs.run import run_stack

    with errors():
        run = run_stack(stack, project)
        rows = listed(users(run.expanded()), read(project / IMAGE_LOCK), run.settings.image_registry)
    if as_json:
        print_json(rows)
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in ("image", "digest", "used by"):
        table.add_column(column, overflow="fold")
    for row in rows:
        digest = row["digest"] or ("not known" if row["locked"] else "[red]not locked[/]")
        table.add_row(row["name"], digest, ", ".join(row["used_by"]))
    out.print(table)


@app.command("lock")
def images_lock(
    digests: Digests = False,
    project: Project = HERE,
) -> None:
    """Write images.lock from what all stacks and their variants render; digests that it has are kept."""
    from obs.image_lock import IMAGE_LOCK, locked, read, users_of, write
    from obs.images import Image, users
    from obs.registry import Registries, RegistryError
    from obs.run import run_stack
    from obs.stack_config import stacks
    from obs.variants import run_variant, variants

    with errors():
        with err.status("running all stacks"):
            runs = [run_stack(stack, project) for stack in stacks(project)]
            runs += [run_variant(project, name) for name in variants(project)[1]]
        with err.status("rendering all stacks"):
            used = [(users(run.expanded(require_charts=True)), run.settings.image_registry) for run in runs]
        file = project / IMAGE_LOCK
        with Registries() as registries:

            def asked(image: Image) -> str | None:
                try:
                    return registries.digest(image) if digests else None
                except RegistryError as error:
                    err.print(f"[yellow]not known:[/] {error}", highlight=False, soft_wrap=True)
                    return None

            lock = locked(users_of(used), read(file), asked)
        write(file, lock)
    unknown = sum(one.digest is None for one in lock)
    out.print(f"{IMAGE_LOCK}: {len(lock)} images, {unknown} without digest", highlight=False)
