"""alert/for and alert/label."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from stacks import ROOT

from model.rule import Alert
from obs.check.alerts import check_alerts
from obs.run import run_stack
from plan import Plan

dev = cache(lambda: run_stack("dev", ROOT).plan)


def plan_with(**changes: Any) -> Plan:
    """Stack dev with one alert, changed."""
    plan = dev()
    alert = replace(plan.alerts[0], **changes)
    rules = replace(plan.rules[0], groups=(replace(plan.rules[0].groups[0], rules=(alert,)),))
    return replace(plan, rules=(rules,))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"for_": "0s", "at_once": ""}, ["alert/for"]),
        ({"for_": "0s", "at_once": " "}, ["alert/for"]),
        ({"for_": "0s", "at_once": "it is over at once"}, []),
        ({"for_": "1m"}, []),
        ({"for_": "1m", "labels": {"value": "{{ $value }}"}}, ["alert/label"]),
        ({"for_": "1m", "labels": {"size": "{{ if gt $value 5.0 }}big{{ end }}"}}, ["alert/label"]),
        ({"for_": "1m", "labels": {"size": "{{ .Value | humanize }}"}}, ["alert/label"]),
        ({"for_": "1m", "labels": {"where": "{{ $labels.Values }}"}}, []),
    ],
)
def test_an_alert_takes_its_time_and_stays_the_same(changes: dict[str, Any], expected: list[str]) -> None:
    found = list(check_alerts(plan_with(**changes)))
    assert [f.check for f in found] == expected
    alert: Alert = dev().alerts[0]
    assert all(f.subject == f"alert {alert.name}" for f in found)
