"""What says the same in another order: alternatives of an expression, rights, peers of a policy."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_MATCHER = re.compile(r'(=~|!~)(\s*)"((?:[^"\\]|\\.)*)"')
_FILTERS = ("keep", "drop", "labelkeep", "labeldrop")
"""Steps of relabelling that take nothing out of what they match, so no group of theirs is counted."""
# Lists whose order says nothing, by the field that tells their entries apart; of () the whole entry does.
_SETS: Mapping[str, tuple[str, ...]] = {
    "env": ("name",),
    "volumes": ("name",),
    "volumeMounts": ("mountPath",),
    "ports": ("name", "containerPort", "port"),
    "imagePullSecrets": ("name",),
    "subjects": ("kind", "namespace", "name"),
    "matchNames": (),
}
_RULES = dict.fromkeys(("rules", "verbs", "apiGroups", "resources", "resourceNames", "nonResourceURLs"), ())
# Others with the same names have an order: the rules of a group, what a container is given.
_SETS_OF: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "Role": _RULES,
    "ClusterRole": _RULES,
    "NetworkPolicy": dict.fromkeys(("ingress", "egress", "from", "to", "policyTypes", "values"), ()),
}


def sets_of(kind: str) -> Mapping[str, tuple[str, ...]]:
    """Field -> what tells the entries of its list apart, for objects of this kind."""
    return {**_SETS, **_SETS_OF.get(kind, {})}


def as_set(items: list[Any], by: tuple[str, ...]) -> list[Any]:
    """The entries in an order that is theirs."""

    def identity(item: Any) -> tuple[str, str]:
        told = [item.get(field) for field in by] if isinstance(item, Mapping) else item
        return json.dumps(told, default=str), json.dumps(item, sort_keys=True, default=str)

    return sorted(items, key=identity)


def ordered(text: str) -> str:
    """PromQL, LogQL or matchers of Alertmanager, the alternatives of each pattern sorted: it matches a whole value."""
    if "|" not in text:
        return text
    return _MATCHER.sub(lambda found: f'{found[1]}{found[2]}"{alternatives(found[3])}"', text)


def alternatives(pattern: str) -> str:
    """``b|a`` as ``a|b``; alternatives within groups stay, and so does a pattern with a bar that is none."""
    if "\\|" in pattern:
        return pattern
    parts, depth = [""], 0
    for char in pattern:
        depth += (char in "([") - (char in ")]")
        if char == "|" and not depth:
            parts.append("")
        else:
            parts[-1] += char
    return "|".join(sorted(parts))


def same(one: str, other: str) -> bool:
    """Whether two expressions say the same, as far as order goes."""
    return one == other or ordered(one) == ordered(other)


def filtering(step: Mapping[str, Any]) -> dict[str, Any]:
    """A step of relabelling, its alternatives sorted where it keeps or drops by them."""
    pattern = step.get("regex")
    if step.get("action") in _FILTERS and isinstance(pattern, str):
        return {**step, "regex": alternatives(pattern)}
    return dict(step)
