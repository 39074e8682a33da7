"""How well the alerts tell what happens: ``make bench-alerts``. Two weeks of a healthy platform, then every fault.

The platform is stack local's, with every system, at production's pace: its exporters and its scenarios are those of
``make up``, and rules are evaluated by Prometheus' own code (tools/history). Life is added (obs/replay/life.py).
Each scenario begins at a minute of its own within the two weeks, and only what it changes runs otherwise from there on.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.table import Table
from simulated_cluster import simulated_cluster
from simulated_stack import answering, fixed_labels, target_labels
from stacks import ran

from model.quantity import seconds
from model.rule import Severity
from obs import toolchain
from obs.recording import Recording
from obs.replay.life import life
from obs.replay.parts import Scraped
from obs.replay.rhythm import DAY, DAYS
from obs.replay.run import Stretch, World, incidents, minutes, replayed, stretches
from obs.replay.score import Incident, Score, episodes, false_a_week, scores, summed, whole
from obs.run import StackRun
from obs.simulate.cluster import Cluster
from obs.simulate.scenarios import SCENARIOS

PRECISION, RECALL, FALSE_A_WEEK = 0.95, 1.0, 1.0
PARTS = 2
Fired = dict[str, dict[str, list[int]]]
"""Scenario, or nothing for the healthy life -> alert -> minutes at which it fires."""


def production() -> StackRun:
    """Stack local, whose durations are a thirtieth otherwise."""
    return ran("local", config={"timeCompression": 1})


def groups(recording: Recording) -> list[dict[str, Any]]:
    """Every rule as it is deployed, by groups that are told apart by their object."""
    objects = (r for r in recording.resources if r.type.endswith(":PrometheusRule"))
    return [{**group, "name": f"{r.name}/{group['name']}"} for r in objects for group in r.inputs["spec"]["groups"]]


def world(run: StackRun) -> World:
    records = {rule.record for rule in run.plan.records}
    exprs = (*(rule.expr for rule in run.plan.records), *(alert.expr for alert in run.plan.alerts))
    read = frozenset(s.name for expr in exprs for s in expr.selectors()) - records

    def scraped(cluster: Cluster) -> Iterator[Scraped]:
        for scrape in (scrape for system in run.plan.systems for scrape in system.scrapes):
            for endpoint in scrape.endpoints:
                for exporter, target in answering(scrape, endpoint, cluster):
                    own = {"job": scrape.job, "instance": f"{target.ip}:{exporter.port}", "metrics_path": endpoint.path}
                    own |= {**target_labels(target, exporter.port), **fixed_labels(endpoint), "cluster": "local"}
                    yield Scraped(exporter, target, own, endpoint.honor_labels)

    return World(scraped, read, life(simulated_cluster()), SCENARIOS)


def judged(fired: Fired, due: Iterable[Incident], severities: dict[str, Severity]) -> tuple[list[Score], list[str]]:
    """A score for each alert above info, and what was wrong: false alerts and missed ones, each with its time."""
    found, wrong = [], []
    for incident in (None, *due):
        own = fired.get(incident.name if incident else "", {})
        loud = {name: at for name, at in own.items() if severities[name] not in _QUIET}
        if incident:  # what fired before the fault is told of the healthy life
            loud = {name: _since(at, incident.start) for name, at in loud.items()}
        wanted = [incident] if incident else []
        for score in (score for score in scores(loud, wanted, 1) if severities[score.alert] not in _QUIET):
            found.append(score)
            where = f"in {incident.name}" if incident else "on a healthy platform"
            begins = ", ".join(
                _time(m, incident.start if incident else None) for m in _begins(loud.get(score.alert, ()))
            )
            if score.right < score.episodes:
                wrong.append(f"false: {score.alert} {where}: {begins}")
            if score.told < score.incidents:
                wrong.append(f"missed: {score.alert} {where}: {begins or 'never'}")
    return summed(found), wrong


def _since(at: list[int], start: int) -> list[int]:
    """Without the minutes of the episode that had begun before ``start``."""
    earlier = next((range(first, last + 1) for first, last in episodes(at, 1) if first < start), range(0))
    return [minute for minute in at if minute not in earlier]


_QUIET = frozenset({Severity.INFO, Severity.LOW, Severity.NONE})


def _begins(fires: Iterable[int]) -> list[int]:
    return [first for first, _ in episodes(fires, 1)][:6]


def _time(minute: int, since: int | None) -> str:
    clock = f"day {minute // DAY} {minute % DAY // 60:02}:{minute % 60:02}"
    return clock if since is None else f"{clock} ({minute - since:+} min)"


def table(found: list[Score], severities: dict[str, Severity]) -> Table:
    shown = Table(title_justify="left", box=None)
    for column in ("alert", "severity", "episodes", "right", "due", "told", "precision", "recall"):
        shown.add_column(column)
    critical = [one for one in found if severities[one.alert] is Severity.CRITICAL]
    totals = (whole(found), whole(critical, "critical"))
    for one in (*found, *totals):
        counts = map(str, (one.episodes, one.right, one.incidents, one.told))
        severity = severities[one.alert].value if one.alert in severities else ""
        shown.add_row(one.alert, severity, *counts, share(one.precision), share(one.recall))
    return shown


def share(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"


def missed(found: list[Score], healthy: list[Score], severities: dict[str, Severity], days: int) -> Iterator[str]:
    """The bars that are not met. False alerts a week are those of the healthy life, which is so many days."""
    all_ = whole(found)
    critical = whole(one for one in found if severities[one.alert] is Severity.CRITICAL)
    if (all_.precision or 0) <= PRECISION:
        yield f"precision {share(all_.precision)}; the bar is more than {PRECISION:.0%}"
    if critical.recall is not None and critical.recall < RECALL:
        yield f"recall of critical alerts {share(critical.recall)}; the bar is {RECALL:.0%}"
    if (rate := false_a_week(whole(healthy), days * DAY)) >= FALSE_A_WEEK:
        yield f"{rate:.1f} false alerts a week; the bar is less than {FALSE_A_WEEK:g}"


def replay(run: StackRun, parts: list[Stretch], step: int) -> Fired:
    with tempfile.TemporaryDirectory(prefix="replay-") as folder:
        rules = Path(folder) / "rules.yaml"
        rules.write_text(yaml.dump({"groups": groups(run.recording)}, Dumper=yaml.CSafeDumper))
        told = replayed(toolchain.find("rulereplay"), rules, Path(folder), world(run), parts, step=step)
    until = {fault.scenario.name: fault.end for part in parts for fault in part.faults}
    return minutes(told, {"": max(part.end for part in parts), **until})


def main() -> None:
    parser = argparse.ArgumentParser(description="precision and recall of alerts over two weeks and every scenario")
    parser.add_argument("--days", type=int, default=DAYS, help="of the healthy life")
    parser.add_argument("--step", type=int, default=1, help="minutes between two evaluations of the healthy life")
    parser.add_argument("--scenario", action="append", help="only this one; may be given again")
    parser.add_argument("--json", type=Path, help="a file for what was found")
    given = parser.parse_args()
    console = Console(width=150)
    toolchain.ensure(["rulereplay"], console)
    run = production()
    severities = {alert.name: alert.severity for alert in run.plan.alerts}
    scenarios = [SCENARIOS[name] for name in given.scenario] if given.scenario else [*SCENARIOS.values()]
    parts = stretches(scenarios, PARTS, given.days)
    started = time.perf_counter()
    with console.status(f"replaying {given.days} days and {len(scenarios)} faults"):
        fired = replay(run, parts, given.step)
    long = {s.name for s in run.plan.systems for slo in s.slos if seconds(slo.window) > 60 * DAY}
    found, wrong = judged(fired, incidents(parts, long), severities)
    healthy, _ = judged(fired, (), severities)
    lines = list(missed(found, healthy, severities, given.days))
    console.print(table(found, severities))
    rate = false_a_week(whole(healthy), given.days * DAY)
    took = time.perf_counter() - started
    console.print(f"{len(scenarios)} scenarios; {rate:.1f} false alerts a week; replayed in {took / 60:.0f} min")
    console.print(*wrong, sep="\n", highlight=False)
    for line in lines:
        console.print(f"[red]{line}[/]", highlight=False)
    if given.json:
        given.json.write_text(json.dumps({"fired": fired, "wrong": wrong, "missed": lines}, indent=1))
    sys.exit(bool(lines))


if __name__ == "__main__":
    main()
