"""replace, refused: fields that cannot change in place, and what happens to who changes them all the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from model.quantity import quantity
from obs.check.rendered import dig
from obs.check.security.operated import OPERATED
from obs.diff.entry import Entry, Level, arrow
from obs.diff.pair import Change, Pair
from obs.upgrades import Replacement, replacements, snapshot

_BY_PULUMI = "the API refuses the change, so Pulumi deletes the object first"
_BY_OPERATOR = (
    "the API refuses the change of the StatefulSet, so the operator deletes it with its pods and makes it again on the "
    "claims that are there, which keep their size"
)
_BY_NOBODY = "the API refuses the change and Pulumi does not replace the object for it: the deployment stops there"
Paths = Mapping[str, tuple[tuple[str, ...], ...]]
# pulumi-kubernetes provider/pkg/provider/diff.go forces a replacement for these besides what obs/upgrades.py has.
_REPLACED: Paths = {
    "Service": (("spec", "clusterIP"),),
    "Job": (("spec", "template"), ("spec", "selector"), ("spec", "completions"), ("spec", "parallelism")),
    "RoleBinding": (("roleRef",),),
    "ClusterRoleBinding": (("roleRef",),),
    "StorageClass": (("provisioner",), ("parameters",)),
    "Secret": (("type",),),
    "Deployment": (("spec", "selector"),),
    "DaemonSet": (("spec", "selector"),),
}
# ... and not for these, which Kubernetes' validation of updates refuses as well.
_REFUSED: Paths = {
    "PersistentVolumeClaim": (("spec", "volumeMode"), ("spec", "dataSource"), ("spec", "dataSourceRef")),
    "StorageClass": (("reclaimPolicy",), ("volumeBindingMode",)),
    "CustomResourceDefinition": (("spec", "scope"), ("spec", "group")),
}
_MUTABLE_UNTIL = ("ConfigMap", "Secret")
_CONTENT = ("data", "binaryData", "stringData")


def replaced(pair: Pair) -> Iterator[Entry]:
    """Objects that are deleted and made again."""
    before, after = snapshot(pair.before.rendered), snapshot(pair.after.rendered)
    told = set()
    for one in replacements(before, after):
        if one.field and one.name not in told and (one.kind not in OPERATED or _claimed(one, before, after)):
            told.add(one.name)
            changes = ", ".join(f"{path} {_shown(a)} → {_shown(b)}" for path, a, b in one.changes[:3])
            text = f"is made again, all its pods at once: {changes} cannot change in place"
            why = _BY_OPERATOR if one.kind in OPERATED else _BY_PULUMI
            yield _entry("replace", one.name, pair.place(one.name), text, why)
    for change in pair.changes:
        if change.action == "changed" and change.subject not in told and (path := _immutable(change)):
            text = f"is deleted and made again: {path} cannot change in place"
            yield _entry("replace", change.subject, change.where, text, _BY_PULUMI)


def _claimed(one: Replacement, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether claims are in it: a directory of the node (emptyDir) is in the template alone, which may change."""
    return any("volumeClaimTemplate" in side[one.name].get(one.field, {}) for side in (before, after))


def _immutable(change: Change) -> str:
    """The first path that differs and for which Pulumi replaces the object; empty where there is none."""
    one, other = change.manifests()
    for path in _REPLACED.get(change.kind, ()):
        a, b = dig(one, *path), dig(other, *path)
        # The cluster gives an address where none is stated; headless stays headless.
        if a != b and (a is not None or change.kind != "Service"):
            return ".".join(path)
    if change.kind in _MUTABLE_UNTIL and other.get("immutable") is True:
        return next((key for key in _CONTENT if one.get("immutable") is True and one.get(key) != other.get(key)), "")
    return ""


def refused(pair: Pair) -> Iterator[Entry]:
    """Changes that stop the deployment."""
    for change in pair.of("PersistentVolumeClaim", *_REFUSED, *_MUTABLE_UNTIL):
        if change.action == "changed":
            for text in _refusals(change):
                yield _entry("refused", change.subject, change.where, text, _BY_NOBODY)
                break


def _refusals(change: Change) -> Iterator[str]:
    one, other = change.manifests()
    if change.kind == "PersistentVolumeClaim":
        sizes = [str(dig(side, "spec", "resources", "requests", "storage") or "") for side in (one, other)]
        if _bytes(sizes[1]) < _bytes(sizes[0]):
            yield f"asks for {arrow(*sizes)}: a claim may grow and never shrink"
    for path in _REFUSED.get(change.kind, ()):
        if dig(one, *path) != dig(other, *path):
            yield f"{'.'.join(path)} {arrow(*(_shown(dig(side, *path)) for side in (one, other)))} cannot change"
    if change.kind in _MUTABLE_UNTIL and one.get("immutable") is True and other.get("immutable") is not True:
        yield "was immutable, which cannot be taken back"


def _bytes(size: str) -> float:
    try:
        return float(quantity(size))
    except ValueError:
        return 0.0


def _entry(topic: str, subject: str, where: str, text: str, why: str) -> Entry:
    return Entry(topic=topic, subject=subject, text=text, level=Level.HIGH, where=where, why=why)


def _shown(value: Any) -> str:
    return "nothing" if value is None else str(value) if not isinstance(value, Mapping | list) else "another value"
