"""delete, retention: what holds data or configuration and goes, or keeps less."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from model.quantity import quantity, seconds
from obs.check.rendered import Item, dig, entries
from obs.diff.entry import Entry, Level
from obs.diff.meaning.retention import arguments, kept, retention
from obs.diff.pair import Change, Pair

_HOLDS_DATA = ("StatefulSet", "Prometheus", "Alertmanager", "ThanosRuler")
_BUCKET, _STORE = "object storage", "the store that is written to"
_RESOLUTION = "retention.resolution-"
_HOLDS_OTHERS = ("CustomResourceDefinition", "Namespace")


def lost(pair: Pair) -> Iterator[Entry]:
    """Objects that go. Those of rules, monitors and dashboards are told in their meaning."""
    for change in pair.changes:
        if change.action != "removed":
            continue
        level, text = loss(change.kind)
        if level:
            where, why = change.where, "it is not rendered any more"
            yield Entry(topic="delete", subject=change.subject, text=text, level=level, where=where, why=why)


def loss(kind: str) -> tuple[Level, str]:
    """How bad it is that an object of a kind goes, and in words; none where its meaning is told (rules, dashboards)."""
    if kind == "PersistentVolumeClaim":
        return Level.HIGH, "is deleted, and its data with it unless the volume is retained"
    if kind in _HOLDS_DATA:
        return Level.HIGH, "is deleted; volumes of its pods stay behind, unused"
    if kind in _HOLDS_OTHERS:
        return Level.HIGH, "is deleted, and with it every object of it that the cluster has"
    if kind in ("ConfigMap", "Secret", "Service", "Deployment", "DaemonSet", "ServiceAccount", "Ingress"):
        return Level.LOW, "is deleted; what still asks for it fails"
    if kind == "PodDisruptionBudget":
        return Level.LOW, "is deleted; a drain of nodes may end all pods that it kept at once"
    return Level.NONE, ""


def kept_shorter(pair: Pair) -> Iterator[Entry]:
    """Data older than a shortened retention is deleted for good, unless a copy of it is kept elsewhere for longer."""
    changes = {change.subject: change for change in pair.changes}
    for entry in retention(pair):
        name, _, values = entry.text.partition(" ")
        before, _, after = values.partition(" → ")
        if _amount(after) < _amount(before):
            copy = copied(pair, changes[entry.subject], name, before)
            text = f"{name} {before} → {after}: {copy or 'what is older is deleted for good'}"
            level = Level.LOW if copy else Level.HIGH
            yield Entry(
                topic="retention", subject=entry.subject, text=text, level=level, where=entry.where, why=entry.why
            )


def copied(pair: Pair, change: Change, name: str, before: str) -> str:
    """Where what goes is kept as long as it was here, in words; empty where it is not, as of all but metrics."""
    ways = [_way(item, name) for item in (change.before, change.after) if item is not None]
    if not all(ways):
        return ""
    # A copy is made of what is new: the way must have been there, and be there still.
    if ways[-1] == _STORE or not (compactors := _compactors(pair)):
        return f"what is older goes here; {ways[-1]} has a copy, kept by its own retention"
    if name != "retentionSize" and any(max(map(_amount, t.values())) < _amount(before) for t in compactors.values()):
        return ""
    told = [f"{who} {', '.join(f'{part} {_said(time)}' for part, time in t.items())}" for who, t in compactors.items()]
    return f"what is older goes here; {ways[-1]} has a copy, kept by its own retention ({'; '.join(told)})"


def _way(item: Item, name: str) -> str:
    """Where all samples of a part go, too; empty where they stay."""
    if item.kind in ("Prometheus", "ThanosRuler"):
        if dig(item.spec, "thanos", "objectStorageConfig") or item.spec.get("objectStorageConfig"):
            return _BUCKET
        whole = [queue for queue in entries(item.spec.get("remoteWrite")) if not _sorts_out(queue)]
        return (
            (_BUCKET if any("thanos-receive" in str(queue.get("url")) for queue in whole) else _STORE) if whole else ""
        )
    containers = entries(dig(item.spec, "template", "spec", "containers"))
    uploads = any(one.startswith("--objstore.config") for container in containers for one in arguments(container))
    return _BUCKET if uploads and name.startswith("tsdb.retention") else ""


def _sorts_out(queue: Mapping[str, Any]) -> bool:
    return any(step.get("action") in ("keep", "drop") for step in entries(queue.get("writeRelabelConfigs")))


def _compactors(pair: Pair) -> dict[str, dict[str, str]]:
    """Name -> resolution -> how long its blocks are kept."""
    found = {}
    for item in pair.after.rendered.of("StatefulSet", "Deployment"):
        times = {key.removeprefix(_RESOLUTION): time for key, time in kept(item) if key.startswith(_RESOLUTION)}
        if times:
            found[item.name] = times
    return found


def _said(time: str) -> str:
    return "unlimited" if _amount(time) == math.inf else time


def _amount(text: str) -> float:
    """0s is Thanos' word for ever."""
    for read in (seconds, quantity):
        try:
            found = float(read(text.removesuffix("B") if read is quantity else text))
        except ValueError:
            continue
        return found or math.inf
    return math.inf
