"""What an alert needs beside a sound expression: time to be sure, and labels that stay the same while it fires."""

from __future__ import annotations

import re
from collections.abc import Iterator

from model.quantity import seconds
from model.rule import Alert
from obs.check.finding import Finding
from plan import Plan

_VALUE = re.compile(r"\{\{.*?(?:\$value|(?<![\w$])\.Value\b).*?\}\}", re.DOTALL)


def check_alerts(plan: Plan) -> Iterator[Finding]:
    for alert in plan.alerts:
        for check, message in _problems(alert):
            yield Finding(check, f"alert {alert.name}", str(alert.where), message, expression=str(alert.expr))


def _problems(alert: Alert) -> Iterator[tuple[str, str]]:
    if seconds(alert.for_) == 0 and not alert.at_once.strip():
        yield "alert/for", "fires at the first evaluation: one odd sample is enough; give for_, or say why in at_once"
    for label, value in sorted(alert.own_labels.items()):
        if _VALUE.search(value):
            yield "alert/label", f"label {label} holds the value: each change of it is another alert, which waits anew"
