"""How long metrics, logs and traces are kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from obs.check.rendered import Item, dig, entries, mapping
from obs.diff.entry import Entry, arrow
from obs.diff.pair import Pair

_FLAG = re.compile(r"--(retention\.[\w.-]+|tsdb\.retention(?:\.time)?|storage\.tsdb\.retention\.(?:time|size))=(\S+)")
_LINE = re.compile(r"^\s*(\w*(?:retention|retention_period)\w*):\s*[\"']?([\d.]+[a-z]+)[\"']?\s*$", re.MULTILINE)
# What the operator takes where nothing is stated: of Prometheus neither time nor size, of the Ruler no time (its CRDs,
# prometheus-operator 0.93).
_UNSTATED = "24h"
_HOLDERS = ("ConfigMap", "Secret", "StatefulSet", "Deployment", "Prometheus", "ThanosRuler")


def retention(pair: Pair) -> Iterator[Entry]:
    """Found where the parts are told: a field of Prometheus, a flag of Thanos, a line of Loki's and Tempo's file."""
    for change in pair.of(*_HOLDERS):
        if change.before is None or change.after is None:  # sizes tell of parts that come and go
            continue
        one, other = dict(kept(change.before)), dict(kept(change.after))
        for name in sorted(one.keys() | other.keys()):
            if one.get(name) != other.get(name):
                text = f"{name} {arrow(one.get(name), other.get(name))}"
                why = "a part is told another time or size of keeping"
                yield Entry(topic="retention", subject=change.subject, text=text, where=change.where, why=why)


def kept(item: Item) -> Iterator[tuple[str, str]]:
    """(name of a field, flag or line, time or size)"""
    if item.kind in ("Prometheus", "ThanosRuler"):
        stated = {field: str(item.spec[field]) for field in ("retention", "retentionSize") if item.spec.get(field)}
        if not stated or (item.kind == "ThanosRuler" and "retention" not in stated):
            yield "retention", _UNSTATED
        yield from stated.items()
    elif item.kind in ("ConfigMap", "Secret"):
        for field in ("data", "stringData"):
            for text in mapping(item.manifest.get(field)).values():
                yield from _LINE.findall(str(text))
    else:
        for container in entries(dig(item.spec, "template", "spec", "containers")):
            yield from ((found[1], found[2]) for found in map(_FLAG.fullmatch, arguments(container)) if found)


def arguments(container: Any) -> list[str]:
    """Of a container, its command among them."""
    return [str(argument) for key in ("args", "command") for argument in container.get(key) or ()]
