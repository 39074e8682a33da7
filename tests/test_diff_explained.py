"""Where an entry comes from, and what an interval costs: on snapshots, no stack is run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from test_diff import ROUTES, alerting, snapshot, thing

from obs.diff.report.model import report
from obs.diff.snapshot import Snapshot

PROMETHEUS = thing("Prometheus", "p", spec={"retention": "15d", "replicas": 2})
WHERE = "systems/kafka/__init__.py:87"


def scraped(every: str, rate: float) -> Snapshot:
    stored = {"kafka-exporter": {"kept": 12, "exposed": 90, "interval": every, "series": 12, "rate": rate}}
    return snapshot(PROMETHEUS, stored=stored, definitions={"contract kafka-exporter": {"where": WHERE}})


def test_an_interval_is_told_in_samples_disk_and_cost() -> None:
    found = {entry.subject: entry for entry in report(scraped("30s", 0.4), scraped("10s", 1.2)).meaning}
    assert {name: entry.text for name, entry in found.items()} == {
        "samples a second": "at least 0.4 → 1.2 (kafka-exporter 0.4 → 1.2)",
        # 1.7 bytes for 15 days in two replicas
        "samples on disk": "at least 0.00176 → 0.00529 GB in Prometheus",
        "samples of kafka-exporter": (
            "every 30s → 10s: 1000 series of it make 33.3 → 100 samples/s, on disk 0.147 → 0.441 GB, "
            "a month $0.01 → $0.02"
        ),
    }
    assert {entry.where for entry in found.values()} == {WHERE}
    assert "lower bound" in found["samples a second"].why
    assert report(scraped("30s", 0.4), scraped("30s", 0.4)).empty


def test_gigabytes_of_both_sides_have_the_same_decimals() -> None:
    found = {one.subject: one.text for one in report(scraped("30s", 22.695), scraped("30s", 14.6)).meaning}
    assert found["samples on disk"] == "at least 0.1000 → 0.0643 GB in Prometheus"


def test_a_snapshot_without_rates_has_those_of_one_endpoint() -> None:
    old = snapshot(PROMETHEUS, stored={"kafka-exporter": {"kept": 12, "exposed": 90, "interval": "30s"}})
    texts = [entry.text for entry in report(old, scraped("10s", 1.2)).meaning]
    assert "at least 0.4 → 1.2 (kafka-exporter 0.4 → 1.2)" in texts


def placed(one: Any, where: str = "components/x.py:9") -> Any:
    return replace(one, where=where)


def policy(*ports: int) -> Any:
    peers = [{"podSelector": {"matchLabels": {"a": "x"}}}]
    given = [{"from": peers, "ports": [{"port": port} for port in ports]}]
    return placed(thing("NetworkPolicy", "n", spec={"podSelector": {}, "ingress": given}))


def granted(*verbs: str) -> tuple[Any, ...]:
    role = placed(thing("Role", "r", rules=[{"apiGroups": [""], "resources": ["secrets"], "verbs": list(verbs)}]))
    return role, thing(
        "RoleBinding", "b", roleRef={"kind": "Role", "name": "r"}, subjects=[{"kind": "ServiceAccount", "name": "a"}]
    )


def receivers(channel: str) -> Snapshot:
    rest = [one for one in ROUTES["receivers"] if one["name"] != "chat"]  # type: ignore[index]
    given = {**ROUTES, "receivers": [*rest, {"name": "chat", "slack_configs": [{"channel": channel}]}]}
    settings, lines = {"alerting.receivers[2].name": "chat"}, {"alerting.receivers[2].name": 52, "alerting": 50}
    return snapshot(alerting(given), settings=settings, lines=lines)


def kept(secret: str) -> Snapshot:
    return snapshot(secrets={"smtpPassword": secret}, settings={"smtpPassword": "x"}, lines={"smtpPassword": 3})


def outputs(**values: str) -> Snapshot:
    definitions = {"output clusterName": {"where": "components/outputs.py:25"}}
    return snapshot(outputs=values, outputs_schema={}, definitions=definitions)


@pytest.mark.parametrize(
    ("before", "after", "topic", "where"),
    [
        (snapshot(policy(1)), snapshot(policy(1, 2)), "network", "components/x.py:9"),
        (snapshot(*granted("get")), snapshot(*granted("get", "delete")), "rights", "components/x.py:9"),
        (receivers("#a"), receivers("#b"), "routing", "Pulumi.s.yaml:52, Pulumi.s.yaml:50"),
        (kept("1"), kept("2"), "secret", "Pulumi.s.yaml:3"),
        (outputs(clusterName="a"), outputs(clusterName="b"), "outputs", "components/outputs.py:25"),
    ],
    ids=["network", "rights", "routing", "secret", "outputs"],
)
def test_an_entry_says_where_it_comes_from(before: Snapshot, after: Snapshot, topic: str, where: str) -> None:
    found = report(before, after)
    places = [entry.where for entry in (*found.meaning, *found.risks) if entry.topic == topic]
    assert places
    assert all(place.startswith(where) for place in places), places
