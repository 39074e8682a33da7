"""Who is told of which severity of each stack, and in which words: real amtool is asked, with the stacks' own files."""

from __future__ import annotations

import html
import json
import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml
from real_alertmanager import alert_of, rendered, timeless
from real_tools import REAL, needs
from stacks import STACKS

from components.alertmanager_config import LINKS

pytestmark = needs("amtool")

_PROD = {
    "critical": "pagerduty,slack-critical",
    "high": "email-ops,slack-ops",
    "medium": "slack-ops",
    "warning": "slack-warning",
    "info": "slack-monitoring",
    "low": "slack-monitoring",
    "unheard-of": "slack-warning",
}
_APPS = {**_PROD, "high": "slack-warning", "medium": "slack-warning"}
_LOCAL = {
    "critical": "critical-channel,pager",
    "high": "ops-channel",
    "medium": "ops-channel",
    "warning": "warning-channel",
    "info": "monitoring-channel",
    "low": "monitoring-channel",
    "unheard-of": "warning-channel",
}
TOLD = {"prod": _PROD, "apps": _APPS, "local": _LOCAL, "dev": dict.fromkeys(_PROD, "slack-dev")}
"""By hand: stack -> severity -> receivers."""
HEARTBEAT = {"prod": "dead-mans-switch", "apps": "dead-mans-switch", "local": "dead-mans-switch", "dev": "nobody"}
PAGERS = {"prod": {"pagerduty"}, "apps": {"pagerduty"}, "local": set(), "dev": set()}
"""Of the two stacks in production."""
TEAMS = ("", "data", "platform")
"""No stack has branches for teams: whose an alert is makes no difference."""


