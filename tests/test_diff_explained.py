"""Where an entry comes from, and what an interval costs: on snapshots, no stack is run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import stacks
from test_diff import ROUTES, alerting, snapshot, thing

from obs.diff.causes import causes
from obs.diff.entry import Entry
from obs.diff.report.model import Report, report
from obs.diff.rules import recorded
from obs.diff.snapshot import Snapshot
from obs.diff.stack_file import stack_settings
from obs.diff.take import _definitions

SERIES = "dataops:capacity:days_until_full"
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
        (receivers("#a"), receivers("#b"), "routing", "Pulumi.s.yaml:52"),
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


ROUTE = "      - {severities: [%s], receivers: [%s]}"
FILE = f"""config:
  o:prometheus:
    retention: 15d
  o:exporters:
    isilon:
      archive:
        url: https://a.example
        secret: isilonPassword
  o:systems:
    kafka: {{}}
    isilon:
      quota: 1
  o:alerting:
    default: slack
    receivers:
      - {{name: slack, kind: slack, channel: "#a"}}
      - {{name: mail, kind: email, to: a@b.example}}
    routes:
{ROUTE % ("high", "mail")}
{ROUTE % ("medium", "mail")}
"""


def stack(folder: Path, text: str, told: str = "mail", **fields: Any) -> Snapshot:
    """With what the file sets, and routes that tell alerts of medium severity to ``told``."""
    (folder / "Pulumi.s.yaml").write_text(text, encoding="utf-8")
    settings, lines, _ = stack_settings(folder, "s")
    routes = [
        {"receiver": "mail", "matchers": ['severity="high"']},
        {"receiver": told, "matchers": ['severity="medium"']},
    ]
    config = {"route": {"receiver": "slack", "routes": routes}, "receivers": [{"name": "slack"}, {"name": "mail"}]}
    medium = [{"alert": f"A{n}", "expr": "x > 1", "labels": {"severity": "medium"}} for n in range(3)]
    rules = thing("PrometheusRule", "r", spec={"groups": [{"name": "g", "rules": medium}]})
    return snapshot(placed(alerting(config)), rules, settings=settings, lines=lines, **fields)


def wheres(found: Report, subject: str) -> set[str]:
    return {entry.where for entry in (*found.meaning, *found.risks) if entry.subject == subject}


def test_a_route_that_moves_is_placed_at_its_own_line(tmp_path: Path) -> None:
    """Of the alerts that it takes, too; another edit of alerting is not named, nor an entry that comes before."""
    text = FILE.replace(ROUTE % ("medium", "mail"), ROUTE % ("medium", "slack")).replace("#a", "#b")
    more = text.replace("    routes:\n", f"    routes:\n{ROUTE % ('low', 'slack')}\n")
    for now, line in ((text, 20), (more, 21)):
        found = report(stack(tmp_path, FILE), stack(tmp_path, now, "slack"))
        for subject in (
            'route severity="medium" → mail',
            'route severity="medium" → slack',
            "3 alerts",
            "receiver mail",
        ):
            assert wheres(found, subject) == {f"Pulumi.s.yaml:{line}"}, subject
    assert [one.node for one in found.settings] == [
        "alerting.receivers[0].channel",
        "alerting.routes[0]",
        "alerting.routes[0]",
        "alerting.routes[2].receivers[0]",
    ]


def test_what_only_the_base_has_is_said_to_be_of_before(tmp_path: Path) -> None:
    text = "".join(
        line
        for line in FILE.splitlines(keepends=True)
        if not line.strip().startswith(("isilon:", "archive:", "url:", "secret:", "quota:"))
    ).replace("  o:exporters:\n", "")
    rule = {"alert": "IsilonFull", "expr": "x", "labels": {"severity": "low"}}
    object_ = placed(thing("PrometheusRule", "i", spec={"groups": [{"name": "i", "rules": [rule]}]}))
    old = stack(
        tmp_path,
        FILE,
        systems=("isilon", "kafka"),
        secrets={"isilonPassword": "1"},
        definitions={"alert IsilonFull": {"where": "systems/isilon/alerts.py:9"}},
    )
    old = replace(old, objects=(*old.objects, object_))
    found = report(old, stack(tmp_path, text, systems=("kafka",), secrets={}))
    assert wheres(found, "isilon") == {"before: Pulumi.s.yaml:11"}
    assert wheres(found, "isilonPassword") == {"before: Pulumi.s.yaml:8"}
    assert wheres(found, "IsilonFull") == {"before: systems/isilon/alerts.py:9"}
    assert "before: components/x.py:9" in {one.where for one in found.objects}
    (alert,) = (entry for entry in found.meaning if entry.subject == "IsilonFull")
    assert [(one.node, one.where) for one in found.causes(alert)] == [
        ("exporters", "before: Pulumi.s.yaml:4"),
        ("systems.isilon", "before: Pulumi.s.yaml:11"),
    ]


def test_a_setting_of_the_very_values_is_the_cause(tmp_path: Path) -> None:
    text = FILE.replace("15d", "10d").replace("quota: 1", "quota: 2").replace("#a", "#b").replace("a@b", "c@b")
    old, new = stack(tmp_path, FILE), stack(tmp_path, text)
    kept = [
        replace(PROMETHEUS, manifest={**(PROMETHEUS.manifest or {}), "spec": {"retention": r}}) for r in ("15d", "10d")
    ]
    old, new = (replace(one, objects=(*one.objects, p)) for one, p in zip((old, new), kept, strict=True))
    found = report(old, new)
    told = [entry for entry in (*found.meaning, *found.risks) if entry.topic == "retention"]
    assert len(told) == 2
    for entry in told:
        assert [(one.key, one.where) for one in found.causes(entry)] == [("prometheus.retention", "Pulumi.s.yaml:3")]
    other = Entry(topic="restart", subject="StatefulSet m/x", text="restarts")
    assert causes(other, found.settings) == []
    assert [one.key for one in causes(other, found.settings[:1])] == [found.settings[0].key]


def test_each_rule_of_one_series_has_the_place_of_its_own_system() -> None:
    plan = stacks.ran("prod").plan
    wanted = {one.resource: str(one.where) for system in plan.systems for one in system.capacities}
    found = dict(_definitions(plan))
    places = {name: found[f"record {recorded(SERIES, {'resource': name})}"]["where"] for name in wanted}
    assert places == wanted
    assert places["isilon"].startswith("systems/isilon/__init__.py:")
    assert places["tablespace"].startswith("systems/oracle/__init__.py:")


def test_a_rule_that_goes_has_the_place_of_the_rule_and_not_of_the_series() -> None:
    def recording(*resources: str, short: bool = False) -> Snapshot:
        rules = [{"record": SERIES, "expr": "x", "labels": {"resource": one}} for one in resources]
        names = {SERIES if short else recorded(SERIES, {"resource": one}): one for one in resources}
        places = {f"record {name}": {"where": f"systems/{one}.py:1"} for name, one in names.items()}
        group = thing("PrometheusRule", "r", spec={"groups": [{"name": "g", "rules": rules}]})
        return snapshot(group, definitions=places)

    gone = recorded(SERIES, {"resource": "isilon"})
    assert wheres(report(recording("isilon", "oracle"), recording("oracle")), gone) == {"before: systems/isilon.py:1"}
    # An older workbench told one place for all rules of a series: of several it may be another's.
    assert wheres(report(recording("isilon", "oracle", short=True), recording("oracle")), gone) == {""}
    assert wheres(report(recording("isilon", short=True), recording()), gone) == {"before: systems/isilon.py:1"}
