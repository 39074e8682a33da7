"""Objectives and their error budgets."""

from __future__ import annotations

from collections.abc import Sequence

from dashboards.shelf import FOLDER
from dashboards.signals import VIOLATIONS
from model.dashboard import Dashboard, Panel, PanelKind, Row, Threshold, Variable
from model.expr import Expr
from model.promql import eq
from model.quantity import seconds
from model.rule import Signal
from slo.rules import SloRules
from slo.signals import ATTAINMENT, BURN_RATES, REMAINING, REMAINING_RECORD

UID = "dataops-slo"
BANDS = (
    Threshold(value=1, severity="warning", above=False),
    Threshold(value=0.8, severity="medium", above=False),
    Threshold(value=0.7, severity="high", above=False),
)
"""Attainment as a share of the objective (spec 60-dashboards 1.3, without its gaps)."""


def attainment(objectives: Sequence[SloRules]) -> Signal:
    """Good events as a share of what each objective promises."""
    parts = [ATTAINMENT.expr.narrowed(eq("slo", o.slo.name)) / o.slo.objective for o in objectives]
    found: Expr = parts[0]
    for part in parts[1:]:
        found = found | part
    return Signal(
        name="attainment_of_objective",
        title="Attainment of objectives",
        description="Good events over the objective's window, as a share of those that it promises.",
        good="100 % or more.",
        unit="percentunit",
        expr=found,
        legend="{{slo}}",
    )


def objectives_dashboard(
    objectives: Sequence[SloRules], parent: str, reached: Signal | None = None
) -> Dashboard | None:
    """None where no enabled system has an objective. ``reached`` is their :func:`attainment`, if others show it too."""
    if not objectives:
        return None
    burning = {signal.name for o in objectives for signal in o.signals}
    rates = [BURN_RATES[window] for window in sorted(BURN_RATES, key=seconds) if BURN_RATES[window].name in burning]
    reached = reached or attainment(objectives)
    return Dashboard(
        uid=UID,
        title="DataOps - Objectives and error budgets",
        description="What is promised, what is left of the error budget and how fast it goes.",
        level=1,
        folder=FOLDER,
        parent=parent,
        variables=(Variable(name="slo", label="slo", metric=REMAINING_RECORD),),
        rows=(
            Row(
                title="Budgets",
                panels=(
                    Panel(title=REMAINING.title, kind=PanelKind.BARGAUGE, signals=(REMAINING,), width=12),
                    Panel(title=ATTAINMENT.title, kind=PanelKind.TIMESERIES, signals=(ATTAINMENT,), width=12),
                    Panel(title=reached.title, kind=PanelKind.BARGAUGE, signals=(reached,), thresholds=BANDS, width=12),
                    Panel(title="Course of the budgets", kind=PanelKind.TIMESERIES, signals=(REMAINING,), width=12),
                ),
            ),
            Row(
                title="Violations",
                panels=(
                    Panel(title=VIOLATIONS.title, kind=PanelKind.TABLE, signals=(VIOLATIONS,), width=12),
                    Panel(title="Violations over time", kind=PanelKind.STATE_TIMELINE, signals=(VIOLATIONS,), width=12),
                ),
            ),
            Row(
                title="Burn rates",
                panels=tuple(Panel(title=rate.title, kind=PanelKind.TIMESERIES, signals=(rate,)) for rate in rates),
            ),
        ),
    )
