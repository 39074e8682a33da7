"""Teams, branches for some alerts, and times at which nobody is told; routed by the real amtool where it is there."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from real_tools import REAL, needs
from stack_alerting import alerting
from stack_settings import error_of
from stacks import run

from components.alertmanager_config import alertmanager_config, alertmanager_yaml
from plan import Plan

TEAMS = {"delivery": ["argocd"], "compute": ["spark"]}
ROUTES: list[dict[str, Any]] = [
    {"severities": ["critical", "high"], "match": {"team": "delivery"}, "receivers": ["slack-ops"]},
    {"severities": ["high"], "match": {"team": ["compute", "delivery"]}, "receivers": ["email-ops"], "also": True},
    {"severities": ["critical"], "receivers": ["pagerduty", "slack-critical"]},
    {"severities": ["high"], "receivers": ["slack-warning"]},
]
NIGHT = {
    "weekdays": ["monday:friday", "sunday"],
    "daysOfMonth": ["-7:-1"],
    "start": "01:00",
    "end": "05:00",
    "location": "Europe/Berlin",
}
MAINTENANCE: list[dict[str, Any]] = [{"name": "argocd-night", "match": {"component": "argocd"}, "spans": [NIGHT]}]


def plan(**changes: object) -> Plan:
    config = {"alerting": alerting("prod", **{"teams": TEAMS, "routes": ROUTES, **changes})}
    found: Plan = run("prod", config=config).namespace["plan"]
    return found


def test_alerts_of_a_component_carry_the_team_that_owns_it() -> None:
    teams = {(alert.component, alert.labels.get("team")) for alert in plan().alerts}
    assert ("argocd", "delivery") in teams
    assert ("kubernetes", None) in teams


@needs("amtool")
@pytest.mark.parametrize(
    ("labels", "told"),
    [
        ("team=delivery component=argocd severity=high", "slack-ops"),
        ("team=delivery component=argocd severity=critical", "slack-ops"),
        ("team=compute component=spark severity=high", "email-ops,slack-warning"),
        ("team=compute component=spark severity=critical", "pagerduty,slack-critical"),
        ("component=kubernetes severity=high", "slack-warning"),
        ("component=kubernetes severity=low", "slack-warning"),
        ("alertname=Watchdog severity=none", "dead-mans-switch"),
    ],
)
@pytest.mark.parametrize("maintenance", [[], MAINTENANCE], ids=["always", "with maintenance"])
def test_an_alert_goes_to_its_team_first(maintenance: list[Any], labels: str, told: str, tmp_path: Path) -> None:
    """A maintenance changes when somebody is told, never who."""
    file = tmp_path / "alertmanager.yml"
    file.write_text(alertmanager_yaml(plan(maintenance=maintenance).routing, "/secrets"))
    command = [str(REAL["amtool"]), "config", "routes", "test", f"--config.file={file}", *labels.split()]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == told, done.stderr


def test_a_maintenance_mutes_every_branch_of_what_it_matches_but_no_page() -> None:
    tree = alertmanager_config(plan(maintenance=MAINTENANCE).routing, "/secrets").to_manifest()
    branch = tree["route"]["routes"][1]
    assert branch["matchers"] == ['component="argocd"', 'severity!="critical"']
    assert {tuple(r["mute_time_intervals"]) for r in (branch, *branch["routes"])} == {("argocd-night",)}
    assert len(branch["routes"]) == len(tree["route"]["routes"]) - 2
    (times,) = tree["time_intervals"]
    assert times["time_intervals"] == [
        {
            "times": [{"start_time": "01:00", "end_time": "05:00"}],
            "weekdays": ["monday:friday", "sunday"],
            "days_of_month": ["-7:-1"],
            "location": "Europe/Berlin",
        }
    ]
    pages = plan(maintenance=[{**MAINTENANCE[0], "critical": True}]).routing.routes[1]
    assert [str(m) for m in pages.matchers] == ['component="argocd"']


@needs("amtool")
def test_alertmanager_takes_teams_and_times(tmp_path: Path) -> None:
    file = tmp_path / "alertmanager.yml"
    file.write_text(alertmanager_yaml(plan(maintenance=MAINTENANCE).routing, "/secrets"))
    assert "time_intervals" in yaml.safe_load(file.read_text())
    done = subprocess.run([str(REAL["amtool"]), "check-config", str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def maintenance(**changes: object) -> dict[str, object]:
    return {"maintenance": [{**MAINTENANCE[0], **changes}]}


def span(**changes: object) -> dict[str, object]:
    return maintenance(spans=[{**NIGHT, **changes}])


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (maintenance(match={}), "maintenance[0].match: is missing"),
        (maintenance(match={"component": "argo"}), "no alert has the component 'argo'; did you mean 'argocd'?"),
        (maintenance(spans=[]), "spans: must have at least 1 entry"),
        (span(start="23:00"), "over midnight give two spans"),
        (span(end=None), "start and end belong together"),
        (span(weekdays=["caturday"]), "a day such as saturday"),
        (span(weekdays=["saturday:sunday"]), "the week begins with sunday"),
        (span(daysOfMonth=["0"]), "days such as 1, 1:7 or -1"),
        (span(daysOfMonth=["7:1"]), "must go forward"),
        (span(start="25:00"), "a time such as 22:00"),
        (span(location="Europe/Berln"), "a name of the time zone database"),
        (span(weekdays=[], daysOfMonth=[], start=None, end=None), "is always"),
        ({"maintenance": MAINTENANCE * 2}, "two are named 'argocd-night'"),
        ({"teams": {"a": ["argocd"], "b": ["argocd"]}, "routes": ROUTES[2:]}, "two teams have the component 'argocd'"),
        ({"teams": {"delivery": ["argo-cd"]}}, "no alert has the component 'argo-cd'"),
        ({"teams": {}}, "no alert has the team 'compute'"),
        ({"routes": [*ROUTES, ROUTES[0]]}, "two routes take severity 'critical' with match"),
        ({"routes": [dict(ROUTES[2], also=True)]}, "also: is for a route with match"),
    ],
)
def test_what_would_never_match_or_never_end_is_refused(changes: dict[str, object], says: str) -> None:
    assert says in error_of({"alerting": alerting("prod", **{"teams": TEAMS, "routes": ROUTES, **changes})})
