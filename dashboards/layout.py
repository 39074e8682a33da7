"""Where panels stand on Grafana's grid: 24 columns wide, rows of 30 px, y growing downwards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from model.dashboard import Row

COLUMNS = 24
# A dashboard is to load within 3 s, and the panels of a collapsed row query nothing until it is opened.
OPEN_PANELS = 20


@dataclass(frozen=True, slots=True)
class Cell:
    """A rectangle on the grid; x and w in columns, y and h in grid rows."""

    x: int
    y: int
    w: int
    h: int


@dataclass(frozen=True, slots=True)
class PlacedRow:
    """A row's heading and one cell per panel, in the order of the row's panels."""

    header: Cell
    cells: tuple[Cell, ...]
    collapsed: bool


def pack(sizes: Iterable[tuple[int, int]], top: int) -> tuple[tuple[Cell, ...], int]:
    """Cells for panels of (width, height), none above ``top``, and the first free y below them.

    Each panel takes the highest place that is wide enough, the leftmost of these. So panels of one
    height flow from left to right, and a panel beside a higher neighbour leaves no gap: Grafana pushes
    panels up into gaps when it loads a dashboard, and what is written here must be what is seen.
    Widths are 1 to 24 and heights at least 1.
    """
    skyline = [top] * COLUMNS
    cells = []
    for width, height in sizes:
        x, y = min(((x, max(skyline[x : x + width])) for x in range(COLUMNS - width + 1)), key=lambda place: place[1])
        skyline[x : x + width] = [y + height] * width
        cells.append(Cell(x, y, width, height))
    return tuple(cells), max(skyline)


def arrange(rows: Sequence[Row]) -> list[PlacedRow]:
    """Places for all rows, one under the other.

    The first row is open; from the one with which more than 20 panels would be in sight, all are collapsed. The
    cells of a collapsed row are those that it has when it is opened.
    """
    placed = []
    y = shown = 0
    for index, row in enumerate(rows):
        cells, bottom = pack(((panel.width, panel.height) for panel in row.panels), y + 1)
        shown += len(row.panels)
        collapsed = index > 0 and shown > OPEN_PANELS
        placed.append(PlacedRow(Cell(0, y, COLUMNS, 1), cells, collapsed))
        y = y + 1 if collapsed else bottom
    return placed
