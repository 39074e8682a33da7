"""Where entries come from that are about more than one definition: file:line of an object, or of a setting."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from obs.check.security.rights import KINDS, grants
from obs.diff.causes import contains
from obs.diff.changed_settings import Setting, entry_of, line, within
from obs.diff.entry import Entry, earlier, places
from obs.diff.flows import selector
from obs.diff.pair import Pair
from obs.diff.snapshot import Snapshot


def located(found: Iterable[Entry], pair: Pair) -> Iterator[Entry]:
    """The entries; those that say no place get the places that this topic has."""
    for entry in found:
        found_in = _PLACES.get(entry.topic)
        if entry.where or found_in is None:
            yield entry
        else:
            yield replace(entry, where=places(found_in(entry, pair)))


def _policies(entry: Entry, pair: Pair) -> Iterator[str]:
    """Of ``pods LABELS of NAMESPACE``: the policies that changed there, those of these pods first."""
    subject = entry.subject
    yield pair.place(subject)  # a policy by its own name
    namespace = subject.rpartition(" of ")[2]
    labels = subject.removeprefix("pods ").rpartition(" of ")[0]
    changes = [change for change in pair.of("NetworkPolicy") if change.item.namespace == namespace]
    for own in (True, False):
        for change in changes:
            if ((selector(change.item.spec.get("podSelector")) or "all") == labels) is own:
                yield change.where


def _grants(entry: Entry, pair: Pair) -> Iterator[str]:
    """Of ``ServiceAccount NAMESPACE/NAME``: the roles and bindings of it that changed."""
    own = [grant for grant in grants(pair.after.rendered) if entry.subject in grant.named]
    bound = {name for grant in own for name in (grant.binding.subject, grant.role.partition(" ")[2])}
    for change in pair.of(*KINDS):
        if change.item.name in bound or change.subject in bound:
            yield change.where


def _setting(subject: str, pair: Pair) -> Iterator[str]:
    """Of a secret or an image: the line of the stack's file that sets it, or else those that name it."""
    for side, said in _sides(pair):
        keys = [subject] if subject in side.lines else [key for key, value in side.settings.items() if value == subject]
        yield from (said(line(side, key)) for key in keys)
        if keys:
            return


def _sides(pair: Pair) -> Iterator[tuple[Snapshot, Callable[[str], str]]]:
    """The later one first, each with how its places are told."""
    yield pair.after.snapshot, str
    yield pair.before.snapshot, earlier


def _image(entry: Entry, pair: Pair) -> Iterator[str]:
    yield from _setting(entry.subject, pair)
    for name, workload in pair.after.workloads.items():
        if entry.subject in workload.images.values():
            yield pair.place(name)


def _secret(entry: Entry, pair: Pair) -> Iterator[str]:
    yield from _setting(entry.subject, pair)
    name = entry.subject.partition(" ")[0]  # "NAME (generated)" is made by the program
    yield from (item.where for item in pair.after.rendered.of("Secret") if item.name == name)


def _routing(entry: Entry, pair: Pair) -> Iterator[str]:
    """The edited settings that name most of what it tells, or else all edited ones of alerting. Where none was, a
    receiver has its own line, and the rest is the program's, as are all inhibitions."""
    inhibition = entry.subject.startswith("inhibition ")
    edited = [] if inhibition else [one for one in pair.settings if within(one.key, "alerting")]
    scores = [_in_common(entry, one, pair) for one in edited]
    best = [one.where for one, score in zip(edited, scores, strict=True) if score == max(scores)]
    yield from best
    if not best:
        after, name = pair.after.snapshot, entry.subject.rpartition(" ")[2]
        own = [k for k, v in after.settings.items() if v == name and within(k, "alerting") and k.endswith(".name")]
        yield from (line(after, key) for key in own if not inhibition)
        yield from (
            item.where for item in pair.after.rendered.of("Secret") if "alertmanager.yaml" in str(item.manifest)
        )


def _in_common(entry: Entry, edited: Setting, pair: Pair) -> int:
    """How many values of what was edited, on either side, the entry tells: of a route all that it has."""
    # The names of many alerts come last, and say nothing of their way.
    text = f"{entry.subject} {entry.text if entry.topic == 'routing' else entry.text.partition(':')[0]}"
    whole, side = entry_of(edited.key), pair.after if edited.before is None or edited.after is not None else pair.before
    values = {str(value) for key, value in side.snapshot.settings.items() if within(key, whole)}
    values |= {str(one.before) for one in pair.settings if within(one.key, whole)}
    return sum(contains(text, value) for value in values if value)


def _system(entry: Entry, pair: Pair) -> Iterator[str]:
    for side, said in _sides(pair):
        if f"systems.{entry.subject}" in side.lines:
            yield said(line(side, f"systems.{entry.subject}"))
            return


def _alert(entry: Entry, pair: Pair) -> Iterator[str]:
    """What is told of alerts without a place is not of their definitions but of the way to people."""
    yield from _routing(entry, pair)
    yield pair.where(f"alert {entry.subject}")


def _definition(entry: Entry, pair: Pair) -> Iterator[str]:
    yield pair.where(entry.subject)


_PLACES: dict[str, Callable[[Entry, Pair], Iterator[str]]] = {
    "network": _policies,
    "rights": _grants,
    "secret": _secret,
    "image": _image,
    "images": _image,
    "routing": _routing,
    "systems": _system,
    "alerts": _alert,
    "quieter": _alert,
    "broken": _definition,
    "dashboards": _definition,
}
