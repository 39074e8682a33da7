"""Links into Grafana's Explore, for who has just been woken: the logs and traces of what the alert is about."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from urllib.parse import quote

from model.dashboard import Store

_LOGS = {"namespace": "namespace", "pod": "pod", "container": "container", "app": "app"}
"""Label of an alert -> label of streams (components/loki_config.py, INDEX_LABELS)."""
_TRACES = {"namespace": "resource.k8s.namespace.name", "pod": "resource.k8s.pod.name"}
"""Label of an alert -> attribute of spans (components/collector_processors.py)."""
_AROUND = {"from": "now-1h", "to": "now"}


def logs_link(grafana: str, labels: Collection[str]) -> str | None:
    """Explore with the lines of the namespace, pod, container and app that an alert names; a Prometheus template.

    None where it has none of these ``labels``: all lines of a cluster help nobody.
    """
    found = _chosen(_LOGS, labels)
    query = "{" + ", ".join(f"{name}={value}" for name, value in found.items()) + "}"
    return _link(grafana, Store.LOGS, {"expr": query, "queryType": "range"}) if found else None


def traces_link(grafana: str, labels: Collection[str]) -> str | None:
    """Explore with the traces of the namespace and pod that an alert names, and how each ended; as for logs.

    All of them, not the failed alone: most alerts are on what is slow, full or gone, where no request has failed yet,
    and an empty page at night looks like a store that has lost them.
    """
    found = _chosen(_TRACES, labels)
    query = "{" + " && ".join(f"{name} = {value}" for name, value in found.items()) + "} | select(status)"
    return _link(grafana, Store.TRACES, {"query": query, "queryType": "traceql"}) if found else None


def _chosen(names: Mapping[str, str], labels: Collection[str]) -> dict[str, str]:
    return {name: f'"{_placeholder(label)}"' for label, name in names.items() if label in labels}


def _placeholder(label: str) -> str:
    return f"LABEL_{label}_"


def _link(grafana: str, store: Store, query: Mapping[str, str]) -> str:
    """Grafana reads the state of Explore from ``panes`` (public/app/features/explore, schema version 1).

    The data sources are called by their kind (components/datasources.py, which cannot be imported from here).
    """
    asked = {"refId": "A", "datasource": {"uid": store.value}, **query}
    pane = {"datasource": store.value, "queries": [asked], "range": _AROUND}
    panes = quote(json.dumps({"alert": pane}, separators=(",", ":")))
    for label in _LOGS:  # a template's braces must stay as they are
        panes = panes.replace(_placeholder(label), f"{{{{ $labels.{label} }}}}")
    return f"{grafana}/explore?schemaVersion=1&panes={panes}"
