"""Objectives and their error budgets."""

from __future__ import annotations

from collections.abc import Sequence

from dashboards.domains import FOLDER
from model.dashboard import Dashboard, Panel, PanelKind, Row
from model.quantity import seconds
from slo.rules import SloRules
from slo.signals import ATTAINMENT, BURN_RATES, REMAINING

UID = "dataops-slo"


def objectives_dashboard(objectives: Sequence[SloRules], parent: str) -> Dashboard | None:
    """None where no enabled system has an objective."""
    if not objectives:
        return None
    burning = {signal.name for o in objectives for signal in o.signals}
    rates = [BURN_RATES[window] for window in sorted(BURN_RATES, key=seconds) if BURN_RATES[window].name in burning]
    return Dashboard(
        uid=UID,
        title="DataOps - Objectives and error budgets",
        description="What is promised, what is left of the error budget and how fast it goes.",
        level=1,
        folder=FOLDER,
        parent=parent,
        rows=(
            Row(
                title="Budgets",
                panels=(
                    Panel(title=REMAINING.title, kind=PanelKind.BARGAUGE, signals=(REMAINING,), width=12),
                    Panel(title=ATTAINMENT.title, kind=PanelKind.TIMESERIES, signals=(ATTAINMENT,), width=12),
                ),
            ),
            Row(
                title="Burn rates",
                panels=tuple(Panel(title=rate.title, kind=PanelKind.TIMESERIES, signals=(rate,)) for rate in rates),
            ),
        ),
    )
