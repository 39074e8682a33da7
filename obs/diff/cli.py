"""obs diff and obs snapshot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from obs.console import HERE, Project, Stack, err, errors, out
from obs.diff.entry import LIMIT

if TYPE_CHECKING:
    from obs.diff.report.model import Report


class Form(StrEnum):
    TEXT = "text"
    MARKDOWN = "markdown"
    PLAIN = "markdown-plain"
    """For hosts that show no HTML: Bitbucket."""
    JSON = "json"


Base = Annotated[
    str | None,
    typer.Option("--base", help="A git revision, a folder that obs render wrote, an exported state, or previous"),
]
Other = Annotated[str | None, typer.Argument(help="Another stack of this checkout, instead of --base")]
Preview = Annotated[
    Path | None, typer.Option("--preview", help="Output of pulumi preview --json", exists=True, dir_okay=False)
]
Format = Annotated[Form, typer.Option("--format", help="Form of the report")]
FailOn = Annotated[list[str] | None, typer.Option("--fail-on", help="Exit with 1 on risk=LEVEL, RISK or change")]
Explain = Annotated[bool, typer.Option("--explain", help="Say of each entry why it is there and what causes it")]
Diffs = Annotated[bool, typer.Option("--diffs", help="Print the diff of each object, too (text)")]
Full = Annotated[Path | None, typer.Option("--full", help="File for the whole report, uncut")]
Written = Annotated[Path | None, typer.Option("--out", help="File for the report instead of standard output")]
Limit = Annotated[int, typer.Option("--limit", help="Bytes that the report may have", min=1000, max=LIMIT)]


def diff(
    stack: Stack,
    other: Other = None,
    *,
    base: Base = None,
    preview: Preview = None,
    form: Format = Form.TEXT,
    fail_on: FailOn = None,
    explain: Explain = False,
    diffs: Diffs = False,
    full: Full = None,
    written: Written = None,
    limit: Limit = LIMIT,
    project: Project = HERE,
) -> None:
    """Say what a change does to the cluster and to the people on call. Exits with 1 where a --fail-on holds."""
    from obs.diff.gates import checked, stopped

    with errors():
        gates = checked(fail_on or [])
        with err.status(f"comparing stack {stack}") as status:  # on a terminal alone
            found = _report(stack, other, base, preview, project=project.resolve(), say=status.update)
        if full is not None:
            found = replace(found, full=str(full))
            full.write_text(_rendered(found, form, explain, diffs), encoding="utf-8")
        _print(found, form, explain, diffs, limit=limit, written=written)
        failed = stopped(found, gates)
        if failed:
            err.print(f"[red]stopped by[/] {', '.join(failed)}", highlight=False)
    raise typer.Exit(1 if failed else 0)


def snapshot(stack: Stack, project: Project = HERE) -> None:
    """Print what of a stack is compared, as JSON: the other side of obs diff, from whatever revision."""
    with errors():
        from obs.diff.base import of_checkout
        from obs.diff.snapshot import dumps

        typer.echo(dumps(of_checkout(stack, project.resolve())))


def _report(
    stack: str,
    other: str | None,
    base: str | None,
    preview: Path | None,
    *,
    project: Path,
    say: Callable[[str], None] = lambda _: None,
) -> Report:
    """``say`` is told what goes on: each side takes seconds, and minutes on a machine that is busy."""
    from obs.diff.aside import beside
    from obs.diff.base import another_stack, of_checkout, other_side
    from obs.diff.report.model import report
    from obs.diff.sources import SourceError, of_preview, steps

    if (other is not None) + (base is not None) > 1 or not (other or base or preview):
        raise SourceError("give what to compare with: another stack, --base, or --preview alone")
    text = preview.read_text(encoding="utf-8") if preview else ""
    if not (other or base):
        return report(*of_preview(text, stack, str(preview)), steps(text, str(preview)))
    # The other side is a process of its own, so both run at once.
    with beside() as aside:
        awaited = (
            aside.submit(another_stack, other, project)
            if other
            else aside.submit(other_side, base or "", stack, project)
        )
        say(f"running stack {stack} of this checkout, and {other or base} beside it")
        here = of_checkout(stack, project)
        say(f"stack {stack} of this checkout is there; waiting for {other or base}")
        there = awaited.result()
    say(f"comparing stack {stack} with {other or base}")
    given = steps(text, str(preview)) if preview else ()
    return report(here, there, given) if other else report(there, here, given)


def _rendered(found: Report, form: Form, explain: bool, diffs: bool, *, brief: bool = False) -> str:
    from obs.diff.report import json, markdown, text

    if form is Form.JSON:
        return json.render(found)
    if form is Form.TEXT:
        return text.render(found, explain=explain, diffs=diffs)
    return markdown.render(found, folded=form is Form.MARKDOWN, explain=explain, brief=brief)


def _print(found: Report, form: Form, explain: bool, diffs: bool, *, limit: int, written: Path | None) -> None:
    from obs.diff.report.model import fitted

    said = fitted(found, lambda r: _rendered(r, form, explain, diffs, brief=True), limit)
    if written is not None:
        written.write_text(said, encoding="utf-8")
    elif form is Form.TEXT:
        out.print(said, highlight=False, soft_wrap=True, end="")
    else:
        typer.echo(said, nl=False)
