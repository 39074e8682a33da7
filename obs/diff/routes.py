"""Who is told of an alert: Alertmanager's routing, evaluated on its configuration file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from obs.check.rendered import Rendered, dig, entries, mapping

_MATCHER = re.compile(r'\s*(\w+)\s*(=~|!~|!=|=)\s*"?((?:\\.|[^"\\])*)"?\s*')
_TARGETS = {
    "slack_configs": "channel",
    "email_configs": "to",
    "pagerduty_configs": "routing_key_file",
    "webhook_configs": "url_file",
}


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
        if not self.known:
            return ()
        given = {**self.external, **labels, "alertname": alertname}
        found = _walk(mapping(self.config.get("route")), given)
        return tuple(dict.fromkeys(found))

    def receivers(self) -> dict[str, str]:
        """Name -> whom it reaches: kind and channel, address or key."""
        return {
            str(one.get("name")): ", ".join(_reached(one)) or "nobody" for one in entries(self.config.get("receivers"))
        }

    def inhibitions(self) -> list[Mapping[str, Any]]:
        return entries(self.config.get("inhibit_rules"))

    def timing(self) -> dict[str, str]:
        """Branch in words -> its times of waiting and repeating."""
        return dict(_timing(mapping(self.config.get("route")), "everything else"))

    def times(self) -> dict[str, Any]:
        return {str(one.get("name")): one.get("time_intervals") for one in entries(self.config.get("time_intervals"))}


def _config(rendered: Rendered) -> Mapping[str, Any]:
    for item in rendered.of("Secret"):
        text = dig(item.manifest, "stringData", "alertmanager.yaml")
        if isinstance(text, str) and "\n" in text:
            return mapping(yaml.safe_load(text))
    return {}


def _external_labels(rendered: Rendered) -> dict[str, str]:
    for item in rendered.of("Prometheus"):
        return {str(k): str(v) for k, v in mapping(item.spec.get("externalLabels")).items()}
    return {}


def _walk(route: Mapping[str, Any], labels: Mapping[str, str]) -> list[str]:
    """As Alertmanager's dispatch.Route.Match: the branches that take it, or else the route itself."""
    if not all(_matches(str(text), labels) for text in route.get("matchers") or ()):
        return []
    found: list[str] = []
    for branch in entries(route.get("routes")):
        below = _walk(branch, labels)
        found += below
        if below and not branch.get("continue"):
            break
    return found or [_receiver(route)]


def _receiver(route: Mapping[str, Any]) -> str:
    muted = route.get("mute_time_intervals")
    name = str(route.get("receiver"))
    return f"{name} (not during {', '.join(muted)})" if muted else name


def _matches(text: str, labels: Mapping[str, str]) -> bool:
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
    times = ", ".join(f"{f} {route[f]}" for f in ("group_wait", "group_interval", "repeat_interval") if route.get(f))
    yield words, times
    for branch in entries(route.get("routes")):
        matchers = ", ".join(map(str, branch.get("matchers") or ()))
        yield from _timing(branch, f"{matchers} → {branch.get('receiver')}")