def amtool(*arguments: object) -> str:
    command = [str(part) for part in (REAL["amtool"], *arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def routed(file: Path, labels: Mapping[str, str]) -> str:
    given = (f"{name}={value}" for name, value in labels.items() if value)
    return amtool("config", "routes", "test", f"--config.file={file}", *given).strip()


def written(stack: str, folder: Path) -> Path:
    file = folder / "alertmanager.yaml"
    file.write_text(rendered(stack))
    return file


@pytest.mark.parametrize("stack", STACKS)
def test_every_severity_of_every_stack_and_team_reaches_whom_the_table_says(stack: str, tmp_path: Path) -> None:
    file = written(stack, tmp_path)
    cases = list(product(TOLD[stack], TEAMS))
    with ThreadPoolExecutor(2) as pool:
        found = pool.map(lambda case: routed(file, {"alertname": "X", "severity": case[0], "team": case[1]}), cases)
    assert dict(zip(cases, found, strict=True)) == {(s, team): TOLD[stack][s] for s, team in cases}
    assert routed(file, {"alertname": "Watchdog", "severity": "none"}) == HEARTBEAT[stack]


@pytest.mark.parametrize("stack", STACKS)
def test_only_production_has_anybody_to_page(stack: str) -> None:
    receivers = yaml.safe_load(rendered(stack))["receivers"]
    assert {one["name"] for one in receivers if "pagerduty_configs" in one} == PAGERS[stack]


def templates(node: object, path: str = "") -> Iterator[tuple[str, str]]:
    """(path below the receiver, template) of every text that Alertmanager fills in."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from templates(value, f"{path}.{key}".lstrip("."))
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from templates(value, f"{path}[{number}]")
    elif isinstance(node, str) and "{{" in node:
        yield path, node


def message(*alerts: dict[str, Any]) -> dict[str, Any]:
    """What Alertmanager gives a template."""

    def common(what: str) -> dict[str, str]:
        return {k: v for k, v in alerts[0][what].items() if all(one[what].get(k) == v for one in alerts)}

    times = {"startsAt": "2026-01-01T00:00:00Z", "endsAt": "0001-01-01T00:00:00Z"}
    return {
        "status": "firing",
        "alerts": [{**one, **times, "status": "firing"} for one in alerts],
        "groupLabels": {key: alerts[0]["labels"][key] for key in ("alertname", "cluster", "component")},
        "commonLabels": common("labels"),
        "commonAnnotations": common("annotations"),
        "externalURL": "http://alertmanager.example",
    }


def in_words(stack: str, data: dict[str, Any], folder: Path) -> dict[str, str]:
    """Path of each template of a stack -> what it says of the alerts; and the body of an e-mail."""
    (folder / "data.json").write_text(json.dumps(data))
    (folder / "none.tmpl").touch()
    options = (f"--template.glob={folder}/none.tmpl", f"--template.data={folder}/data.json")
    said = {"email body": '{{ template "email.default.html" . }}'}
    for receiver in yaml.safe_load(rendered(stack))["receivers"]:
        for path, template in templates(receiver):
            assert said.setdefault(path, template) == template, f"{path} is said in two ways"
    return {path: amtool("template", "render", *options, f"--template.text={text}") for path, text in said.items()}


def oom(namespace: str) -> dict[str, Any]:
    return alert_of("prod", "OOMKillFrequent", namespace=namespace)


def test_every_template_says_one_alert_in_full(tmp_path: Path) -> None:
    alert = oom("jobs")
    said = alert["annotations"]
    found = in_words("prod", message(alert), tmp_path)
    body = html.unescape(found.pop("email body"))
    title = "🚨 CRITICAL: OOMKillFrequent (c)"
    found["pagerduty_configs[0].links[1].href"] = timeless(found["pagerduty_configs[0].links[1].href"])
    links = ("runbook_url", "dashboard_url", "logs_url", "traces_url")
    for name in ("summary", "description", "value", *links):
        assert f"{name} = {said[name]}<br" in body, name
    assert timeless(found.pop("slack_configs[0].text")).rstrip() == (
        f"*{said['summary']}*\n{said['description']} Value: 5\n"
        "`namespace=jobs` `severity=critical` `signal=oom_kills` \n"
        f"<{said['runbook_url']}|Runbook> <{said['dashboard_url']}|Dashboard> "
        f"<{said['logs_url']}|Logs> <{said['traces_url']}|Traces>"
    )
    assert {path: text.rstrip("\n") for path, text in found.items()} == {
        "slack_configs[0].title": title,
        "slack_configs[0].color": "danger",
        "email_configs[0].headers.Subject": title,
        "pagerduty_configs[0].description": said["summary"],
        "pagerduty_configs[0].severity": "critical",
        "pagerduty_configs[0].source": "c",
        "pagerduty_configs[0].component": "kubernetes",
        "pagerduty_configs[0].class": "OOMKillFrequent",
        **{f"pagerduty_configs[0].links[{n}].href": said[name] for n, name in enumerate(links)},
    }


def test_a_page_of_two_alerts_names_neither_and_has_the_links_of_the_first(tmp_path: Path) -> None:
    """PagerDuty refuses an event without a description; what the links choose is not common to both."""
    one, other = oom("jobs"), oom("queries")
    other["annotations"] |= {"summary": "Another"}
    found = {path: text.rstrip("\n") for path, text in in_words("prod", message(one, other), tmp_path).items()}
    assert found["pagerduty_configs[0].description"] == "🚨 CRITICAL: OOMKillFrequent (c) ×2"
    hrefs = [found[f"pagerduty_configs[0].links[{n}].href"] for n in range(4)]
    hrefs[1] = timeless(hrefs[1])
    assert hrefs == [one["annotations"][name] for name in LINKS.values()]
    for alert in (one, other):
        assert f"|Logs> <{alert['annotations']['traces_url']}|Traces>" in found["slack_configs[0].text"]


@pytest.mark.parametrize("stack", STACKS)
def test_the_templates_of_every_stack_are_those_of_prod(stack: str) -> None:
    found = dict(templates(yaml.safe_load(rendered(stack))["receivers"]))
    assert set(found.values()) <= set(dict(templates(yaml.safe_load(rendered("prod"))["receivers"])).values())
