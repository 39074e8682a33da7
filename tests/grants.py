"""What the program itself grants at the API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from obs.record import Recording


def granted(recording: Recording) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(account, namespace that the grant is for or "" for all, rule) of everything that the program itself binds."""
    objects = [r.inputs for r in recording.resources if r.type.startswith("kubernetes:rbac.authorization.k8s.io/")]
    rules = {(o["kind"], o["metadata"].get("namespace"), o["metadata"]["name"]): o.get("rules", []) for o in objects}
    for binding in objects:
        if "roleRef" in binding:
            namespace, role = binding["metadata"].get("namespace"), binding["roleRef"]
            found = rules[role["kind"], namespace, role["name"]]
            for subject in binding["subjects"]:
                yield from ((f"{subject['namespace']}/{subject['name']}", namespace or "", rule) for rule in found)
