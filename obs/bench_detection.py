"""How long from a fault to the notification of each critical alert, at production's pace: ``make bench-detection``.

Takes a quarter of an hour: rules that look back 10 minutes must have something to look at.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table

from model.rule import Severity
from obs.local.state import LocalError, State
from obs.local.up import down, up
from obs.run import run_stack
from obs.simulate.scenarios import SCENARIOS
from obs.toolchain import ensure_local

ROOT = Path(__file__).resolve().parent.parent
BAR = 120.0
_WARM = 660.0
_LONGEST = 600.0


def critical_alerts() -> set[str]:
    return {alert.name for alert in run_stack("local", ROOT).plan.alerts if alert.severity is Severity.CRITICAL}


def detected(state: State, name: str, alerts: set[str]) -> dict[str, float]:
    """Inject one scenario; alert -> seconds until its first notification, for those of ``alerts`` that arrived."""
    with httpx.Client(base_url=state.simulator, trust_env=False, timeout=5) as simulator:
        fault = simulator.put(f"/-/scenario/{name}").raise_for_status().json()["started"]
        told: dict[str, float] = {}
        try:
            while alerts - told.keys() and time.time() < fault + _LONGEST:
                time.sleep(0.5)
                for entry in simulator.get("/-/notifications", params={"since": fault}).raise_for_status().json():
                    names = {a["labels"]["alertname"] for a in entry["payload"]["alerts"] if a["status"] == "firing"}
                    told |= dict.fromkeys((names & alerts) - told.keys(), entry["at"] - fault)
        finally:
            simulator.delete("/-/scenario").raise_for_status()
        return told


def measured(state: State, console: Console) -> Iterator[tuple[str, str, float | None]]:
    """(scenario, alert, seconds) of each critical alert; None for one that was never told."""
    critical = critical_alerts()
    for scenario in SCENARIOS.values():
        alerts = critical & set(scenario.alerts)
        critical -= alerts
        if not alerts:
            continue
        with console.status(f"{scenario.name}: waiting for {', '.join(sorted(alerts))}"):
            told = detected(state, scenario.name, alerts)
        yield from ((scenario.name, alert, told.get(alert)) for alert in sorted(alerts))
    if critical:
        raise LocalError(f"no scenario brings about {', '.join(sorted(critical))}")


def main() -> None:
    console = Console()
    tools = ensure_local(console)
    place = Path(tempfile.mkdtemp(prefix="detection-"))
    try:
        state = up(ROOT, place, tools, by_apply=True, compression=1, say=lambda what: console.print(f"[dim]{what}[/]"))
        with console.status(f"healthy for {_WARM:.0f} s, so that the rules have a past"):
            time.sleep(_WARM)
        table = Table(title="from fault to notification, production's pace", title_justify="left", box=None)
        for column in ("fault", "critical alert", "measured", "bar"):
            table.add_column(column)
        found = list(measured(state, console))
        for scenario, alert, took in found:
            table.add_row(scenario, alert, "never" if took is None else f"{took:.1f} s", f"{BAR:.0f} s")
        console.print(table)
    finally:
        down(place)
    raise SystemExit(any(took is None or took > BAR for _, _, took in found))


if __name__ == "__main__":
    main()
