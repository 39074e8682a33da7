"""What rules and dashboards cost a real Prometheus with half a million series: ``make bench-load``.

24 hours of history are written once, into the cache: what a rule or a panel reads every 30 seconds as far back as it is
read (6 hours, what a dashboard shows when it opens, or all 24) and every 5 minutes before, everything else every 5
minutes. All of it every 30 seconds would be 1.5 billion samples, most of which no query of ours looks at; so it is 150
million. Recorded series are what the rules themselves make of the end of it, going back 24 hours. The clock of the
benchmark stands at that end.

Rules are judged by processor time of Prometheus, as a share of one core; dashboards by the clock on the wall, which is
what somebody who waits for them sees, with the processor time beside it: where the two are far apart the disk is slow,
or the machine does something else. ``--small`` measures the simulated platform as it is, in some minutes: whether the
benchmark works, not whether the bars hold.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import ceil
from pathlib import Path
from statistics import median

from bench_load_history import END, history
from bench_load_series import LARGE, SMALL
from bench_load_server import Answer, Bench, Query, serving
from rich.console import Console
from rich.table import Table
from stacks import ROOT

from dashboards.layout import arrange
from dashboards.queries import dashboard_expressions, dashboard_variables, panel_queries, with_all
from model.dashboard import OVER_TIME, Dashboard, Panel, Variable
from model.quantity import seconds
from model.rule import Alert, RuleGroup
from obs import toolchain
from obs.run import run_stack
from plan import Plan

SHARE, RULE, BOARD, PANEL = 0.05, 0.5, 3.0, 1.0
"""The bars: of one core, seconds of a rule, of a dashboard at p95, of a panel."""
RUNS = 3
_SHOWN = 10
_RANGE = 6 * 3600
_SCRAPED = 30
_COLUMN = 78
"""Pixels of one of Grafana's 24 columns on a screen of 1920: a chart asks for one value each."""
_STEPS = (30, 60, 120, 300, 600)
"""Seconds that Grafana rounds a chart's interval to, from the scrape interval on."""


def rules(blocks: Path, plan: Plan, table: Table) -> list[str]:
    """Every rule as often as it is evaluated; returns what is over its bar."""
    measured: list[tuple[Answer, str]] = []
    share = 0.0
    with serving(toolchain.find("prometheus"), blocks) as bench:
        # What it costs to be asked over HTTP and to answer in JSON, which no rule manager does.
        asking = median(_warm(bench, Query("nothing", "vector(1)", END - 1)).processor for _ in range(20))
        for group in plan.groups():
            for name, expr in _rules(group):
                best = _warm(bench, Query(name, expr, END - 1))
                best = replace(best, processor=max(0.0, best.processor - asking))
                measured.append((best, f"{name} of {group.name}"))
                share += best.processor / seconds(group.interval)
    measured.sort(key=lambda one: -one[0].processor)
    for answer, name in measured[:_SHOWN]:
        _row(table, name, answer, f"{RULE} s")
    _row(table, "all rules together", Answer(*(sum(getattr(a, k) for a, _ in measured) for k in ("processor", "wall"))))
    table.add_row(f"{len(measured)} rules at their intervals, of one core", "", f"{share:.2%}", f"{SHARE:.0%}")
    over = [f"rule {name}: {answer.processor:.2f} s" for answer, name in measured if answer.processor > RULE]
    return [*over, *([f"all rules: {share:.2%} of a core"] if share > SHARE else [])]


def _warm(bench: Bench, query: Query) -> Answer:
    """The first evaluation opens what the following find in memory, as those of a running Prometheus do."""
    return min((bench.ask(query) for _ in range(RUNS)), key=lambda answer: answer.processor)


def _rules(group: RuleGroup) -> Iterator[tuple[str, str]]:
    for rule in group.rules:
        yield (rule.name if isinstance(rule, Alert) else rule.record), str(rule.expr)


def boards(blocks: Path, plan: Plan, table: Table) -> list[str]:
    """Every dashboard as it is opened, with all of every variable, and each of its panels, after a cold start.

    Returns what is over its bar.
    """
    loads: dict[str, list[Answer]] = {}
    panels: dict[str, Answer] = {}
    program = toolchain.find("prometheus")
    for dashboard in plan.dashboards:
        opened, hidden = (list(queries(dashboard, shut=shut)) for shut in (False, True))
        together = [query for _, asked in opened for query in asked]
        for _ in range(RUNS):
            with serving(program, blocks, cold=True) as bench:
                # A panel is asked for when its variables have values, and each of these when those before it have.
                first = [bench.ask(query) for query in choices(dashboard)]
                loads.setdefault(dashboard.uid, []).append(sum((*first, bench.together(together)), Answer(0, 0)))
        with serving(program, blocks, cold=True) as bench:
            panels |= {f"{title} of {dashboard.uid}": bench.together(asked) for title, asked in (*opened, *hidden)}
    return [*slow_boards(loads, table), *slow_panels(panels, table)]


