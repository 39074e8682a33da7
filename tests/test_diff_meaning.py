"""What a change of one field means, on objects; and that order alone means nothing."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from changed_program import base, taken, text_of
from test_diff import ALERT, ROUTES, alerting, snapshot, thing

from components.grafana_values import DASHBOARD_LABELS
from obs.diff.order import alternatives, ordered, same
from obs.diff.report.model import Report, report


def told(found: Report) -> list[str]:
    return [f"{e.topic} | {e.subject} | {e.text}" for e in found.meaning]


def rules(group: dict[str, Any], **alert: Any) -> Any:
    return thing("PrometheusRule", "r", spec={"groups": [{"name": "g", "rules": [{**ALERT, **alert}], **group}]})


def board(panel: dict[str, Any], *more: dict[str, Any], **fields: Any) -> Any:
    given = {
        "id": 1,
        "title": "Lag",
        "type": "timeseries",
        "datasource": {"uid": "prometheus"},
        "targets": [{"refId": "A", "expr": 'sum(x{a=~"b|c"})', "legendFormat": "{{pod}}"}],
        "fieldConfig": {"defaults": {"unit": "s", "thresholds": {"steps": [{"value": 5, "color": "red"}]}}},
        **panel,
    }
    one = thing(
        "ConfigMap",
        "d",
        data={"d.json": json.dumps({"uid": "d", "title": "Boards", "panels": [given, *more], **fields})},
    )
    assert one.manifest is not None
    metadata = {**one.manifest["metadata"], "labels": DASHBOARD_LABELS}
    return thing("ConfigMap", "d", data=one.manifest["data"], metadata=metadata)


def routed(**root: Any) -> Any:
    return alerting({**ROUTES, "route": {**ROUTES["route"], **root}})  # type: ignore[dict-item] # a mapping


def kept(*names: str) -> Any:
    return thing("Prometheus", "p", spec=dict.fromkeys(names, "15d"))


def drawn(**values: Any) -> Any:
    steps = {"steps": [{"value": 5, "color": "red"}]}
    return board({"fieldConfig": {"defaults": {"unit": "s", "thresholds": steps, **values}}})


QUIET = {"name": "chat", "slack_configs": [{"channel": "#a", "send_resolved": False}]}
SUM = 'sum(x{a=~"b|c"})'
MISSED: list[tuple[Any, Any, str]] = [
    (rules({}), rules({}, keep_firing_for="30m"), "alerts | Full | keep_firing_for nothing → 30m"),
    (rules({}), rules({"interval": "10m"}), "rule groups | group r/g | interval nothing → 10m, of 1 rules, alerts"),
    (thing("Prometheus", "p", spec={"scrapeInterval": "30s"}), thing("Prometheus", "p", spec={"scrapeInterval": "5m"}),
     "scrapes | Prometheus m/p | scrapeInterval 30s → 5m, of every monitor"),
    (thing("ThanosRuler", "p", spec={"evaluationInterval": "30s"}), thing("ThanosRuler", "p", spec={}),
     "rule groups | ThanosRuler m/p | evaluationInterval 30s → nothing, of every group"),
    (routed(), routed(group_by=["pod", "job"]), "routing | route everything else | nothing → group_by job pod"),
    (routed(group_wait="5s"), routed(group_wait="9s"), "routing | route everything else | group_wait 5s → "),
    (alerting({**ROUTES, "global": {"resolve_timeout": "5m"}}), alerting(ROUTES),
     "routing | all receivers: resolve_timeout | removed; it was 5m"),
    (alerting(ROUTES), alerting({**ROUTES, "receivers": [{"name": "rest"}, {"name": "pager"}, QUIET]}),
     "routing | receiver chat | its messages or options differ"),
    (board({}), board({"targets": [{"expr": SUM, "legendFormat": "{{node}}"}]}), "legend {{pod}} → {{node}}"),
    (board({}), board({"datasource": {"uid": "gone"}}), "data source prometheus → gone"),
    (board({}), board({"transformations": [{"id": "x"}]}), "changed: transformations"),
    (board({}), drawn(mappings=[{"type": "value"}], max=1), "changed: mappings, max"),
    (board({}), drawn(unit="ms"), "unit s → ms"),
    (board({}, refresh="1m", tags=["a"]), board({}, refresh="5m", tags=["a"], description="x"),
     "dashboards | dashboard d | changed: description, refresh"),
    (board({}), drawn(thresholds={"mode": "percentage", "steps": [{"value": 7, "color": "red"}]}),
     "colour steps 5 red → 7 red; changed: thresholds"),
    (board({}), board({"options": {"legend": {"showLegend": False}}}), "changed: options.legend"),
    (kept("retention", "retentionSize"), kept("retentionSize"), "retention | Prometheus m/p | retention 15d → nothing"),
    (kept("retention"), kept(), "retention | Prometheus m/p | retention 15d → 24h"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "line"), MISSED, ids=[line[-60:] for *_, line in MISSED])
def test_a_field_that_means_something_is_told(before: Any, after: Any, line: str) -> None:
    found = told(report(snapshot(before), snapshot(after)))
    assert any(line in one for one in found), found


def test_a_headline_counts_dashboards_apart_from_panels() -> None:
    """A dashboard of which two things are told is one."""
    more = [{"id": number, "title": f"p{number}", "type": "stat"} for number in (2, 3)]
    found = report(snapshot(board({})), snapshot(board({"unit": "ms"}, *more, title="Other", refresh="5m")))
    assert len(found.meaning) == 5
    assert "1 dashboard, 3 panels, 1 object" in found.headline


def policy(*ports: int, away: bool = False) -> Any:
    peers = [{"podSelector": {"matchLabels": {"a": name}}} for name in "xy"]
    given = [{"from": peers[:: -1 if away else 1], "ports": [{"port": port} for port in ports]}, {"from": []}]
    return thing("NetworkPolicy", "n", spec={"podSelector": {}, "ingress": given[:: -1 if away else 1]})


def role(*verbs: str) -> Any:
    return thing("ClusterRole", "r", rules=[{"apiGroups": ["", "apps"], "resources": ["pods"], "verbs": list(verbs)}])


def monitor(*namespaces: str, keep: str) -> Any:
    steps = [{"action": "keep", "sourceLabels": ["__name__"], "regex": keep}]
    endpoints = [{"port": "http", "metricRelabelings": steps}]
    spec = {"namespaceSelector": {"matchNames": list(namespaces)}, "podMetricsEndpoints": endpoints}
    return thing("PodMonitor", "m", spec=spec)


TURNED: list[tuple[Any, Any, Any]] = [
    (policy(1, 2), policy(2, 1, away=True), policy(1, 3)),
    (role("get", "list"), role("list", "get"), role("get", "delete")),
    (monitor("a", "b", keep="x|y"), monitor("b", "a", keep="y|x"), monitor("a", "b", keep="x|z")),
    (rules({}, expr='x{n=~"a|b.*"} > 1'), rules({}, expr='x{n=~"b.*|a"} > 1'), rules({}, expr='x{n=~"b.*|c"} > 1')),
    (board({}), board({"targets": [{"expr": 'sum(x{a=~"c|b"})', "legendFormat": "{{pod}}", "refId": "A"}]}),
     board({"targets": [{"expr": 'sum(x{a=~"c|d"})', "legendFormat": "{{pod}}", "refId": "A"}]})),
]  # fmt: skip


@pytest.mark.parametrize(("before", "turned", "other"), TURNED, ids=lambda one: getattr(one, "kind", None))
def test_order_alone_is_no_difference_and_another_entry_is_one(before: Any, turned: Any, other: Any) -> None:
    assert report(snapshot(before), snapshot(turned)).empty
    assert not report(snapshot(before), snapshot(other)).empty


@pytest.mark.parametrize(
    ("pattern", "found"),
    [("b|a", "a|b"), ("c(b|a)|a", "a|c(b|a)"), ("[|]|a", "[|]|a"), (r"b\\|a", r"b\\|a"), ("a", "a")],
)
def test_alternatives_are_sorted_where_they_are_whole(pattern: str, found: str) -> None:
    assert alternatives(pattern) == found


def test_only_patterns_are_sorted() -> None:
    assert ordered('x{a=~"c|b", d="c|b"} | json') == 'x{a=~"b|c", d="c|b"} | json'
    assert not same('x{a=~"c|b"}', 'x{a="c|b"}')


def turned(value: Any, turn: Callable[[list[Any]], None]) -> Any:
    """Every list and every mapping in another order."""
    items = list(value.items()) if isinstance(value, dict) else list(value) if isinstance(value, list) else None
    if items is None:
        return value
    turn(items)
    if isinstance(value, dict):
        return {key: turned(one, turn) for key, one in items}
    return [turned(one, turn) for one in items]


@pytest.mark.parametrize("turn", [random.Random(7).shuffle], ids=["shuffled"])
def test_settings_in_another_order_change_nothing(turn: Callable[[list[Any]], None]) -> None:
    """Every list of prod is a set: none of its routes has a match, so no alert can take two of them."""
    text = text_of("Pulumi.prod.yaml")
    shuffled = yaml.safe_dump(turned(yaml.safe_load(text), turn), sort_keys=False)
    found = report(base(), taken([("Pulumi.prod.yaml", text, shuffled)]))
    assert told(found) == []
    assert [one.subject for one in found.objects] == []
