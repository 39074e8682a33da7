"""``obs validate``: would a cluster, and the program behind each configuration file, take what a stack deploys?"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from obs.console import HERE, Json, Project, Stack, err, errors, out, print_json

if TYPE_CHECKING:
    from rich.table import Table

    from obs.accept.run import Accepted

Versions = Annotated[
    list[str] | None,
    typer.Option("--kubernetes", help="A Kubernetes version such as 1.31, any number; else the stack's"),
]
Offline = Annotated[bool, typer.Option("--offline", help="Never ask a chart repository")]


def validate(
    stack: Stack, kubernetes: Versions = None, as_json: Json = False, offline: Offline = False, project: Project = HERE
) -> None:
    """Check objects against the schemas of Kubernetes, and files with their own programs. Exits with 1 on a finding."""
    from obs import toolchain
    from obs.accept.run import accept
    from obs.summary import print_findings

    with errors():
        toolchain.ensure(["kubeconform"], err)
        with err.status(f"validating stack {stack}"):
            accepted = accept(stack, project, versions=kubernetes or (), offline=offline)
    checked = accepted.checked
    if as_json:
        objects, findings = dict(accepted.objects), [f.to_dict() for f in checked.findings]
        print_json({"objects": objects, "findings": findings, "skipped": list(checked.skipped)})
    else:
        for version, number in accepted.objects.items():
            out.print(f"{number} objects for Kubernetes {version}", highlight=False)
        out.print(_files(accepted))
        print_findings(out, checked)
    raise typer.Exit(1 if checked.findings else 0)


def _files(accepted: Accepted) -> Table:
    """Accepted files by kind and who accepted them."""
    from rich.table import Table

    taken = [r for r in accepted.files if not r.finding and not r.skipped]
    counted = Counter((r.kind.name, r.by or "nothing to check", r.kind.reason) for r in taken if r.kind)
    table = Table(box=None, pad_edge=False)
    for column in ("files", "number", "accepted by", ""):
        table.add_column(column, overflow="fold")
    for (name, by, reason), number in sorted(counted.items()):
        table.add_row(name, str(number), by, f"[dim]{reason}[/]" if reason else "")
    return table
