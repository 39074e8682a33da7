"""Who is woken: by what is critical alone, and in production alone."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from pydantic import ValidationError
from stack_settings import settings

from alerting.settings import AlertingSettings
from settings.consistency import inconsistencies

CHAT: dict[str, Any] = {"name": "chat", "kind": "slack", "channel": "#chat", "secret": "slackWebhookUrl"}
PAGER: dict[str, Any] = {"name": "p", "kind": "pagerduty", "secret": "pagerdutyRoutingKey"}
HOOK: dict[str, Any] = {"name": "hook", "kind": "webhook", "secret": "hookUrl"}
production = cache(settings)


def routed(receiver: dict[str, Any], *severities: str) -> dict[str, Any]:
    """The receiver beside a chat, for alerts of these severities."""
    route = {"severities": severities or ("critical",), "receivers": [receiver["name"]]}
    return {"default": "chat", "receivers": [CHAT, receiver], "routes": [route]}


def complaints(alerting: dict[str, Any], environment: str) -> list[str]:
    cluster = production().cluster.model_copy(update={"environment": environment})
    changed = {"alerting": AlertingSettings.model_validate(alerting), "cluster": cluster}
    found = inconsistencies(production().model_copy(update=changed))
    return [line for line in found if line.startswith("alerting")]


@pytest.mark.parametrize("environment", ["staging", "development", "local"])
@pytest.mark.parametrize(
    ("receiver", "expected"),
    [
        (PAGER, "alerting.receivers.p: pages, and only production does; cluster.environment is "),
        ({**HOOK, "pages": True}, "alerting.receivers.hook: pages, and only production does"),
        ({**CHAT, "name": "gateway", "pages": True}, "alerting.receivers.gateway: pages, and only production does"),
        (HOOK, "alerting.receivers.hook: a webhook may page, which only production does; say `pages: false`"),
    ],
)
def test_what_pages_or_may_is_refused_outside_production(
    receiver: dict[str, Any], expected: str, environment: str
) -> None:
    (complaint,) = complaints(routed(receiver), environment)
    assert complaint.startswith(expected)
    assert complaints(routed(receiver), "production") == []


@pytest.mark.parametrize(
    "alerting",
    [
        routed({**HOOK, "pages": False}),
        {"default": "hook", "receivers": [{**HOOK, "pages": False}]},
        {"default": "chat", "receivers": [CHAT, HOOK], "heartbeat": "hook"},
    ],
)
def test_what_wakes_nobody_is_taken_everywhere(alerting: dict[str, Any]) -> None:
    assert complaints(alerting, "staging") == []


def test_a_webhook_that_alerts_go_to_by_default_says_what_it_does() -> None:
    assert complaints({"default": "hook", "receivers": [HOOK]}, "staging")


@pytest.mark.parametrize(
    ("alerting", "complaint"),
    [
        (routed(PAGER, "critical", "high"), "a route for critical, high names 'p', which pages; only critical does"),
        (routed({**HOOK, "pages": True}, "warning"), "a route for warning names 'hook', which pages"),
        ({"default": "p", "receivers": [PAGER]}, "default: 'p' pages, and hears of everything that no route takes"),
        ({**routed(PAGER), "heartbeat": "p"}, "heartbeat: 'p' pages, and the heartbeat never ends"),
        (routed({**PAGER, "pages": False}), "receiver p: pagerduty pages; `pages: false` is for other kinds"),
    ],
)
def test_only_what_is_critical_pages(alerting: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError) as caught:
        AlertingSettings.model_validate(alerting)
    assert complaint in str(caught.value)
