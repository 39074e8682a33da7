"""Level 0: is everything all right, and where to look if not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from alerting.heartbeat import HEARTBEAT
from dashboards.shelf import FOLDER, Shelf, Wanted
from dashboards.signals import state
from model.dashboard import Dashboard, Panel, PanelKind, Row
from model.rule import Alert, Severity

UID = "dataops-overview"
_STATUS = ("critical_alerts", "high_alerts", "targets_up", "worst_error_budget", "job_success")
# Unicode, not an icon font: it is there wherever the page is read.
_ICONS = {
    "dataops-gitops": "🚀",
    "dataops-capacity": "📊",
    "dataops-workload": "⚙️",
    "dataops-data": "🔍",
    "dataops-optimisation": "🛠️",
    "dataops-e2e": "📈",
    "dataops-observability": "🔭",
    "dataops-slo": "🎯",
}


def overview(
    shelf: Shelf, below: Sequence[Dashboard], details: Sequence[Dashboard], alerts: Iterable[Alert]
) -> Dashboard:
    """``below`` are the dashboards of level 1: each gets a card that shows its state; ``details`` get a link."""
    told = [alert for alert in alerts if alert.severity is not Severity.NONE]
    heartbeat = Panel(title=HEARTBEAT.title, kind=PanelKind.STAT, signals=(HEARTBEAT,), width=6, height=4)
    return Dashboard(
        uid=UID,
        title="DataOps - 0. Platform overview",
        description="The state of the platform in one view; each card leads to its domain.",
        level=0,
        folder=FOLDER,
        rows=(
            Row(title="Quick status", panels=_status(shelf)),
            Row(title="Domains", panels=tuple(_card(dashboard, told) for dashboard in below)),
            *_details(details),
            Row(title="Alerting", panels=(heartbeat,)),
        ),
    )


def _status(shelf: Shelf) -> tuple[Panel, ...]:
    wanted = [Wanted(kind=PanelKind.STAT, names=(f"platform.{name}",)) for name in _STATUS]
    found = [panel for one in wanted if (panel := shelf.panel(one)) is not None]
    return tuple(
        Panel(
            title=panel.title,
            kind=panel.kind,
            signals=panel.signals,
            width=24 // len(found),
            height=6,
        )
        for panel in found
    )


def _card(dashboard: Dashboard, alerts: Sequence[Alert]) -> Panel:
    """What fires on a dashboard, by severity; a dashboard that no alert watches only has its link."""
    title = f"{_ICONS.get(dashboard.uid, '')} {dashboard.title.removeprefix('DataOps - ')}".strip()
    shown = {id(signal) for panel in dashboard.panels for signal in panel.signals}
    names = {alert.name for alert in alerts if id(alert.signal) in shown}
    if not names:
        return Panel(
            title=title,
            kind=PanelKind.TEXT,
            text=f"### {dashboard.description}",
            description=f"{dashboard.description} No alert watches what it shows.",
            link=dashboard.uid,
            height=5,
        )
    return Panel(
        title=title,
        kind=PanelKind.STAT,
        signals=(state(dashboard.uid.removeprefix("dataops-"), title, names),),
        description=f"{dashboard.description} Click to view.",
        link=dashboard.uid,
        height=5,
        tiers=True,
    )


def _details(details: Sequence[Dashboard]) -> tuple[Row, ...]:
    """No row where there is nothing below."""
    if not details:
        return ()
    links = "\n".join(
        f"- [{d.title.removeprefix('DataOps - ')}](/d/{d.uid}?{{keep}}): {d.description}" for d in details
    )
    text = Panel(
        title="Straight to a detail",
        kind=PanelKind.TEXT,
        description="The pages below the domains, each one click away.",
        text=links,
        width=24,
        height=len(details) + 3,
    )
    return (Row(title="Details", panels=(text,)),)
