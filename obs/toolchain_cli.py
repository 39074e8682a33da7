"""``obs tools``: which programs obs uses, and building those that are missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from obs.console import Json, err, errors, out, print_json

if TYPE_CHECKING:
    from obs.toolchain_table import Tool

app = typer.Typer(no_args_is_help=True, help="The servers and tools of the local platform, outside the checkout.")


@app.command("list")
def tools_list(as_json: Json = False) -> None:
    """Every tool: pinned version, whether it is on PATH or built, and where."""
    from components.charts import cache_dir
    from obs.toolchain_table import TOOLS

    with errors():
        rows = [_row(tool) for tool in TOOLS.values()]
    if as_json:
        print_json(rows)
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in ("tool", "version", "state", "where"):
        table.add_column(column, overflow="fold")
    folder = cache_dir() / "tools"
    for row in rows:
        path = (row["path"] or "").removeprefix(f"{folder}/")
        table.add_row(row["name"], row["version"], row["state"], path)
    out.print(table)
    out.print(f"built tools are in {folder}", highlight=False, soft_wrap=True)


def _row(tool: Tool) -> dict[str, Any]:
    from obs import toolchain

    path = toolchain.available(tool.name)
    state = "missing" if path is None else "built" if path == tool.built else "installed"
    return {"name": tool.name, "version": tool.version, "state": state, "path": str(path) if path else None}


@app.command("build")
def tools_build(
    names: Annotated[
        list[str] | None, typer.Argument(help="Tools of `obs tools list`; else what a local platform needs")
    ] = None,
) -> None:
    """Build what is missing into the cache, at the versions of tools/*/go.mod."""
    from obs import toolchain

    with errors():
        tools = toolchain.ensure(names, err) if names else toolchain.ensure_local(err)
    for name, path in tools.items():
        out.print(f"{name} {path}", highlight=False, soft_wrap=True)
