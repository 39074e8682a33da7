"""What every objective has: burn rates, budget, attainment. One series per objective, label ``slo``."""

from __future__ import annotations

from model.promql import metric
from model.quantity import seconds
from model.rule import Signal
from slo.windows import BURNS

BAD = "slo:events_bad:rate5m"
TOTAL = "slo:events_total:rate5m"
REMAINING_RECORD = "slo:error_budget_remaining:ratio"
ATTAINMENT_RECORD = "slo:attainment:ratio"
_LEGEND = "{{slo}}"


def burn_record(window: str) -> str:
    return f"slo:burn_rate:{window}"


REMAINING = Signal(
    name="error_budget_remaining",
    title="Error budget left",
    description="Share of the objective's error budget that is left, over its whole window.",
    good="Above 50 %; at 0 % the objective is missed.",
    unit="percentunit",
    expr=metric(REMAINING_RECORD),
    legend=_LEGEND,
    maximum=1,
)
ATTAINMENT = Signal(
    name="slo_attainment",
    title="Good events",
    description="Share of good events over the objective's whole window.",
    good="At the objective or above.",
    unit="percentunit",
    expr=metric(ATTAINMENT_RECORD),
    legend=_LEGEND,
    maximum=1,
)
BURN_RATES: dict[str, Signal] = {
    window: Signal(
        name=f"burn_rate_{window}",
        title=f"Burn rate over {window}",
        description=f"How fast the error budget goes, over {window}: at 1 it lasts exactly for the objective's window.",
        good="Below 1.",
        unit="short",
        expr=metric(burn_record(window)),
        legend=_LEGEND,
    )
    for window in sorted({b.long for pairs in BURNS.values() for b in pairs}, key=seconds)
}