def slow_boards(loads: Mapping[str, Sequence[Answer]], table: Table) -> list[str]:
    """``loads``: uid of a dashboard -> its openings. The slowest become rows of the table; returns what is over."""
    found = {uid: _p95(answers) for uid, answers in loads.items()}
    for uid, answer in sorted(found.items(), key=lambda one: -one[1].wall)[:_SHOWN]:
        _row(table, f"{uid}, opened, p95 of {len(loads[uid])}", answer, f"{BOARD} s")
    every = [answer for answers in loads.values() for answer in answers]
    _row(table, f"all dashboards, p95 of {len(every)} openings", _p95(every), f"{BOARD} s")
    return [f"dashboard {uid}: {answer.wall:.2f} s at p95" for uid, answer in found.items() if answer.wall > BOARD]


def slow_panels(panels: Mapping[str, Answer], table: Table) -> list[str]:
    """As :func:`slow_boards`, of every panel by itself."""
    for name, answer in sorted(panels.items(), key=lambda one: -one[1].wall)[:_SHOWN]:
        _row(table, name, answer, f"{PANEL} s")
    return [f"panel {name}: {answer.wall:.2f} s" for name, answer in panels.items() if answer.wall > PANEL]


def _p95(answers: Sequence[Answer]) -> Answer:
    """The opening that 95 of 100 are not slower than; of fewer than 20 the slowest."""
    return sorted(answers, key=lambda one: one.wall)[ceil(0.95 * len(answers)) - 1]


def choices(dashboard: Dashboard) -> Iterator[Query]:
    """What fills the variables of a dashboard, in their order."""
    for source, selector, label in dashboard_expressions(dashboard):
        if isinstance(source, Variable):
            span = (END - _RANGE, END - 1, _SCRAPED)
            yield Query(f"${source.name}", with_all(selector, ""), END - 1, span, label=label)


def queries(dashboard: Dashboard, *, shut: bool) -> Iterator[tuple[str, list[Query]]]:
    """(panel, what Grafana asks Prometheus for) of the rows that are open at first, or of the others (``shut``)."""
    variables = dashboard_variables(dashboard)
    for row, place in zip(dashboard.rows, arrange(dashboard.rows), strict=True):
        for panel in row.panels if place.collapsed == shut else ():
            if panel.signals:
                yield panel.title, list(_queries(panel, variables))


def _queries(panel: Panel, variables: Sequence[Variable]) -> Iterator[Query]:
    step = _step(panel)
    for query in panel_queries(panel, variables):
        wide = max(step, query.least_step)
        text = with_all(query.expr, query.rate_interval(wide))
        span = (END - _RANGE, END - 1, wide) if panel.kind in OVER_TIME else None
        yield Query(f"{panel.title} {query.ref_id}", text, END - 1, span)


def _step(panel: Panel) -> int:
    wanted = _RANGE / (panel.width * _COLUMN)
    return next((step for step in _STEPS if step >= wanted), _STEPS[-1])


def _row(table: Table, name: str, answer: Answer, bar: str = "") -> None:
    table.add_row(name, f"{answer.wall:.3f} s", f"{answer.processor:.3f} s", bar)


def main() -> None:
    arguments = ArgumentParser(description="what rules and dashboards cost a real Prometheus")
    arguments.add_argument("stack", nargs="?", default="prod")
    arguments.add_argument("--small", action="store_true", help="40,000 series instead of half a million")
    chosen = arguments.parse_args()
    console = Console(width=150)
    run = run_stack(chosen.stack, ROOT)
    toolchain.ensure(["prometheus", "tsdbload"], console)
    scale = SMALL if chosen.small else LARGE
    blocks = history(run.plan, run.settings.cluster.name, scale, lambda what: console.print(f"[dim]{what}[/]"))
    over = []
    for title, measure in (("rules", rules), ("dashboards, cold", boards)):
        table = Table(title=f"{title} of {chosen.stack}", title_justify="left", box=None)
        for column in ("slowest", "wall", "processor", "bar"):
            table.add_column(column)
        over += measure(blocks, run.plan, table)
        console.print(table)
    console.print(*(f"over its bar: {what}" for what in over), sep="\n")
    raise SystemExit(bool(over))


if __name__ == "__main__":
    main()
