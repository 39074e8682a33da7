"""Who must hear of an alert of a fault, and what excuses silence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from model.rule import Severity

RECEIVERS = {
    Severity.CRITICAL: {"pager", "critical-channel"},
    Severity.HIGH: {"ops-channel"},
    Severity.MEDIUM: {"ops-channel"},
    Severity.WARNING: {"warning-channel"},
    Severity.INFO: {"monitoring-channel"},
}
"""Of stack local."""


def wrong(alerts: Mapping[str, Mapping[str, Any]], severities: Mapping[str, Severity]) -> Iterator[str]:
    """What is not as it should be. ``alerts``: of ``Outcome.to_dict()``; ``severities``: of every alert of the stack.

    Exactly the receivers of its severity are told of an alert. Nobody is where a worse alert of the same fault mutes
    it, or where exactly they know of it from an earlier fault. A critical alert is always told.
    """
    worst_first = list(Severity)
    for name, seen in alerts.items():
        severity, told = severities[name], {*seen["told"]}
        if told == RECEIVERS[severity]:
            continue
        worse = {o for o in alerts if worst_first.index(severities[o]) < worst_first.index(severity)}
        muted = bool(seen["muted_by"]) and {*seen["muted_by"]} <= worse
        known = {*seen["known"]} == RECEIVERS[severity]
        if told or severity is Severity.CRITICAL or not (muted or known):
            by = ", ".join(seen["muted_by"]) or "nothing"
            yield f"{name} ({severity}): told {sorted(told)}, known to {seen['known']}, muted by {by}"
