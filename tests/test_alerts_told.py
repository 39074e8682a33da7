"""What people get: stack prod's own file on a real Alertmanager, whose receivers end in servers of this test."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from alert_sinks import Sinks, sinks
from real_alertmanager import (
    PASSWORD,
    ROUTING_KEY,
    alert_of,
    alertmanager,
    rendered,
    send,
    states,
    timeless,
    to_sinks,
)
from real_servers import wait_for
from real_tools import needs
from stack_alerting import alerting

from alerting.routing import routing_tree
from alerting.settings import AlertingSettings
from components.alert_routing import SECRET_DIR
from components.alertmanager_config import LINKS, alertmanager_yaml

pytestmark = needs("alertmanager")

LABELS = {
    "OOMKillFrequent": {"namespace": "spark-jobs"},
    "SparkGCTimeHigh": {"namespace": "spark-jobs", "application_name": "orders", "executor_id": "7"},
    "ArgoCDSyncSlow": {"name": "orders", "project": "shop"},
}
PAGE, HIGH, BEAT = "OOMKillFrequent", "SparkGCTimeHigh", "Watchdog"
# Of other systems and of one name of signal; and the milder tier of one of them.
STORES = ("MinIOCapacityLow", "CephUsageHigh", "MinIOUsageHigh")


def alert(name: str) -> dict[str, Any]:
    return alert_of("prod", name, **LABELS.get(name, {}))


class Told(NamedTuple):
    sinks: Sinks
    states: dict[str, str]


def resolved(fired: dict[str, Any]) -> dict[str, Any]:
    return {**fired, "endsAt": (datetime.now(UTC) - timedelta(seconds=1)).isoformat()}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """All alerts have fired, and one for each kind of receiver is resolved."""
    folder = tmp_path_factory.mktemp("told")
    with ExitStack() as stack:
        found = stack.enter_context(sinks())
        client = stack.enter_context(alertmanager(to_sinks(rendered("prod"), found, folder), folder))
        full = (
            alert_of("prod", "StorageCapacityLow", namespace="data", persistentvolumeclaim=name) for name in ("a", "b")
        )
        send(client, *map(alert, (PAGE, HIGH, BEAT, *STORES)), *full)
        wait_for(lambda: found.at("/pagerduty"), 30, "pages")
        wait_for(lambda: len(found.mails) == 3, 30, "e-mail of three groups")
        wait_for(lambda: found.at("/webhook"), 30, "the heartbeat")
        wait_for(lambda: len(found.in_channel("#dataops-ops")) == 4, 30, "what is high and medium")
        fired = states(client)
        send(client, *(resolved(alert(name)) for name in (PAGE, HIGH, BEAT)))
        wait_for(
            lambda: len(found.at("/pagerduty")) == len(found.in_channel("#dataops-critical")) == 2, 30, "the page's end"
        )
        wait_for(lambda: len(found.mails) == 4, 30, "the e-mail's end")
        wait_for(lambda: len(found.at("/webhook")) == 2, 30, "the heartbeat's end")
        wait_for(lambda: len(found.in_channel("#dataops-ops")) == 5, 30, "the end of what is high")
        yield Told(found, fired)


def test_a_page_says_what_where_and_how_bad_and_ends_by_its_own_key(told: Told) -> None:
    fired, ended = told.sinks.at("/pagerduty")
    assert (fired["routing_key"], fired["event_action"]) == (ROUTING_KEY, "trigger")
    annotations = alert(PAGE)["annotations"]
    said = fired["payload"]
    assert said["summary"] == annotations["summary"]
    assert (said["severity"], said["source"], said["component"], said["class"]) == (
        "critical", "c", "kubernetes", "OOMKillFrequent",
    )  # fmt: skip
    assert json.loads(timeless(json.dumps({link["text"]: link["href"] for link in fired["links"]}))) == {
        text: annotations[name] for text, name in LINKS.items()
    }
    assert (ended["event_action"], ended["dedup_key"]) == ("resolve", fired["dedup_key"])
    assert fired["dedup_key"]


@pytest.mark.parametrize(
    ("channel", "name", "severity", "title"),
    [
        ("#dataops-critical", PAGE, "critical", "🚨 CRITICAL: OOMKillFrequent (c)"),
        ("#dataops-ops", HIGH, "high", "HIGH: SparkGCTimeHigh (c)"),
    ],
)
def test_a_message_in_slack_has_the_value_and_every_link(
    told: Told, channel: str, name: str, severity: str, title: str
) -> None:
    fired, ended = (one for one in told.sinks.in_channel(channel) if name in one["title"])
    assert (fired["title"], fired["color"]) == (title, "danger")
    said = alert(name)["annotations"]
    assert f"*{said['summary']}*\n{said['description']} Value: {said['value']}\n" in fired["text"]
    assert f"`severity={severity}`" in fired["text"]
    assert "`namespace=spark-jobs`" in fired["text"]
    for text, annotation in LINKS.items():
        assert f"<{said[annotation]}|{text}>" in timeless(fired["text"])
    assert (ended["title"], ended["color"]) == (f"✅ RESOLVED: {name} (c)", "good")


def test_an_e_mail_has_the_value_and_every_link(told: Told) -> None:
    fired, ended = (mail for mail in told.sinks.mails if "SparkGCTimeHigh" in mail.message["Subject"])
    assert (fired.sender, fired.to) == ("alertmanager@dataops.example.com", ("dataops-ops@example.com",))
    assert fired.login == ("alertmanager", PASSWORD)
    assert fired.message["Subject"] == "HIGH: SparkGCTimeHigh (c)"
    assert ended.message["Subject"] == "✅ RESOLVED: SparkGCTimeHigh (c)"
    body = fired.message.get_body(("html",))
    assert body is not None
    text = html.unescape(body.get_content())
    for name in ("summary", "description", "value", *LINKS.values()):
        assert alert(HIGH)["annotations"][name] in text, name


def test_a_webhook_gets_the_alert_as_it_is(told: Told) -> None:
    fired, ended = told.sinks.at("/webhook")
    assert (fired["receiver"], fired["status"], ended["status"]) == ("dead-mans-switch", "firing", "resolved")
    (one,) = fired["alerts"]
    assert {key: one[key] for key in ("labels", "annotations", "generatorURL")} == alert(BEAT)


def test_alerts_of_one_group_are_one_message_and_those_of_two_are_two(told: Told) -> None:
    titles = [one["title"] for one in told.sinks.in_channel("#dataops-ops")]
    assert titles.count("HIGH: StorageCapacityLow (c) ×2") == 1
    assert sum("StorageCapacityLow" in title for title in titles) == 1
    assert "HIGH: MinIOCapacityLow (c)" in titles
    (both,) = [one for one in told.sinks.in_channel("#dataops-ops") if "StorageCapacityLow" in one["title"]]
    assert all(f"`persistentvolumeclaim={name}`" in both["text"] for name in ("a", "b"))


def test_a_worse_tier_mutes_its_own_system_and_no_other(told: Told) -> None:
    assert [told.states[name] for name in STORES] == ["active", "active", "suppressed"]
    assert "MEDIUM: CephUsageHigh (c)" in told.sinks.slack_titles
    assert not any("MinIOUsageHigh" in title for title in told.sinks.slack_titles)


def test_a_maintenance_mutes_while_it_holds_by_the_clock(tmp_path: Path) -> None:
    today = datetime.now(UTC)

    def days(*ahead: int) -> list[str]:
        return [f"{today + timedelta(days=n):%A}".lower() for n in ahead]

    # Two days each, for a test that runs over midnight.
    maintenance = [
        {"name": "now", "match": {"component": "argocd"}, "spans": [{"weekdays": days(0, 1)}]},
        {"name": "another-day", "match": {"component": "spark"}, "spans": [{"weekdays": days(3, 4)}]},
    ]
    tree = routing_tree(AlertingSettings.model_validate(alerting("prod", maintenance=maintenance)))
    muted = alert("ArgoCDSyncSlow")
    page = {"labels": {**muted["labels"], "alertname": "ArgoCDPage", "severity": "critical"}}
    with ExitStack() as stack:
        found = stack.enter_context(sinks())
        text = to_sinks(alertmanager_yaml(tree, SECRET_DIR), found, tmp_path)
        client = stack.enter_context(alertmanager(text, tmp_path))
        send(client, muted, page, alert(HIGH))
        wait_for(lambda: found.in_channel("#dataops-ops"), 30, "the one that is not muted")
        wait_for(lambda: found.in_channel("#dataops-critical"), 30, "the page")
        wait_for(lambda: _muted_by_time(client), 30, "the mute")
    assert sorted(found.slack_titles) == ["HIGH: SparkGCTimeHigh (c)", "🚨 CRITICAL: ArgoCDPage (c)"]


def _muted_by_time(client: httpx.Client) -> bool:
    text = client.get("/metrics").raise_for_status().text
    name = 'alertmanager_notifications_suppressed_total{reason="mute_time_interval"} '
    return any(line.startswith(name) and float(line.split()[-1]) > 0 for line in text.splitlines())
