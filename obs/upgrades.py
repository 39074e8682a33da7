"""upgrades/<stack>.yaml: what a stack deploys that holds data, by the fields whose change replaces it.

A record, not the cluster: a preview without a cluster must know what is there now, and a reviewer sees in the
diff of the record what an upgrade does. It is rewritten after a deployment, by ``obs upgrades accept``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from obs import atomic, documents
from obs.check.rendered import Item, Rendered, dig, entries
from obs.errors import ObsError

FOLDER = "upgrades"
Record = Mapping[str, Mapping[str, Any]]
"""``Kind namespace/name`` -> field of its spec -> value; fields that are not set are left out."""

# pulumi-kubernetes provider/pkg/provider/diff.go, what forces a replacement.
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "StatefulSet": ("podManagementPolicy", "revisionHistoryLimit", "selector", "serviceName", "volumeClaimTemplates"),
    "PersistentVolumeClaim": ("accessModes", "selector", "storageClassName", "volumeName"),
    # Without data of their own; those that write into a claim are written to meanwhile by nobody.
    "Deployment": ("selector",),
    "DaemonSet": ("selector",),
    # The operator deletes the StatefulSet that it makes of them where the API refuses the change, pods first (0.93,
    # pkg/k8s/statefulset.go, ForceUpdateStatefulSet: propagation Foreground), and makes it again on the claims there.
    "Prometheus": ("storage",),
    "Alertmanager": ("storage",),
    "ThanosRuler": ("storage",),
}
_WITH_CLAIM_ONLY = ("Deployment", "DaemonSet")


class UpgradeError(ObsError):
    """A record cannot be read, or must not be written."""


def file_of(project: Path, stack: str) -> Path:
    return project / FOLDER / f"{stack}.yaml"


def snapshot(rendered: Rendered) -> dict[str, dict[str, Any]]:
    """The record of what is rendered."""
    return {
        item.subject: {field: item.spec[field] for field in fields if item.spec.get(field) is not None}
        for kind, fields in _FIELDS.items()
        for item in rendered.of(kind)
        if kind not in _WITH_CLAIM_ONLY or _has_claim(item)
    }


def _has_claim(item: Item) -> bool:
    volumes = entries(dig(item.spec, "template", "spec", "volumes"))
    return any(volume.get("persistentVolumeClaim") is not None for volume in volumes)


def read(file: Path) -> Record | None:
    """The record in a file; None where there is no file. Raises UpgradeError for a bad one."""
    if not file.is_file():
        return None
    try:
        found = documents.load(file.read_text(encoding="utf-8")) or {}
    except (yaml.YAMLError, UnicodeDecodeError):
        found = None
    if not isinstance(found, dict) or not all(isinstance(fields, dict) for fields in found.values()):
        raise UpgradeError(f"{file}: must be an object: KIND NAMESPACE/NAME -> its fields")
    return found


def write(file: Path, stack: str, record: Record) -> None:
    """Write a record whole; the same record gives the same bytes."""
    head = f"# What stack {stack} deploys that holds data. Written by: obs upgrades accept {stack}\n"
    atomic.write(file, (head + documents.dump(record)).encode())


@dataclass(frozen=True)
class Replacement:
    """An object that an upgrade replaces or takes away (``field`` is empty). ``changes`` are (path, from, to)."""

    name: str
    field: str = ""
    changes: tuple[tuple[str, Any, Any], ...] = ()

    @property
    def kind(self) -> str:
        return self.name.partition(" ")[0]


def replacements(before: Record, after: Record) -> list[Replacement]:
    """What an upgrade from one record to another replaces, in order of the first; a field each."""
    found = []
    for name, fields in before.items():
        if name not in after:
            found.append(Replacement(name))
            continue
        for field in sorted(fields.keys() | after[name].keys()):
            changes = tuple(_changes(fields.get(field), after[name].get(field), field))
            if changes:
                found.append(Replacement(name, field, changes))
    return found


def _changes(one: Any, other: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """The innermost paths at which two values differ."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for key in sorted(one.keys() | other.keys()):
            yield from _changes(one.get(key), other.get(key), f"{path}.{key}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, (a, b) in enumerate(zip(one, other, strict=True)):
            yield from _changes(a, b, f"{path}[{number}]")
    elif one != other:
        yield path, one, other


def refused(before: Record | None, after: Record, allowed: Collection[str]) -> list[str]:
    """Names of the objects whose replacement nobody has allowed; a record may not forget them."""
    names = [replacement.name for replacement in replacements(before or {}, after)]
    return list(dict.fromkeys(name for name in names if name not in allowed))
