"""upgrade/*: no upgrade replaces what holds data unless it is allowed by name."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from obs.check.finding import Finding
from obs.check.rendered import Rendered
from obs.upgrades import Record, Replacement, replacements, snapshot

_OPERATED = ("Prometheus", "Alertmanager", "ThanosRuler")
_SHOWN = 3
_SIZE = ".resources.requests.storage"


def check_upgrades(
    rendered: Rendered, record: Record | None, allowed: Collection[str], *, stack: str, file: str, settings: str
) -> Iterator[Finding]:
    """Findings on the way from what is recorded to what is rendered.

    ``allowed`` names objects (``Kind namespace/name``) that may be replaced; ``file`` is the record, ``settings``
    the file that allows, as findings show them.
    """
    after = snapshot(rendered)
    accept = f"obs upgrades accept {stack}"
    if record is None:
        message = f"nothing is recorded of what it deploys; write {file} with: {accept}"
        yield Finding("upgrade/unrecorded", f"stack {stack}", file, message)
        return
    places = {item.subject: item.where for kind in _kinds(after) for item in rendered.of(kind)}
    found = replacements(record, after)
    for one in found:
        if one.name not in allowed:
            message = f"{_what(one)}. {_consequence(one)} Allow it by adding {one.name!r} to allowReplacements"
            yield Finding("upgrade/replace", one.name, places.get(one.name, file), message)
    for name in after.keys() - record.keys():
        message = f"is not in {file}, so no later upgrade could be compared with it; {accept}, and commit the record"
        yield Finding("upgrade/unrecorded", name, places[name], message)
    for name in sorted(set(allowed) - {one.name for one in found}):
        message = f"nothing replaces {name}; take it out, so that the next upgrade must ask again"
        yield Finding("upgrade/unused-allowance", f"allowReplacements of stack {stack}", settings, message)


def _kinds(record: Record) -> set[str]:
    return {name.partition(" ")[0] for name in record}


def _what(one: Replacement) -> str:
    if not one.field:
        return "is recorded as deployed and is not rendered any more"
    shown = [f"{path} from {_shown(a)} to {_shown(b)}" for path, a, b in one.changes[:_SHOWN]]
    more = f" and {len(one.changes) - _SHOWN} more" if len(one.changes) > _SHOWN else ""
    return f"changes {', '.join(shown)}{more}, which cannot be changed in place"


def _shown(value: Any) -> str:
    return "nothing" if value is None else str(value)


def _consequence(one: Replacement) -> str:
    """What happens to the data, and how to come by the change otherwise."""
    if one.kind == "PersistentVolumeClaim":
        return (
            "Pulumi deletes the claim, and unless its volume is retained all data with it. Instead make a second "
            "claim, copy the data, and let the pod use that."
        )
    if one.kind in ("Deployment", "DaemonSet"):
        return "Pulumi deletes it and makes it again; its claim and the data stay, and meanwhile nobody answers."
    if not one.field:
        who = "The operator deletes" if one.kind in _OPERATED else "Pulumi deletes"
        what = "its StatefulSet" if one.kind in _OPERATED else "it"
        return (
            f"{who} {what}; its claims stay behind and nothing uses them. If it has a new name, copy the data over, "
            "or keep the name."
        )
    who = "The operator" if one.kind in _OPERATED else "Pulumi"
    restart = f"{who} deletes the StatefulSet and makes it again, all pods at once"
    return f"{restart}; {_claims(one)}"


def _claims(one: Replacement) -> str:
    """What becomes of the claims of a StatefulSet that is made again."""
    paths = [path for path, _, _ in one.changes]
    if one.field not in ("volumeClaimTemplates", "storage"):
        return "they take their claims again, with the data."
    if any(path in ("volumeClaimTemplates", "storage") or path.endswith("metadata.name") for path in paths):
        return "pods may get new, empty claims, and the old ones stay behind. Copy the data, or keep name and number."
    if all(path.endswith(_SIZE) for path in paths):
        return (
            "claims that exist keep their size. Grow them first (kubectl patch pvc, where the storage class lets "
            "volumes expand); then the replacement only says what is so already."
        )
    if all(".metadata." in path for path in paths):
        return "claims and data stay as they are, and keep their old labels."
    return "claims that exist keep class and mode; to move the data, make new claims and copy it."
