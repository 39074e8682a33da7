"""``obs contracts``: contracts against the real software."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from obs.console import Json, err, errors, out, print_json

if TYPE_CHECKING:
    from obs.contracts.run import Outcome


def contracts(
    names: Annotated[list[str] | None, typer.Argument(help="Sources: spark, airflow …; else all")] = None,
    write: Annotated[bool, typer.Option("--write", help="Take what was scraped into contracts/*.yaml")] = False,
    as_json: Json = False,
) -> None:
    """Run the real software, scrape it, and compare with contracts/. Exits with 1 on drift."""
    from obs.contracts.run import check

    with errors():
        outcomes = []
        for outcome in check(names or [], write=write, told=lambda name: err.print(f"running {name}", highlight=False)):
            outcomes.append(outcome)
            for drift in outcome.drifts:
                err.print(escape(f"  {outcome.contract}: {drift}"), highlight=False, soft_wrap=True)
    if as_json:
        print_json([_row(outcome) for outcome in outcomes])
    else:
        _table(outcomes)
    bad = any(outcome.failed or (outcome.drifts and not outcome.written) for outcome in outcomes)
    raise typer.Exit(1 if bad else 0)


def _row(outcome: Outcome) -> dict[str, object]:
    compared = outcome.compared
    return {
        "contract": outcome.contract,
        "source": outcome.source,
        "evidence": outcome.evidence,
        "version": outcome.version,
        "seen": len(compared.seen) if compared else 0,
        "unseen": len(compared.unseen) if compared else 0,
        "drift": [
            {"kind": d.kind, "metric": d.metric, "component": d.component, "message": d.message} for d in outcome.drifts
        ],
        "skipped": outcome.skipped or None,
        "failed": outcome.failed or None,
    }


def _table(outcomes: list[Outcome]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in ("contract", "evidence", "version", "seen", "only read", "drift"):
        table.add_column(column, overflow="fold")
    for outcome in outcomes:
        compared = outcome.compared
        counts = (str(len(compared.seen)), str(len(compared.unseen))) if compared else ("", "")
        table.add_row(outcome.contract, outcome.evidence, outcome.version, *counts, _drift(outcome))
    out.print(table)
    for reason in dict.fromkeys(o.failed or o.skipped for o in outcomes if o.failed or o.skipped):
        out.print(escape(reason), highlight=False, soft_wrap=True)


def _drift(outcome: Outcome) -> str:
    if outcome.failed:
        return "[red]failed[/]"
    if outcome.skipped:
        return "[yellow]skipped[/]"
    if outcome.written:
        return f"{len(outcome.drifts)} written"
    return f"[red]{len(outcome.drifts)}[/]" if outcome.drifts else "none"
