"""Replicas, requests and volumes, part by part, and what the stack asks for in all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from obs.diff.entry import Entry, arrow, places
from obs.diff.meaning.series import DISK, series
from obs.diff.pair import Pair, Side
from obs.diff.workloads import Workload

_WHY = "what the part asks for differs"
# The list prices that the requirements calculate with (spec 70-operations 4.3): a node n1-standard-2 of 2 CPUs and
# 7.5 GB for 730 h at $0.095; that of a disk is in series.py.
NODE, NODE_CPUS, NODE_BYTES = Decimal("69.35"), Decimal(2), Decimal("7.5e9")


def sizes(pair: Pair) -> Iterator[Entry]:
    before, after = pair.before.workloads, pair.after.workloads
    for subject in sorted(before.keys() | after.keys()):
        one, other = before.get(subject), after.get(subject)
        if one is None or other is None:
            given = one or other
            text = f"{'added' if one is None else 'removed'}: {_said(given)}" if given else ""
        else:
            text = "; ".join(_changes(one, other))
        if text:
            yield Entry(topic="sizes", subject=subject, text=text, where=pair.place(subject), why=_WHY)


def _said(given: Workload) -> str:
    volumes = "".join(f", volume {size}" for size in given.volumes.values())
    if given.kind == "PersistentVolumeClaim":
        return volumes.removeprefix(", ")
    pods = "a pod on each node" if given.kind == "DaemonSet" else f"{given.pods} pod{'s' * (given.pods != 1)}"
    return f"{pods}, {given.total('cpu').normalize():f} CPU, {_bytes(given.total('memory'))}{volumes}"


def _changes(one: Workload, other: Workload) -> Iterator[str]:
    if one.pods != other.pods:
        yield f"pods {arrow(one.pods, other.pods)}"
    for name in sorted(one.volumes.keys() | other.volumes.keys()):
        if one.volumes.get(name) != other.volumes.get(name):
            yield f"volume {name} {arrow(one.volumes.get(name), other.volumes.get(name))}"
    for word, a, b in (("requests", one.requests, other.requests), ("limit", one.limits, other.limits)):
        yield from _resources(word, a, b)


def _resources(
    word: str, one: Mapping[str, Mapping[str, str]], other: Mapping[str, Mapping[str, str]]
) -> Iterator[str]:
    for container in sorted(one.keys() & other.keys()):
        a, b = one[container], other[container]
        for resource in sorted(a.keys() | b.keys()):
            if a.get(resource) != b.get(resource):
                yield f"{container} {word} {resource} {arrow(a.get(resource), b.get(resource))}"


def estimates(pair: Pair) -> Iterator[Entry]:
    """Sums of both sides; nothing where they are equal."""
    one, other = _totals(pair.before), _totals(pair.after)
    for name in other:
        if one[name] != other[name]:
            why = "the sum over every pod and volume that is rendered; a DaemonSet counts once"
            text = arrow(one[name], other[name])
            yield Entry(topic="estimates", subject=name, text=text, where=_largest(pair), why=why)
    yield from series(pair)


def _largest(pair: Pair) -> str:
    """What registers the parts that differ, up to three."""
    before, after = pair.before.workloads, pair.after.workloads
    changed = (name for name in sorted(before.keys() | after.keys()) if before.get(name) != after.get(name))
    return places(map(pair.place, changed))


def _totals(side: Side) -> dict[str, str]:
    found = side.workloads.values()
    cpu = sum((w.total("cpu") for w in found), Decimal(0))
    memory = sum((w.total("memory") for w in found), Decimal(0))
    disk = sum((w.storage for w in found), Decimal(0))
    nodes = max(cpu / NODE_CPUS, memory / NODE_BYTES)
    cost = nodes * NODE + disk / Decimal("1e9") * DISK
    return {
        "pods": str(sum(w.pods for w in found if w.kind != "PersistentVolumeClaim")),
        "CPU requested": f"{cpu.normalize():f}",
        "memory requested": _bytes(memory),
        "storage": _bytes(disk),
        "cost a month at list price": f"${cost:.0f}",
    }


def _bytes(value: Decimal) -> str:
    return f"{value / 2**30:.1f} GiB"
