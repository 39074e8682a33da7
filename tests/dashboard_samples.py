"""Small valid dashboards that the tests of dashboards/ change in one place each."""

from __future__ import annotations

import json
from typing import Any

from dashboards.grafana import dashboard_json
from model.dashboard import Dashboard, Lookup, Panel, PanelKind, Row, Store, Variable
from model.promql import metric, rate, sum_by
from model.rule import Signal

__site_transparent__ = True
NAMESPACE = Variable(name="namespace", label="namespace", metric="kube_pod_info")
POD = Variable(name="pod", label="pod", metric="kube_pod_info")


def signal(**changes: Any) -> Signal:
    values: dict[str, Any] = {
        "name": "restarts",
        "title": "Restarts",
        "description": "Container restarts per second.",
        "good": "0.",
        "unit": "short",
        "expr": sum_by(rate(metric("kube_pod_container_status_restarts_total"), "5m"), "namespace"),
        "scope": ("cluster", "namespace"),
    }
    return Signal(**(values | changes))


def panel(title: str = "Restarts", kind: PanelKind = PanelKind.TIMESERIES, **changes: Any) -> Panel:
    content: dict[str, Any] = {"text": "Read **this**."} if kind is PanelKind.TEXT else {"signals": (signal(),)}
    return Panel(title=title, kind=kind, **(content | changes))


def dashboard(*panels: Panel, **changes: Any) -> Dashboard:
    values: dict[str, Any] = {
        "uid": "dataops-workload",
        "title": "Workload execution",
        "description": "Do jobs run and finish?",
        "level": 1,
        "folder": "DataOps",
        "rows": (Row(title="Pods", panels=panels or (panel(),)),),
    }
    return Dashboard(**(values | changes))


def asked(title: str, kind: PanelKind, store: Store, query: str) -> Panel:
    lookup = Lookup(store=store, query=query, legend="{{level}}")
    return Panel(title=title, kind=kind, description="What was written. Good: nothing.", lookup=lookup)


LINES = asked("Lines", PanelKind.LOGS, Store.LOGS, '{namespace=~"$namespace"}')
COUNTED = asked("Counted", PanelKind.TIMESERIES, Store.LOGS, 'count_over_time({namespace=~"$namespace"} [$__auto])')
TRACES = asked("Traces", PanelKind.TABLE, Store.TRACES, "{status = error}")


def rendered(value: Dashboard) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(dashboard_json(value))
    return result


def rendered_panel(value: Panel, **changes: Any) -> dict[str, Any]:
    """The JSON of one panel, on a dashboard of its own."""
    return next(p for p in rendered(dashboard(value, **changes))["panels"] if p["type"] != "row")


def defaults(value: Panel) -> dict[str, Any]:
    """The field defaults of one panel."""
    result: dict[str, Any] = rendered_panel(value)["fieldConfig"]["defaults"]
    return result


def lost(given: Any, returned: Any, place: str = "") -> list[str]:
    """Where something that was given did not come back as it was; more may come back."""
    if isinstance(given, dict) and isinstance(returned, dict):
        return [at for key, one in given.items() for at in lost(one, returned.get(key), f"{place}.{key}")]
    if isinstance(given, list) and isinstance(returned, list) and len(given) == len(returned):
        return [at for i, pair in enumerate(zip(given, returned, strict=True)) for at in lost(*pair, f"{place}.{i}")]
    return [] if given == returned else [place]
