"""Alertmanager's configuration: what it says, what it never says, and what it refuses."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel, ValidationError
from real_tools import REAL, needs
from routing_sample import SEVERITY, TREE

from components import alertmanager_models as models
from components.alertmanager_config import (
    PAGERDUTY_DESCRIPTION,
    PAGERDUTY_SEVERITY,
    SLACK_COLOR,
    SLACK_TEXT,
    TITLE,
    alertmanager_yaml,
)
from model.route import Inhibition, MailServer, Receiver, Route, RoutingTree

SECRETS = "/etc/alertmanager/secrets/receivers"


def config(tree: RoutingTree = TREE) -> dict[str, Any]:
    parsed: dict[str, Any] = yaml.safe_load(alertmanager_yaml(tree, SECRETS))
    return parsed


def receiver(name: str) -> dict[str, Any]:
    (found,) = [r for r in config()["receivers"] if r["name"] == name]
    return dict(found)


def test_grouping_and_timers_are_on_the_root_and_a_branch_says_only_what_differs() -> None:
    route = config()["route"]
    assert {key: route[key] for key in route if key != "routes"} == {
        "receiver": "slack-alerts",
        "group_by": ["alertname", "cluster", "component"],
        "group_wait": "30s",
        "group_interval": "5m",
        "repeat_interval": "12h",
    }
    heartbeat, _, pagerduty, slack, *_ = route["routes"]
    assert heartbeat == {
        "receiver": "heartbeat",
        "matchers": ['alertname="Watchdog"'],
        "group_interval": "1m",
        "repeat_interval": "5m",
    }
    assert pagerduty == {
        "receiver": "pagerduty-critical",
        "matchers": ['severity="critical"'],
        "continue": True,
        "repeat_interval": "4h",
    }
    assert slack == {"receiver": "slack-critical", "matchers": ['severity="critical"'], "group_wait": "0s"}


def test_an_inhibition_names_both_sides_and_what_must_be_equal() -> None:
    assert config()["inhibit_rules"] == [
        {
            "source_matchers": ['severity="critical"'],
            "target_matchers": ['severity=~"high|medium|warning"', 'component!=""'],
            "equal": ["cluster", "component"],
        }
    ]


def test_every_secret_is_a_file_in_the_secret_folder() -> None:
    (slack,) = receiver("slack-critical")["slack_configs"]
    (pagerduty,) = receiver("pagerduty-critical")["pagerduty_configs"]
    assert slack["api_url_file"] == f"{SECRETS}/slack-critical-url"
    assert pagerduty["routing_key_file"] == f"{SECRETS}/pagerduty-key"
    assert receiver("heartbeat")["webhook_configs"] == [{"url_file": f"{SECRETS}/heartbeat-url", "send_resolved": True}]
    assert config()["global"]["smtp_auth_password_file"] == f"{SECRETS}/smtp-password"
    assert receiver("nobody") == {"name": "nobody"}


def _fields(model: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


@pytest.mark.parametrize(
    ("model", "inline"),
    [
        (models.SlackConfig, {"api_url", "app_token"}),
        (models.PagerdutyConfig, {"routing_key", "service_key", "service_key_file"}),
        (models.WebhookConfig, {"url"}),
        (models.EmailConfig, {"auth_password", "auth_secret"}),
        (models.Global, {"smtp_auth_password", "smtp_auth_secret", "slack_api_url", "opsgenie_api_key"}),
    ],
)
def test_no_model_has_a_field_for_a_secret_itself(model: type[BaseModel], inline: set[str]) -> None:
    assert _fields(model).isdisjoint(inline)
    for name in inline:
        with pytest.raises(ValidationError, match=rf"{name}\n\s+Extra inputs are not permitted") as caught:
            model.model_validate({name: "planted-secret"})
        assert "planted-secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"default": "other"}, "a route names receiver 'other', which is not there; there are: pagerduty-critical, "),
        ({"routes": (Route(receiver="x"),)}, "a route names receiver 'x', which is not there"),
        ({"receivers": (*TREE.receivers, TREE.receivers[1])}, "two receivers of one name: slack-critical"),
        ({"mail": None}, "no mail server for the e-mail receivers email-ops"),
        ({"mail": MailServer(smarthost="smtp", sender="a@b")}, "the mail server: smtp_smarthost: must match"),
        ({"receivers": (Receiver(name="s", kind="slack"),)}, "receiver 's': kind slack needs secret"),
        ({"receivers": (Receiver(name="e", kind="email"),)}, "receiver 'e': kind email needs to"),
        (
            {"routes": (Route(receiver="nobody", group_wait="5 min"),)},
            "the route to 'nobody': group_wait: must be a Prom",
        ),
        ({"repeat_interval": "0s"}, "the routing tree: repeat_interval: must be above 0"),
        ({"group_by": ("...", "alertname")}, "group_by takes either '...' or labels, not both"),
        ({"group_by": ("a", "a")}, "'a' is there 2 times"),
        (
            {"inhibitions": (Inhibition(source=(), target=(SEVERITY["high"],), equal=()),)},
            "should have 1 item at least",
        ),
    ],
)
def test_a_tree_that_alertmanager_would_refuse_is_refused_in_one_line(change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole message is compared
        alertmanager_yaml(replace(TREE, **change), SECRETS)
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_relative_path_of_a_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="receiver 'slack-alerts': api_url_file: must match"):
        alertmanager_yaml(RoutingTree(default="a", receivers=(TREE.receivers[4],), routes=()), "secrets")


def test_a_root_route_with_matchers_or_time_intervals_is_refused() -> None:
    nobody = models.Receiver(name="nobody")
    for limits in ({"matchers": ('a="b"',)}, {"mute_time_intervals": ("nights",)}):
        root = models.Route.model_validate({"receiver": "nobody", **limits})
        with pytest.raises(ValidationError, match="the root route takes every alert at any time"):
            models.Config(route=root, receivers=(nobody,))


def test_a_branch_may_be_limited_to_times_that_the_file_defines() -> None:
    hours = models.TimeSpan(
        times=(models.TimeRange(start_time="09:00", end_time="18:00"),),
        weekdays=("monday:friday",),
        days_of_month=("-1",),
        months=("january:march",),
        years=("2026:2027",),
        location="Asia/Seoul",
    )
    office = models.TimeInterval(name="office", time_intervals=(hours,))
    branch = models.Route(receiver="nobody", active_time_intervals=("office",))
    root = models.Route(receiver="nobody", routes=(branch,))
    whole = models.Config(route=root, receivers=(models.Receiver(name="nobody"),), time_intervals=(office,))
    assert whole.to_manifest()["time_intervals"][0]["time_intervals"][0]["weekdays"] == ["monday:friday"]
    with pytest.raises(ValidationError, match="a route names time interval 'office', which is not there"):
        models.Config(route=root, receivers=(models.Receiver(name="nobody"),))
    with pytest.raises(ValidationError, match="should be before end_time"):
        models.TimeRange(start_time="18:00", end_time="09:00")


def test_the_same_tree_gives_the_same_bytes_and_templates_stay_readable() -> None:
    text = alertmanager_yaml(TREE, SECRETS)
    assert text == alertmanager_yaml(TREE, f"{SECRETS}/")
    assert "🚨" in text
    assert "    text: |\n      {{ range" in text


ALERT = {
    "status": "firing",
    "labels": {"alertname": "SparkDown", "cluster": "dataops", "severity": "critical", "namespace": "spark"},
    "annotations": {
        "summary": "Down",
        "description": "0 of 2",
        "runbook_url": "https://r",
        "dashboard_url": "https://d/d/x?viewPanel=1",
        "logs_url": "https://l",
        "traces_url": "https://t",
        "value": "87%",
    },
    "startsAt": "2026-01-01T00:00:00Z",
    "endsAt": "0001-01-01T00:00:00Z",
    "generatorURL": "https://p",
}


@needs("amtool")
def test_alertmanager_itself_accepts_the_file_and_routes_as_the_tree_says(tmp_path: Path) -> None:
    file = tmp_path / "alertmanager.yaml"
    file.write_text(alertmanager_yaml(TREE, SECRETS))
    assert "SUCCESS" in _amtool("check-config", str(file))
    expected = {
        "critical": "pagerduty-critical,slack-critical",
        "high": "slack-ops,email-ops",
        "medium": "slack-ops",
        "warning": "slack-alerts",
        "low": "slack-monitoring",
        "none": "slack-alerts",
    }
    route = ("config", "routes", "test", f"--config.file={file}")
    assert {severity: _amtool(*route, f"severity={severity}").strip() for severity in expected} == expected


@needs("amtool")
@pytest.mark.parametrize(
    ("template", "rendered"),
    [
        (TITLE, "🚨 CRITICAL: SparkDown (dataops)"),
        (SLACK_COLOR, "danger"),
        (
            SLACK_TEXT,
            (
                "*Down*\n0 of 2 Value: 87%\n`namespace=spark` `severity=critical` \n"
                "<https://r|Runbook> <https://d/d/x?viewPanel=1&from=1767222000000&to=1767229200000|Dashboard> "
                "<https://l|Logs> <https://t|Traces> \n*Down*"
            ),
        ),
        (PAGERDUTY_DESCRIPTION, "Down"),
        (PAGERDUTY_SEVERITY, "critical"),
    ],
)
def test_a_template_renders_for_an_alert(template: str, rendered: str, tmp_path: Path) -> None:
    data = {
        "status": "firing",
        "alerts": [ALERT, {**ALERT, "annotations": {"summary": "Down"}}] if template is SLACK_TEXT else [ALERT],
        "groupLabels": {"alertname": "SparkDown", "cluster": "dataops"},
        "commonLabels": ALERT["labels"],
        "commonAnnotations": ALERT["annotations"],
    }
    (tmp_path / "data.json").write_text(json.dumps(data))
    (tmp_path / "none.tmpl").touch()
    options = (f"--template.glob={tmp_path}/none.tmpl", f"--template.data={tmp_path}/data.json")
    assert _amtool("template", "render", *options, f"--template.text={template}").startswith(rendered)


def _amtool(*arguments: str) -> str:
    program = REAL["amtool"]
    assert program
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=True).stdout
