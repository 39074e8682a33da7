"""Alert routing: who hears of what."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from model.expr import Matcher

ReceiverKind = Literal["slack", "pagerduty", "webhook", "null"]


@dataclass(frozen=True, kw_only=True)
class Receiver:
    """A named receiver. ``secret`` is the key, in the receivers' Secret, that holds its URL or routing key."""

    name: str
    kind: ReceiverKind
    secret: str | None = None
    channel: str | None = None


@dataclass(frozen=True, kw_only=True)
class Route:
    """One branch: alerts that match all ``matchers`` go to ``receiver``; ``resume`` goes on to the next branch."""

    receiver: str
    matchers: tuple[Matcher, ...] = ()
    resume: bool = False
    group_wait: str | None = None
    repeat_interval: str | None = None


@dataclass(frozen=True, kw_only=True)
class Inhibition:
    """While an alert matches ``source``, alerts that match ``target`` with equal labels stay silent."""

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
    group_by: tuple[str, ...] = ("alertname", "cluster", "component")
    group_wait: str = "30s"
    group_interval: str = "5m"
    repeat_interval: str = "12h"
    external_labels: dict[str, str] = field(default_factory=dict)
