"""Alert routing: who hears of what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from model.expr import Matcher

BELOW_CRITICAL = "high|medium|warning|info|low"
"""Severities that something worse may mute; a page never is."""
ReceiverKind = Literal["slack", "pagerduty", "webhook", "email", "null"]


@dataclass(frozen=True, kw_only=True)
class Receiver:
    """A named receiver.

    ``secret`` is the key, in the receivers' Secret, that holds its URL or routing key (slack, pagerduty,
    webhook); ``channel`` is a Slack channel, ``to`` the addresses of an e-mail receiver, comma-separated.
    """

    name: str
    kind: ReceiverKind
    secret: str | None = None
    channel: str | None = None
    to: str | None = None


@dataclass(frozen=True, kw_only=True)
class MailServer:
    """Where e-mail is handed in: ``smarthost`` is host:port, ``secret`` the key that holds the password."""

    smarthost: str
    sender: str
    username: str | None = None
    secret: str | None = None


@dataclass(frozen=True, kw_only=True)
class Route:
    """One branch: alerts that match all ``matchers`` go to ``receiver``; ``resume`` goes on to the next branch.

    A heartbeat needs a short ``group_interval`` too: Alertmanager repeats only when a group is due. ``muted`` names
    the times at which nobody is told, which the branches below do not inherit. An alert goes to the first of
    ``branches`` that takes it, and to ``receiver`` where none does.
    """

    receiver: str
    matchers: tuple[Matcher, ...] = ()
    resume: bool = False
    group_wait: str | None = None
    group_interval: str | None = None
    repeat_interval: str | None = None
    muted: tuple[str, ...] = ()
    branches: tuple[Route, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Span:
    """A time of the week: all that is given must hold. Shapes as in Alertmanager: monday:friday, -1, 22:00."""

    weekdays: tuple[str, ...] = ()
    days_of_month: tuple[str, ...] = ()
    start: str | None = None
    end: str | None = None
    location: str = "UTC"


@dataclass(frozen=True, kw_only=True)
class Times:
    """Named times, any of whose spans may hold."""

    name: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, kw_only=True)
class Inhibition:
    """While an alert matches ``source``, alerts that match ``target`` with equal labels stay silent.

    Alertmanager takes a label that both alerts lack for equal: where that would mute an alert about
    something else, ``target`` says that the label is there (``ne("component", "")``).
    """

    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RoutingTree:
    """The whole routing of one Alertmanager. Durations are Prometheus durations."""

    default: str
    receivers: tuple[Receiver, ...]
    routes: tuple[Route, ...]
    inhibitions: tuple[Inhibition, ...] = ()
    mail: MailServer | None = None
    times: tuple[Times, ...] = ()
    group_by: tuple[str, ...] = ("alertname", "cluster", "component")
    group_wait: str = "30s"
    group_interval: str = "5m"
    repeat_interval: str = "12h"
