"""What the benchmark of dashboards judges, without a server: tests/bench_load.py itself takes half an hour."""

from __future__ import annotations

from bench_load import BOARD, PANEL, choices, slow_boards, slow_panels
from bench_load_server import Answer
from rich.console import Console
from rich.table import Table
from stacks import run

from dashboards.queries import dashboard_variables


def table() -> Table:
    return Table("slowest", "wall", "processor", "bar")


def text(of: Table) -> str:
    console = Console(width=150)
    with console.capture() as caught:
        console.print(of)
    return caught.get()


def test_a_dashboard_is_judged_by_the_clock_at_p95() -> None:
    slow = [Answer(processor=0.1, wall=BOARD + 0.5), *(Answer(processor=0.1, wall=0.2) for _ in range(2))]
    once = [Answer(processor=0.1, wall=BOARD + 0.5), *(Answer(processor=0.1, wall=0.2) for _ in range(19))]
    shown = table()
    assert slow_boards({"slow": slow, "once-of-twenty": once}, shown) == [f"dashboard slow: {BOARD + 0.5:.2f} s at p95"]
    assert "slow, opened, p95 of 3" in text(shown)
    assert "all dashboards, p95 of 23 openings" in text(shown)
    # Processor time alone, which a machine with more cores hides, is none that anybody waits for.
    assert slow_boards({"busy": [Answer(processor=BOARD + 1, wall=1.0)]}, table()) == []


def test_the_ten_slowest_panels_are_shown_and_each_over_its_bar_is_named() -> None:
    panels = {f"panel-{n:02}": Answer(processor=0.01, wall=PANEL * n / 10) for n in range(12)}
    shown = table()
    assert slow_panels(panels, shown) == [f"panel panel-11: {PANEL * 1.1:.2f} s"]
    assert shown.row_count == 10
    assert {f"panel-{n:02}" in text(shown) for n in range(2, 12)} == {True}
    assert "panel-01" not in text(shown)


def test_what_fills_the_variables_is_part_of_opening_a_dashboard() -> None:
    for board in run("prod").namespace["plan"].dashboards:
        asked = list(choices(board))
        assert [query.label for query in asked] == [v.label for v in dashboard_variables(board)]
        assert not any("$" in query.expr for query in asked)
