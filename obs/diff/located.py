"""Where entries come from that are about more than one definition: file:line of an object, or of a setting."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from obs.check.security.rights import KINDS, grants
from obs.diff.entry import Entry
from obs.diff.flows import selector
from obs.diff.pair import Pair

_MOST = 3


def located(found: Iterable[Entry], pair: Pair) -> Iterator[Entry]:
    """The entries; those that say no place get the places that this topic has."""
    for entry in found:
        places = _PLACES.get(entry.topic)
        if entry.where or places is None:
            yield entry
        else:
            where = list(dict.fromkeys(place for place in places(entry.subject, pair) if place))
            yield replace(entry, where=", ".join(where[:_MOST]))


def _policies(subject: str, pair: Pair) -> Iterator[str]:
    """Of ``pods LABELS of NAMESPACE``: the policies that changed there, those of these pods first."""
    yield pair.place(subject)  # a policy by its own name
    namespace = subject.rpartition(" of ")[2]
    labels = subject.removeprefix("pods ").rpartition(" of ")[0]
    changes = [change for change in pair.of("NetworkPolicy") if change.item.namespace == namespace]
    for own in (True, False):
        for change in changes:
            if ((selector(change.item.spec.get("podSelector")) or "all") == labels) is own:
                yield change.item.where


def _grants(subject: str, pair: Pair) -> Iterator[str]:
    """Of ``ServiceAccount NAMESPACE/NAME``: the roles and bindings of it that changed."""
    own = [grant for grant in grants(pair.after.rendered) if subject in grant.named]
    bound = {name for grant in own for name in (grant.binding.subject, grant.role.partition(" ")[2])}
    for change in pair.of(*KINDS):
        if change.item.name in bound or change.subject in bound:
            yield change.item.where


def _setting(subject: str, pair: Pair) -> Iterator[str]:
    """Of a secret or an image: the line of the stack's file that sets it, or else those that name it."""
    for side in (pair.after.snapshot, pair.before.snapshot):
        file = f"Pulumi.{side.stack}.yaml"
        keys = [subject] if subject in side.lines else [key for key, value in side.settings.items() if value == subject]
        found = [f"{file}:{side.lines[key]}" for key in keys if key in side.lines]
        yield from found
        if found:
            return


def _image(subject: str, pair: Pair) -> Iterator[str]:
    yield from _setting(subject, pair)
    for name, workload in pair.after.workloads.items():
        if subject in workload.images.values():
            yield pair.place(name)


def _secret(subject: str, pair: Pair) -> Iterator[str]:
    yield from _setting(subject, pair)
    name = subject.partition(" ")[0]  # "NAME (generated)" is made by the program
    yield from (item.where for item in pair.after.rendered.of("Secret") if item.name == name)


def _routing(subject: str, pair: Pair) -> Iterator[str]:
    """Of a receiver its own line, of a route that of the receiver's; else all of alerting, which sets the rest."""
    after = pair.after.snapshot
    file, name = f"Pulumi.{after.stack}.yaml", subject.rpartition(" ")[2]
    for key, value in after.settings.items():
        if value == name and key.startswith("alerting.") and key.endswith(".name") and key in after.lines:
            yield f"{file}:{after.lines[key]}"
    if "alerting" in after.lines:
        yield f"{file}:{after.lines['alerting']}"
    yield from (item.where for item in pair.after.rendered.of("Secret") if "alertmanager.yaml" in str(item.manifest))


def _system(subject: str, pair: Pair) -> Iterator[str]:
    for side in (pair.after.snapshot, pair.before.snapshot):
        if f"systems.{subject}" in side.lines:
            yield f"Pulumi.{side.stack}.yaml:{side.lines[f'systems.{subject}']}"


def _alert(subject: str, pair: Pair) -> Iterator[str]:
    """Of many at once there is nothing but their routing or their addresses in the settings."""
    yield pair.where(f"alert {subject}")
    yield from _routing(subject, pair)


_PLACES: dict[str, Callable[[str, Pair], Iterator[str]]] = {
    "network": _policies,
    "rights": _grants,
    "secret": _secret,
    "image": _image,
    "images": _image,
    "routing": _routing,
    "systems": _system,
    "alerts": _alert,
    "quieter": _alert,
    "broken": lambda subject, pair: iter([pair.where(subject)]),
    "dashboards": lambda subject, pair: iter([pair.where(subject)]),
}
