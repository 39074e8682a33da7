"""Objectives and their error budgets."""

from __future__ import annotations

from collections.abc import Sequence

from dashboards.shelf import FOLDER
from dashboards.signals import VIOLATIONS
from model.dashboard import Dashboard, Panel, PanelKind, Row, Variable
from model.expr import Expr
from model.limits import attained
from model.promql import eq
from model.quantity import seconds
from model.rule import Signal
from slo.platform import AVAILABILITY
from slo.rules import SloRules
from slo.signals import ATTAINMENT, BURN_RATES, REMAINING, REMAINING_RECORD

UID = "dataops-slo"


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
        maximum=1,
        limits=attained(1),
    )


def availability(objectives: Sequence[SloRules]) -> Signal | None:
    """Spec 60-dashboards 4.6: the platform's own, where it is promised."""
    for one in objectives:
        if one.slo.name == AVAILABILITY:
            return Signal(
                name="availability_attained",
                title="Availability",
                description=f"{one.slo.description} Over {one.slo.window}.",
                good=f"{one.slo.objective:.2%} or more.",
                unit="percentunit",
                expr=ATTAINMENT.expr.narrowed(eq("slo", AVAILABILITY)),
                legend="{{cluster}}",
                maximum=1,
                limits=attained(one.slo.objective),
            )
    return None


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
                    Panel(title=reached.title, kind=PanelKind.BARGAUGE, signals=(reached,), width=12),
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
