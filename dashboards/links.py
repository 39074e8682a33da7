"""Links between dashboards: the time range and what was chosen go along."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from dashboards.queries import dashboard_variables
from model.dashboard import Dashboard
from model.expr import Selector
from model.narrowing import kept_labels
from model.promql import CLUSTER
from model.rule import Signal

# Grafana fills in the chosen range and variables, so a link keeps both.
KEEP = "${__url_time_range}&${__all_variables}"
_TIME = "${__url_time_range}"


def url(uid: str | None) -> str:
    return f"/d/{uid}?{KEEP}"


def alert_page(runbooks: str, *, table: bool) -> str:
    """The page of the alert that one series is about; ``runbooks`` is the URL of their folder."""
    return f"{runbooks}/{_label('alertname', table=table)}.md"


def _label(name: str, *, table: bool) -> str:
    """In a table a label is a column; elsewhere it belongs to the field."""
    return f"${{__data.fields.{name}}}" if table else f"${{__field.labels.{name}}}"


def series_url(uid: str, carries: Sequence[tuple[str, str]], keeps: Sequence[str], *, table: bool) -> str:
    """The page of the object of one series: ``carries`` are (variable there, label here), ``keeps`` variables of both.

    They are named one by one: of all, the one that is chosen by the click would be there twice, and mean both values.
    """
    if not carries:
        return url(uid)
    chosen = "&".join(f"var-{name}={_label(label, table=table)}" for name, label in ((CLUSTER, CLUSTER), *carries))
    return "&".join((f"/d/{uid}?{_TIME}", *(f"${{{name}:queryparam}}" for name in keeps), chosen))


def alert_url(dashboard: Dashboard, panel: int, signal: Signal) -> str:
    """The panel that shows an alert's signal, narrowed to what the alert is about; a Prometheus template.

    A variable is chosen where the alert has its label: ``urlquery`` is a function of every Go template, and a label
    that is empty on one series chooses nothing. When it was is added by whoever sends it (StartsAt), as rules do not
    know.
    """
    whole = signal.record or isinstance(signal.expr, Selector)
    has = {*signal.legend_labels, *({CLUSTER} if whole else kept_labels(signal.expr) & {CLUSTER})}
    chosen = "".join(
        f"{{{{ with $labels.{v.label} }}}}&var-{v.name}={{{{ . | urlquery }}}}{{{{ end }}}}"
        for v in dashboard_variables(dashboard)
        if v.label in has
    )
    return f"/d/{quote(dashboard.uid)}?viewPanel={panel}{chosen}"
