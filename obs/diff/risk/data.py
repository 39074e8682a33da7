"""delete, retention: what holds data or configuration and goes, or keeps less."""

from __future__ import annotations

import math
from collections.abc import Iterator

from model.quantity import quantity, seconds
from obs.diff.entry import Entry, Level
from obs.diff.meaning.retention import retention
from obs.diff.pair import Pair

_HOLDS_DATA = ("StatefulSet", "Prometheus", "Alertmanager", "ThanosRuler")
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
    """Data older than a shortened retention is deleted for good."""
    for entry in retention(pair):
        name, _, values = entry.text.partition(" ")
        before, _, after = values.partition(" → ")
        if _amount(after) < _amount(before):
            text = f"{name} {before} → {after}: what is older is deleted for good"
            yield Entry(
                topic="retention", subject=entry.subject, text=text, level=Level.HIGH, where=entry.where, why=entry.why
            )


def _amount(text: str) -> float:
    """0s is Thanos' word for ever."""
    for read in (seconds, quantity):
        try:
            found = float(read(text.removesuffix("B") if read is quantity else text))
        except ValueError:
            continue
        return found or math.inf
    return math.inf
