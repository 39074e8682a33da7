"""How well the alerts tell what happens: ``make bench-alerts``. Real promtool over two made-up weeks, some minutes.

Promtool evaluates the rules of the stack as Prometheus does, with ``for`` and what is recorded; every 5 minutes it is
asked what fires, and says so because nothing is expected.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.table import Table

from model.quantity import seconds
from model.rule import Severity
from obs.recording import Recording
from obs.replay.history import INCIDENTS, MINUTES, history
from obs.replay.score import Score, false_a_week, scores, whole
from obs.run import run_stack
from obs.toolchain import available

ROOT = Path(__file__).resolve().parent.parent
STACK, SYSTEMS, STEP = "prod", ("kubernetes", "nodes"), 5
PRECISION, RECALL, FALSE_A_WEEK = 0.95, 1.0, 1.0
_ANSWER = re.compile(r"time: (\S+?),\s+exp:.*?got:(.*?)(?=\n\s*expr:|\Z)", re.DOTALL)
_NAME = re.compile(r'alertname=\\?"(\w+)\\?"')
_ASKED = 'count by (alertname) (ALERTS{alertstate="firing",severity!="info"})'


def groups(recording: Recording) -> list[dict[str, Any]]:
    """The rules of the systems as they are deployed."""
    wanted = {f"rules-{system}" for system in SYSTEMS}
    return [group for r in recording.resources if r.name in wanted for group in r.inputs["spec"]["groups"]]


def replayed(program: Path, recording: Recording, folder: Path) -> dict[str, list[int]]:
    """Alert -> the minutes at which it was seen to fire."""
    looks = [{"expr": _ASKED, "eval_time": f"{m}m", "exp_samples": []} for m in range(STEP, MINUTES, STEP)]
    test = {"interval": "1m", "input_series": [s.text() for s in history()], "promql_expr_test": looks}
    case = {"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": [test]}
    (folder / "rules.yaml").write_text(yaml.dump({"groups": groups(recording)}, Dumper=yaml.CSafeDumper))
    (folder / "case.yaml").write_text(yaml.dump(case, Dumper=yaml.CSafeDumper, width=1e9))
    command = [str(program), "test", "rules", "case.yaml"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    found = fired(said)
    if not found:
        raise SystemExit(f"promtool fired nothing at all (exit code {done.returncode}):\n{said[:2000]}")
    return found


def fired(said: str) -> dict[str, list[int]]:
    """What promtool found where nothing was expected."""
    found: dict[str, list[int]] = {}
    for time_, got in _ANSWER.findall(said):
        for name in sorted(set(_NAME.findall(got))):
            found.setdefault(name, []).append(minutes(time_))
    return found


def minutes(length: str) -> int:
    """Whole minutes of a Prometheus duration."""
    return int(seconds(length) // 60)


def table(found: list[Score], severities: dict[str, Severity]) -> Table:
    shown = Table(title=f"{MINUTES // 1440} days, {len(INCIDENTS)} incidents", title_justify="left", box=None)
    for column in ("alert", "severity", "episodes", "right", "incidents", "told", "precision", "recall"):
        shown.add_column(column)
    for one in (*found, whole(found)):
        counts = map(str, (one.episodes, one.right, one.incidents, one.told))
        severity = severities[one.alert].value if one.alert in severities else ""
        shown.add_row(one.alert, severity, *counts, _share(one.precision), _share(one.recall))
    return shown


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.0%}"


def missed(found: list[Score], severities: dict[str, Severity]) -> Iterator[str]:
    """The bars that are not met."""
    all_ = whole(found)
    critical = whole(one for one in found if severities[one.alert] is Severity.CRITICAL)
    if (all_.precision or 0) <= PRECISION:
        yield f"precision {_share(all_.precision)}; the bar is more than {PRECISION:.0%}"
    if critical.recall is not None and critical.recall < RECALL:
        yield f"recall of critical alerts {_share(critical.recall)}; the bar is {RECALL:.0%}"
    if (rate := false_a_week(all_, MINUTES)) >= FALSE_A_WEEK:
        yield f"{rate:.1f} false alerts a week; the bar is less than {FALSE_A_WEEK:g}"


def main() -> None:
    console = Console()
    program = available("promtool")
    if program is None:
        raise SystemExit("needs promtool: obs tools build promtool")
    run = run_stack(STACK, ROOT)
    severities = {alert.name: alert.severity for alert in run.plan.alerts}
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, console.status("replaying two weeks"):
        firing = replayed(program, run.recording, Path(folder))
    found = scores(firing, INCIDENTS, STEP)
    console.print(table(found, severities))
    console.print(f"replayed in {time.perf_counter() - started:.0f} s", highlight=False)
    for line in (lines := list(missed(found, severities))):
        console.print(f"[red]{line}[/]", highlight=False)
    sys.exit(bool(lines))


if __name__ == "__main__":
    main()
