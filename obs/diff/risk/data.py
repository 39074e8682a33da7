"""replace, delete, retention: what holds data or configuration and is made again, goes, or keeps less."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from model.quantity import quantity, seconds
from obs.check.rendered import dig
from obs.diff.entry import Entry, Level
from obs.diff.meaning.retention import retention
from obs.diff.pair import Change, Pair
from obs.upgrades import replacements, snapshot

_HOLDS_DATA = ("StatefulSet", "Prometheus", "Alertmanager", "ThanosRuler")
_HOLDS_OTHERS = ("CustomResourceDefinition", "Namespace")
# pulumi-kubernetes provider/pkg/provider/diff.go forces a replacement for these besides what obs/upgrades.py has.
_IMMUTABLE: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "Service": (("spec", "clusterIP"),),
    "Job": (("spec", "template"), ("spec", "selector"), ("spec", "completions")),
    "RoleBinding": (("roleRef",),),
    "ClusterRoleBinding": (("roleRef",),),
    "StorageClass": (("provisioner",), ("parameters",), ("reclaimPolicy",), ("volumeBindingMode",)),
    "ConfigMap": (("immutable",),),
    "Secret": (("type",), ("immutable",)),
    "Deployment": (("spec", "selector"),),
    "DaemonSet": (("spec", "selector"),),
    "CustomResourceDefinition": (("spec", "scope"), ("spec", "group")),
}


def replaced(pair: Pair) -> Iterator[Entry]:
    """Fields that cannot change in place."""
    before, after = snapshot(pair.before.rendered), snapshot(pair.after.rendered)
    told = set()
    for one in replacements(before, after):
        if one.field:
            told.add(one.name)
            changes = ", ".join(f"{path} {_shown(a)} → {_shown(b)}" for path, a, b in one.changes[:3])
            text = f"is made again, all its pods at once: {changes} cannot change in place"
            yield _entry(
                one.name, pair.place(one.name), text, "the API refuses the change, so Pulumi deletes the object first"
            )
    for change in pair.changes:
        if change.action == "changed" and change.subject not in told:
            yield from _immutable(change)


def _immutable(change: Change) -> Iterator[Entry]:
    one, other = change.manifests()
    for path in _IMMUTABLE.get(change.kind, ()):
        a, b = dig(one, *path), dig(other, *path)
        # The cluster gives an address where none is stated; headless stays headless.
        if a != b and (a is not None or change.kind not in ("Service",)):
            text = f"is deleted and made again: {'.'.join(path)} cannot change in place"
            yield _entry(
                change.subject,
                change.item.where,
                text,
                "the API refuses the change, so Pulumi deletes the object first",
            )
            return


def _entry(subject: str, where: str, text: str, why: str) -> Entry:
    return Entry(topic="replace", subject=subject, text=text, level=Level.HIGH, where=where, why=why)


def _shown(value: Any) -> str:
    return "nothing" if value is None else str(value) if not isinstance(value, Mapping | list) else "another value"


def lost(pair: Pair) -> Iterator[Entry]:
    """Objects that go. Those of rules, monitors and dashboards are told in their meaning."""
    for change in pair.changes:
        if change.action != "removed":
            continue
        level, text = loss(change.kind)
        if level:
            where, why = change.item.where, "it is not rendered any more"
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
