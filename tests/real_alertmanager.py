"""A real Alertmanager with a stack's own file; only addresses, secrets and waits are a test's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import yaml
from alert_sinks import Sinks
from real_servers import LOOPBACK, free_ports, server
from real_tools import REAL
from stacks import run

from components.alert_routing import SECRET_DIR
from components.kube_prometheus_values import ALERTMANAGER_CONFIG_SECRET

ROUTING_KEY, PASSWORD = "routing-key-of-this-test", "password-of-this-test"
_LABEL = re.compile(r"\{\{ \$labels\.(\w+) \}\}")
_WITH = re.compile(r"\{\{ with \$labels\.(\w+) \}\}([^{]*)\{\{ \. \| urlquery \}\}\{\{ end \}\}")
_HOURS = re.compile(r"&from=\d{13}&to=\d{13}")
_VALUE = re.compile(r"\{\{ \$value\b[^}]*\}\}")


@cache
def rendered(stack: str) -> str:
    """Alertmanager's file as the stack deploys it."""
    (secret,) = [r for r in run(stack).resources if r.name == ALERTMANAGER_CONFIG_SECRET]
    text: str = secret.inputs["stringData"]["alertmanager.yaml"]
    return text


@cache
def _rules(stack: str) -> list[dict[str, Any]]:
    deployed = [r for r in run(stack).resources if r.name.startswith("rules-")]
    return [rule for r in deployed for group in r.inputs["spec"]["groups"] for rule in group["rules"]]


def alert_of(stack: str, alert: str, /, **labels: str) -> dict[str, Any]:
    """What Prometheus sends of a stack's rule whose result has these labels and the value 5, of cluster c."""
    rule = next(rule for rule in _rules(stack) if rule.get("alert") == alert)
    found = {"alertname": alert, "cluster": "c", **labels, **rule["labels"]}

    def filled(text: str) -> str:
        text = _WITH.sub(lambda match: match[2] + found[match[1]] if match[1] in found else "", text)
        return _VALUE.sub("5", _LABEL.sub(lambda match: found[match[1]], text))

    annotations = {key: filled(text) for key, text in rule["annotations"].items()}
    return {"labels": found, "annotations": annotations, "generatorURL": "http://prometheus.example/graph"}


def timeless(text: str) -> str:
    """Without the hours around the alert's start, which a link to a dashboard must have."""
    assert _HOURS.search(text), text
    return _HOURS.sub("", text)


def to_sinks(text: str, sinks: Sinks, folder: Path) -> str:
    """The file with its secrets in ``folder``, all addresses those of the sinks, and waits of a second."""
    config = yaml.safe_load(text.replace(SECRET_DIR, str(folder)))
    web = f"http://{LOOPBACK}:{sinks.web_port}"
    for key, secret in {
        "slackWebhookUrl": f"{web}/slack",
        "heartbeatUrl": f"{web}/webhook",
        "pagerdutyRoutingKey": ROUTING_KEY,
        "smtpPassword": PASSWORD,
    }.items():
        (folder / key).write_text(secret)
    config["global"] |= {
        "smtp_smarthost": f"{LOOPBACK}:{sinks.mail_port}",
        "smtp_require_tls": False,
        "pagerduty_url": f"{web}/pagerduty",
    }
    _hurry(config["route"])
    return yaml.safe_dump(config)


def _hurry(route: dict[str, Any]) -> None:
    route |= {"group_wait": "1s", "group_interval": "1s"}
    for branch in route.get("routes", ()):
        _hurry(branch)


@contextmanager
def alertmanager(text: str, folder: Path) -> Iterator[httpx.Client]:
    """Runs for the block with that file; the client's paths are Alertmanager's."""
    (folder / "alertmanager.yaml").write_text(text)
    (port,) = free_ports(1)
    url = f"http://{LOOPBACK}:{port}"
    options = (
        f"--config.file={folder}/alertmanager.yaml",
        f"--storage.path={folder}/data",
        f"--web.listen-address={LOOPBACK}:{port}",
        "--cluster.listen-address=",
    )
    with (
        server((REAL["alertmanager"], *options), f"{url}/-/ready", folder / "log"),
        httpx.Client(base_url=url, trust_env=False) as client,
    ):
        yield client


def send(client: httpx.Client, *alerts: Mapping[str, Any]) -> None:
    client.post("/api/v2/alerts", json=list(alerts)).raise_for_status()


def states(client: httpx.Client, by: str = "alertname") -> dict[str, str]:
    """Alert, by that label, -> active or suppressed."""
    answer = client.get("/api/v2/alerts").raise_for_status().json()
    return {alert["labels"][by]: alert["status"]["state"] for alert in answer}
