"""The routing tree of a stack: worst severity first, every branch ends with someone."""

from __future__ import annotations

from dataclasses import replace

from alerting.heartbeat import WATCHDOG
from alerting.settings import NOBODY, AlertingSettings, RouteSettings, order
from alerting.times import MaintenanceSettings
from model.promql import eq, matching, ne
from model.route import Inhibition, MailServer, Receiver, Route, RoutingTree, Span, Times
from model.rule import Severity

_URGENT = {"group_wait": "10s", "group_interval": "20s"}
"""Pages may take 120 s from the fault on (tests/test_detection.py). An object that joins a group which has told already
waits for the interval; below 15s it would be shorter than Alertmanager waits for its peer (--cluster.peer-timeout)."""


def routing_tree(settings: AlertingSettings, inhibitions: tuple[Inhibition, ...] = ()) -> RoutingTree:
    """The whole routing of a stack.

    Shape: heartbeat, one branch per maintenance with everything below, then one branch per severity and receiver (all
    but the last of a severity resume)."""
    routes = [route for branch in sorted(settings.routes, key=_first) for route in _branches(branch)]
    maintained = [_maintained(one, settings.default, routes) for one in settings.maintenance]
    receivers = [Receiver(**r.model_dump(exclude={"pages"})) for r in sorted(settings.receivers, key=lambda r: r.name)]
    if settings.heartbeat is None:
        receivers.append(Receiver(name=NOBODY, kind="null"))
    beat = Route(
        receiver=settings.heartbeat or NOBODY,
        matchers=(eq("alertname", WATCHDOG.name),),
        # A dead man's switch waits for minutes, not for the 12 hours of an ordinary repeat. Alertmanager
        # repeats only when the group is due: with equal intervals every second beat would be missed.
        group_wait="0s",
        group_interval="1m",
        repeat_interval="5m",
    )
    return RoutingTree(
        default=settings.default,
        receivers=tuple(receivers),
        routes=(beat, *maintained, *routes),
        mail=MailServer(**settings.mail.model_dump()) if settings.mail else None,
        inhibitions=inhibitions,
        times=tuple(
            Times(name=one.name, spans=tuple(Span(**span.model_dump()) for span in one.spans))
            for one in settings.maintenance
        ),
    )


def _maintained(one: MaintenanceSettings, default: str, routes: list[Route]) -> Route:
    """Whoever hears of these alerts at other times hears nothing meanwhile."""
    told = () if one.critical else (ne("severity", Severity.CRITICAL.value),)
    muted = tuple(replace(route, muted=(one.name,)) for route in routes)
    return Route(receiver=default, matchers=(*one.matchers, *told), muted=(one.name,), branches=muted)


def _first(route: RouteSettings) -> tuple[bool, int]:
    """Those for some alerts before those for all, the worst severity first."""
    return not route.match, min(order(s) for s in route.severities)


def _branches(route: RouteSettings) -> list[Route]:
    # Neither list has an order that says anything, so none of theirs gets into the configuration.
    severities, receivers = sorted(route.severities, key=order), sorted(route.receivers)
    urgent = _URGENT if Severity.CRITICAL in route.severities else {}
    several = len(severities) > 1
    by_severity = matching("severity", "|".join(severities)) if several else eq("severity", severities[0])
    return [
        Route(
            receiver=name,
            matchers=(by_severity, *route.matchers),
            resume=route.also or name != receivers[-1],
            repeat_interval=route.repeat_interval,
            group_wait=urgent.get("group_wait"),
            group_interval=urgent.get("group_interval"),
        )
        for name in receivers
    ]
