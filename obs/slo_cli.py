"""`obs slo`: what is promised, and how soon each burn rate of it is told."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from obs.console import HERE, Json, Project, Stack, errors, out, print_json

if TYPE_CHECKING:
    from slo.rules import SloRules

_COLUMNS = ("objective", "promised", "windows", "burn rate", "severity", "seen after", "told after", "over after")


def slo(stack: Stack, as_json: Json = False, project: Project = HERE) -> None:
    """List the objectives of a stack, and when each burn rate is told if everything fails from one moment on."""
    from rich.table import Table

    from obs.run import run_stack

    with errors():
        rows = list(burn_rows(run_stack(stack, project).plan.objectives))
    if as_json:
        print_json(rows)
        return
    table = Table(box=None, pad_edge=False)
    for column in _COLUMNS:
        table.add_column(column, overflow="fold")
    for row in rows:
        promised = f"{row['objective'] * 100:.6g} %, {row['window']}"
        windows, times = f"{row['long']}, {row['short']}", (row["seen"], row["told"], row["over"])
        cells = (row["name"], promised, windows, f"{row['factor']:g}", row["severity"], *map(shown, times))
        table.add_row(*cells)
    out.print(table)
    out.print("if all events fail, at production's pace; the 5 minutes over which events are counted come on top")


def burn_rows(objectives: Iterable[SloRules]) -> Iterable[dict[str, Any]]:
    """A row for each objective and pair of windows. Times are seconds from when all events fail (``seen`` by both
    windows, ``told`` after ``for`` too) and from when none does any more (``over``); None: never."""
    from model.quantity import seconds
    from slo.windows import burns

    for one in (objective.slo for objective in objectives):
        for burn in burns(one.window):
            seen = burn.detection(one.window, one.budget, 1)
            yield {
                "name": one.name,
                "objective": one.objective,
                "window": one.window,
                "long": burn.long,
                "short": burn.short,
                "factor": burn.factor(one.window),
                "severity": burn.severity.value,
                "seen": seen,
                "told": None if seen is None else seen + seconds(burn.for_),
                "over": burn.reset(one.window, one.budget, 1),
            }


def shown(time: float | None) -> str:
    if time is None:
        return "never"
    if time < 180:
        return f"{time:.0f} s"
    return f"{time / 60:.1f} min" if time < 3 * 3600 else f"{time / 3600:.1f} h"
