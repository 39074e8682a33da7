"""What rules and dashboards cost a real Prometheus with half a million series: ``make bench-load``.

24 hours of history are written once, into the cache: what a rule or a panel reads every 30 seconds as far back as it is
read (6 hours, what a dashboard shows when it opens, or all 24) and every 5 minutes before, everything else every 5
minutes. All of it every 30 seconds would be 1.5 billion samples, most of which no query of ours looks at; so it is 150
million. Recorded series are what the rules themselves make of the end of it, going back 24 hours. The clock of the
benchmark stands at that end.

Seconds are processor time of Prometheus: on a machine that does nothing else they are the most that one core needs.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import quantiles

from bench_load_history import END, history
from bench_load_server import Answer, Bench, Query, serving
from rich.console import Console
from rich.table import Table
from stacks import ROOT

from dashboards.layout import arrange
from dashboards.queries import dashboard_variables, panel_queries, with_all
from model.dashboard import Dashboard, Panel, PanelKind
from model.quantity import duration, seconds
from model.rule import Alert, RuleGroup
from obs import toolchain
from obs.run import run_stack
from plan import Plan

STACK = "prod"
SHARE, RULE, BOARD, PANEL = 0.05, 0.5, 3.0, 1.0
"""The bars: of one core, seconds of a rule, of a dashboard at p95, of a panel."""
RUNS = 3
_RANGE = 6 * 3600
_SCRAPED = 30
_COLUMN = 78
"""Pixels of one of Grafana's 24 columns on a screen of 1920: a chart asks for one value each."""
_STEPS = (30, 60, 120, 300, 600)
"""Seconds that Grafana rounds a chart's interval to, from the scrape interval on."""
_OVER_TIME = (PanelKind.TIMESERIES, PanelKind.STATE_TIMELINE)


def rules(blocks: Path, plan: Plan, table: Table) -> list[str]:
    """Every rule as often as it is evaluated; returns what is over its bar."""
    measured: list[tuple[Answer, str]] = []
    share = 0.0
    with serving(toolchain.find("prometheus"), blocks) as bench:
        for group in plan.groups():
            for name, expr in _rules(group):
                best = _warm(bench, Query(name, expr, END - 1))
                measured.append((best, f"{name} of {group.name}"))
                share += best.processor / seconds(group.interval)
    measured.sort(key=lambda one: -one[0].processor)
    for answer, name in measured[:10]:
        _row(table, name, answer, f"{RULE} s")
    _row(table, "all rules together", Answer(*(sum(getattr(a, k) for a, _ in measured) for k in ("processor", "wall"))))
    table.add_row(f"{len(measured)} rules at their intervals, of one core", f"{share:.2%}", "", f"{SHARE:.0%}")
    over = [f"rule {name}: {answer.processor:.2f} s" for answer, name in measured if answer.processor > RULE]
    return [*over, *([f"all rules: {share:.2%} of a core"] if share > SHARE else [])]


def _warm(bench: Bench, query: Query) -> Answer:
    """The first evaluation opens what the following find in memory, as those of a running Prometheus do."""
    return min((bench.ask(query) for _ in range(RUNS)), key=lambda answer: answer.processor)


def _rules(group: RuleGroup) -> Iterator[tuple[str, str]]:
    for rule in group.rules:
        yield (rule.name if isinstance(rule, Alert) else rule.record), str(rule.expr)


def boards(blocks: Path, plan: Plan, table: Table) -> list[str]:
    """Every dashboard as it is opened, with all of every variable, and each of its panels, after a cold start."""
    loads: list[tuple[Answer, str]] = []
    panels: list[tuple[Answer, str]] = []
    program = toolchain.find("prometheus")
    for dashboard in plan.dashboards:
        opened, hidden = list(queries(dashboard, shut=False)), list(queries(dashboard, shut=True))
        for _ in range(RUNS):
            with serving(program, blocks, cold=True) as bench:
                loads.append((bench.together(opened), dashboard.uid))
        with serving(program, blocks, cold=True) as bench:
            panels += [(bench.ask(query), f"{query.name} of {dashboard.uid}") for query in (*opened, *hidden)]
    return [*_boards(loads, table), *_panels(panels, table)]


def _boards(loads: list[tuple[Answer, str]], table: Table) -> list[str]:
    worst: dict[str, Answer] = {}
    for answer, uid in loads:
        worst[uid] = max(worst.get(uid, answer), answer, key=lambda one: one.processor)
    for uid, answer in sorted(worst.items(), key=lambda one: -one[1].processor)[:10]:
        _row(table, f"{uid}, opened", answer, f"{BOARD} s")
    for what, values in (("processor", [a.processor for a, _ in loads]), ("wall", [a.wall for a, _ in loads])):
        table.add_row(f"p95 of {len(loads)} openings, {what}", f"{quantiles(values, n=20)[-1]:.2f} s", "", f"{BOARD} s")
    return [f"dashboard {uid}: {answer.processor:.2f} s" for uid, answer in worst.items() if answer.processor > BOARD]


def _panels(panels: list[tuple[Answer, str]], table: Table) -> list[str]:
    panels.sort(key=lambda one: -one[0].processor)
    for answer, name in panels[:10]:
        _row(table, name, answer, f"{PANEL} s")
    return [f"panel {name}: {answer.processor:.2f} s" for answer, name in panels if answer.processor > PANEL]


def queries(dashboard: Dashboard, *, shut: bool) -> Iterator[Query]:
    """What Grafana asks Prometheus for when the dashboard is opened, or (``shut``) when its closed rows are."""
    variables = dashboard_variables(dashboard)
    for row, place in zip(dashboard.rows, arrange(dashboard.rows), strict=True):
        for panel in row.panels if place.collapsed == shut else ():
            step = _step(panel)
            rate = duration(max(4 * _SCRAPED, step + _SCRAPED))
            for query in panel_queries(panel, variables):
                span = (END - _RANGE, END - 1, step) if panel.kind in _OVER_TIME else None
                yield Query(f"{panel.title} {query.ref_id}", with_all(query.expr, rate), END - 1, span)


def _step(panel: Panel) -> int:
    wanted = _RANGE / (panel.width * _COLUMN)
    return next((step for step in _STEPS if step >= wanted), _STEPS[-1])


def _row(table: Table, name: str, answer: Answer, bar: str = "") -> None:
    table.add_row(name, f"{answer.processor:.3f} s", f"{answer.wall:.3f} s", bar)


def main() -> None:
    console = Console(width=150)
    run = run_stack(STACK, ROOT)
    toolchain.ensure(["prometheus", "tsdbload"], console)
    blocks = history(run.plan, run.settings.cluster.name, lambda what: console.print(f"[dim]{what}[/]"))
    over = []
    for title, measure in (("rules", rules), ("dashboards, cold", boards)):
        table = Table(title=f"{title} of {STACK}", title_justify="left", box=None)
        for column in ("slowest", "processor", "wall", "bar"):
            table.add_column(column)
        over += measure(blocks, run.plan, table)
        console.print(table)
    console.print(*(f"over its bar: {what}" for what in over), sep="\n")
    raise SystemExit(bool(over))


if __name__ == "__main__":
    main()
