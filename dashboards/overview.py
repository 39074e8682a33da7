"""Level 0: is everything all right, and where to look if not."""

from __future__ import annotations

from collections.abc import Sequence

from alerting.heartbeat import HEARTBEAT
from dashboards.domains import FOLDER
from model.dashboard import Dashboard, Panel, PanelKind, Row, Threshold
from model.expr import Expr
from model.promql import count_by, eq, metric, sum_by
from model.rule import Signal
from slo.signals import REMAINING

UID = "dataops-overview"
_TARGETS = metric("up")


def _firing(severity: str) -> Expr:
    # Nothing firing is 0, not "no data": the clusters that are scraped at all get a 0.
    firing = metric("ALERTS", eq("alertstate", "firing"), eq("severity", severity))
    return count_by(firing) | count_by(_TARGETS) * 0


TARGETS_UP = Signal(
    name="targets_up",
    title="Targets up",
    description="Share of the scrape targets that answer.",
    good="100 %.",
    unit="percentunit",
    expr=sum_by(_TARGETS) / count_by(_TARGETS),
    legend="{{cluster}}",
    maximum=1,
)
CRITICAL_ALERTS = Signal(
    name="critical_alerts",
    title="Critical alerts",
    description="Critical alerts that are firing now.",
    good="0.",
    unit="short",
    expr=_firing("critical"),
    legend="{{cluster}}",
)
HIGH_ALERTS = Signal(
    name="high_alerts",
    title="High alerts",
    description="Alerts of severity high that are firing now.",
    good="0.",
    unit="short",
    expr=_firing("high"),
    legend="{{cluster}}",
)

_ANY_IS_BAD = {
    CRITICAL_ALERTS.name: (Threshold(value=0, severity="critical"),),
    HIGH_ALERTS.name: (Threshold(value=0, severity="high"),),
    TARGETS_UP.name: (Threshold(value=1, severity="warning", above=False),),
}


def overview(below: Sequence[Dashboard], *, with_objectives: bool) -> Dashboard:
    """``below`` are the dashboards of level 1, each of which gets a card."""
    status = (CRITICAL_ALERTS, HIGH_ALERTS, TARGETS_UP, *((REMAINING,) if with_objectives else ()))
    return Dashboard(
        uid=UID,
        title="DataOps - 0. Platform overview",
        description="The state of the platform in one view; each card leads to its domain.",
        level=0,
        folder=FOLDER,
        rows=(
            Row(
                title="Quick status",
                panels=tuple(
                    Panel(
                        title=s.title,
                        kind=PanelKind.STAT,
                        signals=(s,),
                        thresholds=_ANY_IS_BAD.get(s.name, ()),
                        width=24 // len(status),
                        height=6,
                    )
                    for s in status
                ),
            ),
            *_cards(below),
            Row(
                title="Alerting",
                panels=(Panel(title=HEARTBEAT.title, kind=PanelKind.STAT, signals=(HEARTBEAT,), width=6, height=4),),
            ),
        ),
    )


def _cards(below: Sequence[Dashboard]) -> tuple[Row, ...]:
    """No row where there is nothing below."""
    panels = tuple(
        Panel(
            title=d.title.removeprefix("DataOps - "),
            kind=PanelKind.TEXT,
            text=f"### {d.description}",
            link=d.uid,
            height=5,
        )
        for d in below
    )
    return (Row(title="Domains", panels=panels),) if panels else ()
