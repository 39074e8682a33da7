"""Strict models of Alertmanager's configuration file, for versions 0.28 and above.

There is no field for a secret value: everything secret is the path of a file that Alertmanager reads.
Names and checks are those of config/config.go, config/notifiers.go, notify/pagerduty/config.go,
notify/webhook/config.go and timeinterval/timeinterval.go of Alertmanager 0.34.0.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import AfterValidator, Field, StrictBool, model_validator

from alerting.times import DaysOfMonth, Weekdays
from components.specs.base import Items, Strict
from model.config import Duration
from model.quantity import DURATION_FORM, seconds


def _duration(text: str) -> str:
    try:
        seconds(text)
    except ValueError:
        raise ValueError(f"must be {DURATION_FORM}") from None
    return text


Line = Annotated[str, Field(strict=True, min_length=1)]
Wait = Annotated[str, AfterValidator(_duration)]
"""A Prometheus duration; 0s is one: do not wait."""
# Alertmanager resolves relative paths for http_config alone, so any other must be absolute.
SecretFile = Annotated[str, Field(strict=True, pattern=r"^/.*[^/]$")]
Label = Annotated[str, Field(strict=True, pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*$")]
GroupLabel = Annotated[str, Field(strict=True, pattern=r"^([a-zA-Z_][a-zA-Z0-9_]*|\.\.\.)$")]
LabelMatcher = Annotated[str, Field(strict=True, pattern=r'^[a-zA-Z_][a-zA-Z0-9_]*(=|!=|=~|!~)"(?s:.*)"$')]
HostPort = Annotated[str, Field(strict=True, pattern=r"^.+:[0-9]+$")]
Time = Annotated[str, Field(strict=True, pattern=r"^((([01][0-9])|(2[0-3])):[0-5][0-9])$|(^24:00$)")]
Months = Annotated[str, Field(strict=True, pattern=r"^([a-z]+|[0-9]{1,2})(:([a-z]+|[0-9]{1,2}))?$")]
Years = Annotated[str, Field(strict=True, pattern=r"^[0-9]{4}(:[0-9]{4})?$")]


class Global(Strict):
    """What all receivers share: the mail server."""

    smtp_smarthost: HostPort
    smtp_from: Line
    smtp_auth_username: Line | None = None
    smtp_auth_password_file: SecretFile | None = None


class Route(Strict):
    """A node of the routing tree. ``group_by`` of ``...`` means every label."""

    receiver: Line | None = None
    group_by: Annotated[tuple[GroupLabel, ...], Items(distinct=True)] | None = None
    matchers: tuple[LabelMatcher, ...] | None = None
    continue_: StrictBool | None = Field(default=None, alias="continue")
    group_wait: Wait | None = None
    group_interval: Duration | None = None
    repeat_interval: Duration | None = None
    mute_time_intervals: tuple[Line, ...] | None = None
    active_time_intervals: tuple[Line, ...] | None = None
    routes: tuple[Route, ...] | None = None

    @model_validator(mode="after")
    def _group_by_all_alone(self) -> Self:
        if self.group_by and "..." in self.group_by and len(self.group_by) > 1:
            raise ValueError("group_by takes either '...' or labels, not both")
        return self

    def nodes(self) -> Iterator[Route]:
        yield self
        for child in self.routes or ():
            yield from child.nodes()


class SlackConfig(Strict):
    api_url_file: SecretFile
    channel: Line | None = None
    send_resolved: StrictBool
    color: Line | None = None
    title: Line | None = None
    text: Line | None = None


class PagerdutyLink(Strict):
    """A link whose ``href`` comes out empty is left out of the event."""

    href: Line
    text: Line


class PagerdutyConfig(Strict):
    """Events API v2 (``routing_key_file``); the older ``service_key`` is not offered."""

    routing_key_file: SecretFile
    send_resolved: StrictBool
    description: Line | None = None
    severity: Line | None = None
    source: Line | None = None
    component: Line | None = None
    class_: Line | None = Field(default=None, alias="class")
    links: tuple[PagerdutyLink, ...] | None = None


class WebhookConfig(Strict):
    url_file: SecretFile
    send_resolved: StrictBool


class EmailConfig(Strict):
    to: Line
    send_resolved: StrictBool
    headers: dict[str, str] | None = None


class Receiver(Strict):
    """A receiver without any configuration hears nothing, on purpose."""

    name: Line
    slack_configs: tuple[SlackConfig, ...] | None = None
    pagerduty_configs: tuple[PagerdutyConfig, ...] | None = None
    webhook_configs: tuple[WebhookConfig, ...] | None = None
    email_configs: tuple[EmailConfig, ...] | None = None


class InhibitRule(Strict):
    source_matchers: Annotated[tuple[LabelMatcher, ...], Items(at_least=1)]
    target_matchers: Annotated[tuple[LabelMatcher, ...], Items(at_least=1)]
    equal: tuple[Label, ...] | None = None


class TimeRange(Strict):
    """Minutes of a day, the end exclusive."""

    start_time: Time
    end_time: Time

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.start_time >= self.end_time:
            raise ValueError(f"start_time {self.start_time} should be before end_time {self.end_time}")
        return self


class TimeSpan(Strict):
    """All that is given must hold. ``location`` is a name of the time zone database; UTC without."""

    times: tuple[TimeRange, ...] | None = None
    weekdays: tuple[Weekdays, ...] | None = None
    days_of_month: tuple[DaysOfMonth, ...] | None = None
    months: tuple[Months, ...] | None = None
    years: tuple[Years, ...] | None = None
    location: Line | None = None


class TimeInterval(Strict):
    name: Line
    time_intervals: tuple[TimeSpan, ...]


class Config(Strict):
    """The whole file. Raises for what Alertmanager refuses at its start, each with the name in question."""

    global_: Global | None = Field(default=None, alias="global")
    route: Route
    receivers: tuple[Receiver, ...]
    inhibit_rules: tuple[InhibitRule, ...] | None = None
    time_intervals: tuple[TimeInterval, ...] | None = None
    templates: tuple[Line, ...] | None = None

    @model_validator(mode="after")
    def _root_takes_all(self) -> Self:
        root = self.route
        if root.receiver is None:
            raise ValueError("the root route needs a receiver")
        if root.matchers or root.mute_time_intervals or root.active_time_intervals:
            raise ValueError("the root route takes every alert at any time: no matchers and no time intervals")
        return self

    @model_validator(mode="after")
    def _names_resolve(self) -> Self:
        receivers = [receiver.name for receiver in self.receivers]
        intervals = [interval.name for interval in self.time_intervals or ()]
        for what, names in (("receiver", receivers), ("time interval", intervals)):
            twice = [name for name, count in Counter(names).items() if count > 1]
            if twice:
                raise ValueError(f"two {what}s of one name: {', '.join(twice)}")
        for node in self.route.nodes():
            if node.receiver is not None:
                _known("receiver", node.receiver, receivers)
            for name in (*(node.mute_time_intervals or ()), *(node.active_time_intervals or ())):
                _known("time interval", name, intervals)
        return self

    @model_validator(mode="after")
    def _mail_has_a_server(self) -> Self:
        mail = [receiver.name for receiver in self.receivers if receiver.email_configs]
        if mail and self.global_ is None:
            raise ValueError(f"no mail server for the e-mail receivers {', '.join(mail)}")
        return self


def _known(what: str, name: str, names: list[str]) -> None:
    if name not in names:
        raise ValueError(f"a route names {what} {name!r}, which is not there; there are: {', '.join(names) or 'none'}")
