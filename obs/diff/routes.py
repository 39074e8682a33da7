"""Who is told of an alert: Alertmanager's routing, evaluated on its configuration file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from obs.check.rendered import Rendered, dig, entries, mapping
from obs.diff.order import ordered
from obs.diff.times import ALWAYS, covered

_MATCHER = re.compile(r'\s*(\w+)\s*(=~|!~|!=|=)\s*"?((?:\\.|[^"\\])*)"?\s*')
_TARGETS = {
    "slack_configs": "channel",
    "email_configs": "to",
    "pagerduty_configs": "routing_key_file",
    "webhook_configs": "url_file",
}
# Kinds that tell of an end unless they say otherwise (Alertmanager 0.34, config/notifiers.go); Slack and mail do not.
_RESOLVING = ("pagerduty_configs", "webhook_configs")
_ACTIVE = "active_time_intervals"


@dataclass(frozen=True)
class Quiet:
    """``names`` of time intervals, ``time`` as bits of times.ALWAYS."""

    names: tuple[str, ...]
    time: int


class Routes:
    """The routing of one side; knows nothing where that side has no readable configuration."""

    def __init__(self, rendered: Rendered) -> None:
        self.config = _config(rendered)
        self.external = _external_labels(rendered)

    @property
    def known(self) -> bool:
        return bool(self.config)

    def told(self, alertname: str, labels: Mapping[str, str]) -> tuple[str, ...]:
        """Names of the receivers, in order. Labels that only a series has (namespace, pod) count as absent."""
        return tuple(dict.fromkeys(_receiver(route) for route in self._taken(alertname, labels)))

    def quiet(self, alertname: str, labels: Mapping[str, str]) -> dict[str, Quiet]:
        """Receiver -> when it is not told. One that two branches tell is told where one of them does."""
        found: dict[str, Quiet] = {}
        for route in self._taken(alertname, labels):
            muted, active = (tuple(route.get(f"{key}_time_intervals") or ()) for key in ("mute", "active"))
            time = self._covered(muted) | (ALWAYS & ~self._covered(active) if active else 0)
            known = found.get(str(route.get("receiver")))
            names = (*(known.names if known else ()), *muted, *active)
            quiet = Quiet(tuple(dict.fromkeys(names)), time & known.time if known else time)
            found[str(route.get("receiver"))] = quiet
        return found

    def _covered(self, names: tuple[str, ...]) -> int:
        return covered([one for name in names for one in entries(self.times().get(name))])

    def _taken(self, alertname: str, labels: Mapping[str, str]) -> list[Mapping[str, Any]]:
        if not self.known:
            return []
        return _walk(mapping(self.config.get("route")), self.given(alertname, labels))

    def given(self, alertname: str, labels: Mapping[str, str]) -> dict[str, str]:
        """The labels of an alert, as far as they are known without its series."""
        return {**self.external, **labels, "alertname": alertname}

    def receivers(self) -> dict[str, str]:
        """Name -> whom it reaches: kind and channel, address or key."""
        return {
            str(one.get("name")): ", ".join(_reached(one)) or "nobody" for one in entries(self.config.get("receivers"))
        }

    def texts(self) -> dict[str, str]:
        """Name -> everything that a receiver is told with, but whom it reaches."""
        return {
            str(one.get("name")): json.dumps({k: v for k, v in one.items() if k != "name"}, sort_keys=True, default=str)
            for one in entries(self.config.get("receivers"))
        }

    def common(self) -> dict[str, str]:
        """What holds for every receiver: times, servers, and the files of texts."""
        found = {str(key): str(value) for key, value in mapping(self.config.get("global")).items()}
        return found | {"templates": ", ".join(map(str, self.config.get("templates") or ()))}

    def inhibitions(self) -> list[Mapping[str, Any]]:
        return entries(self.config.get("inhibit_rules"))

    def timing(self) -> dict[str, str]:
        """Branch in words -> what it groups by, and its times of waiting and repeating."""
        return dict(_timing(mapping(self.config.get("route")), "everything else"))

    def times(self) -> dict[str, Any]:
        given = (*entries(self.config.get("time_intervals")), *entries(self.config.get("mute_time_intervals")))
        return {str(one.get("name")): one.get("time_intervals") for one in given}

    def resolving(self) -> dict[str, bool]:
        """Receiver -> whether it is told of an end, where it says so or its kind does."""
        return {
            str(one.get("name")): any(
                bool(config.get("send_resolved", kind in _RESOLVING))
                for kind, configs in one.items()
                for config in entries(configs)
            )
            for one in entries(self.config.get("receivers"))
        }


def _config(rendered: Rendered) -> Mapping[str, Any]:
    for item in rendered.of("Secret"):
        text = dig(item.manifest, "stringData", "alertmanager.yaml")
        if isinstance(text, str) and "\n" in text:
            return mapping(yaml.load(ordered(text), Loader=yaml.CSafeLoader))
    return {}


def _external_labels(rendered: Rendered) -> dict[str, str]:
    for item in rendered.of("Prometheus"):
        return {str(k): str(v) for k, v in mapping(item.spec.get("externalLabels")).items()}
    return {}


def _walk(route: Mapping[str, Any], labels: Mapping[str, str]) -> list[Mapping[str, Any]]:
    """As Alertmanager's dispatch.Route.Match: the branches that take it, or else the route itself."""
    if not all(matches(str(text), labels) for text in route.get("matchers") or ()):
        return []
    found: list[Mapping[str, Any]] = []
    for branch in entries(route.get("routes")):
        below = _walk(branch, labels)
        found += below
        if below and not branch.get("continue"):
            break
    return found or [route]


def _receiver(route: Mapping[str, Any]) -> str:
    times = [
        f"{words} {', '.join(route[key])}"
        for words, key in (("not during", "mute_time_intervals"), ("only during", "active_time_intervals"))
        if route.get(key)
    ]
    name = str(route.get("receiver"))
    return f"{name} ({', '.join(times)})" if times else name


def label_of(matcher: str) -> str:
    """The label that a matcher asks for; empty where it cannot be read."""
    found = _MATCHER.fullmatch(matcher)
    return found[1] if found else ""


def matches(text: str, labels: Mapping[str, str]) -> bool:
    """Whether labels match; one that is not there is empty."""
    found = _MATCHER.fullmatch(text)
    if found is None:
        return False
    value, wanted = labels.get(found[1], ""), found[3].replace('\\"', '"').replace("\\\\", "\\")
    hit = re.fullmatch(wanted, value) is not None if "~" in found[2] else value == wanted
    return hit != found[2].startswith("!")


def _reached(receiver: Mapping[str, Any]) -> Iterator[str]:
    for kind, field in _TARGETS.items():
        for config in entries(receiver.get(kind)):
            target = str(config.get(field, "")).rpartition("/")[2]
            yield f"{kind.removesuffix('_configs')} {target}".strip()


def _timing(route: Mapping[str, Any], words: str) -> Iterator[tuple[str, str]]:
    times = [f"{f} {route[f]}" for f in ("group_wait", "group_interval", "repeat_interval") if route.get(f)]
    labels = [f"group_by {' '.join(sorted(map(str, route['group_by'])))}"] if route.get("group_by") else []
    active = [f"active {' '.join(map(str, route[_ACTIVE]))}"] if route.get(_ACTIVE) else []
    yield words, ", ".join([*labels, *times, *active])
    for branch in entries(route.get("routes")):
        matchers = ", ".join(map(str, branch.get("matchers") or ()))
        yield from _timing(branch, f"{matchers} → {branch.get('receiver')}")
