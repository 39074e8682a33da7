"""What the end-to-end tests take for a fault that was told rightly."""

from __future__ import annotations

from typing import Any

import pytest
from simulated_outcomes import wrong

from model.rule import Severity

SEVERITIES = {"Page": Severity.CRITICAL, "Other": Severity.CRITICAL, "Soon": Severity.HIGH, "Later": Severity.WARNING}
PAGED = {"told": {"pager": 1.0, "critical-channel": 1.0}, "muted_by": [], "known": []}


def seen(told: tuple[str, ...] = (), muted_by: tuple[str, ...] = (), known: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"told": dict.fromkeys(told, 1.0), "muted_by": list(muted_by), "known": list(known)}


@pytest.mark.parametrize(
    "soon", [seen(("ops-channel",)), seen(muted_by=("Page",)), seen(known=("ops-channel",))], ids=str
)
def test_told_muted_by_a_worse_one_and_known_are_right(soon: dict[str, Any]) -> None:
    assert list(wrong({"Page": PAGED, "Soon": soon}, SEVERITIES)) == []


@pytest.mark.parametrize(
    "soon",
    [
        seen(),
        seen(("warning-channel",)),
        seen(("ops-channel", "pager")),
        seen(("pager",), muted_by=("Page",)),
        seen(muted_by=("Later",)),
        seen(muted_by=("Soon",)),
        seen(muted_by=("Other",)),
        seen(muted_by=("Page", "silence 4f2b")),
        seen(known=("pager",)),
        seen(known=("ops-channel", "pager")),
    ],
    ids=str,
)
def test_nobody_told_somebody_else_or_muted_by_what_is_not_worse_in_this_fault_is_wrong(soon: dict[str, Any]) -> None:
    alerts = {"Page": PAGED, "Soon": soon, "Later": seen(muted_by=("Page",))}
    assert [said.partition(" ")[0] for said in wrong(alerts, SEVERITIES)] == ["Soon"]


@pytest.mark.parametrize(
    "page", [seen(muted_by=("Other",)), seen(known=("pager", "critical-channel")), seen(("pager",))], ids=str
)
def test_a_critical_alert_is_told_to_everybody_whatever_else_is_said(page: dict[str, Any]) -> None:
    assert len(list(wrong({"Page": page, "Other": PAGED}, SEVERITIES))) == 1
