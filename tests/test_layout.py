from __future__ import annotations

from itertools import combinations, pairwise
from typing import Any

from dashboard_samples import panel
from hypothesis import given
from hypothesis import strategies as st

from dashboards.layout import COLUMNS, Cell, PlacedRow, arrange, pack
from model.dashboard import Row

SIZES = st.lists(st.tuples(st.integers(1, COLUMNS), st.integers(1, 12)), max_size=30)


def _overlap(a: Cell, b: Cell) -> bool:
    return a.x < b.x + b.w and b.x < a.x + a.w and a.y < b.y + b.h and b.y < a.y + a.h


def _row(title: str, count: int, **size: Any) -> Row:
    return Row(title=title, panels=tuple(panel(f"{title} {i}", **size) for i in range(count)))


def _columns(cells: tuple[Cell, ...]) -> list[tuple[int, int]]:
    return [(cell.x, cell.y) for cell in cells]


@given(SIZES, st.integers(0, 100))
def test_panels_never_overlap_and_stay_on_the_grid(sizes: list[tuple[int, int]], top: int) -> None:
    cells, bottom = pack(sizes, top)
    assert [(cell.w, cell.h) for cell in cells] == sizes
    assert all(cell.x >= 0 and cell.x + cell.w <= COLUMNS and top <= cell.y <= bottom - cell.h for cell in cells)
    assert not any(_overlap(a, b) for a, b in combinations(cells, 2))


@given(SIZES)
def test_no_panel_could_move_up(sizes: list[tuple[int, int]]) -> None:
    cells, _ = pack(sizes, 1)
    for cell in cells:
        above = Cell(cell.x, cell.y - 1, cell.w, 1)
        assert cell.y == 1 or any(_overlap(above, other) for other in cells if other is not cell)


def test_panels_of_one_height_flow_from_left_to_right() -> None:
    assert _columns(pack([(8, 8)] * 4, 1)[0]) == [(0, 1), (8, 1), (16, 1), (0, 9)]


def test_a_small_panel_fills_the_gap_beside_a_high_one() -> None:
    assert _columns(pack([(12, 8), (12, 4), (12, 4)], 1)[0]) == [(0, 1), (12, 1), (12, 5)]


def test_a_panel_that_is_too_wide_for_the_line_starts_a_new_one() -> None:
    assert _columns(pack([(16, 8), (12, 8)], 1)[0]) == [(0, 1), (0, 9)]


def test_rows_stand_one_below_the_other() -> None:
    first, second = arrange([_row("A", 4, width=12, height=5), _row("B", 1)])
    assert first.header == Cell(0, 0, COLUMNS, 1)
    assert second.header == Cell(0, 11, COLUMNS, 1)
    assert second.cells[0].y == 12


def test_rows_are_collapsed_from_the_one_with_which_more_than_twenty_panels_would_be_in_sight() -> None:
    placed = arrange([_row("A", 15), _row("B", 5), _row("C", 1), _row("D", 2)])
    assert [row.collapsed for row in placed] == [False, False, True, True]
    assert [row.collapsed for row in arrange([_row("A", 19), _row("B", 2)])] == [False, True]


def test_the_first_row_is_open_however_many_panels_it_has() -> None:
    assert [row.collapsed for row in arrange([_row("A", 30), _row("B", 1)])] == [False, True]


@given(st.lists(st.integers(1, 12), min_size=1, max_size=8))
def test_visible_rows_leave_no_gap_and_collapsed_ones_take_one_line(counts: list[int]) -> None:
    placed = arrange([_row(f"R{i}", count) for i, count in enumerate(counts)])
    for row, following in pairwise(placed):
        assert following.header.y == _bottom(row)


def _bottom(row: PlacedRow) -> int:
    return row.header.y + 1 if row.collapsed else max(cell.y + cell.h for cell in row.cells)
