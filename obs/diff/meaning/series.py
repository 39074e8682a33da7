"""Series, samples and what they cost, before and after: the least that there can be, as nobody asks the cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from math import floor, log10
from typing import Any

from model.quantity import seconds
from obs.diff.entry import Entry, arrow, listed, places
from obs.diff.pair import Pair, Side

SAMPLE = 1.7
"""Bytes of a sample on disk (docs/sizes.md)."""
DISK = Decimal("0.04")
"""Dollars for a GB of Persistent Disk and a month (spec 70-operations 4.3)."""
_MANY = 1000
_WHY = (
    "a lower bound from the contracts of the scraped endpoints: one target of each endpoint and one series of each "
    "name that is stored; how many there are the cluster alone knows"
)
Stored = Mapping[str, Mapping[str, Any]]


def series(pair: Pair) -> Iterator[Entry]:
    """Nothing where one side was not run: contracts are in no object."""
    one, other = pair.before.snapshot.stored, pair.after.snapshot.stored
    if one is None or other is None or one == other:
        return
    changed = [name for name in sorted(one.keys() | other.keys()) if one.get(name) != other.get(name)]
    names = [sum(int(given["kept"]) for given in side.values()) for side in (one, other)]
    if names[0] != names[1]:
        yield _entry(pair, changed, "names of stored series", f"{arrow(*names)} ({_of_each(one, other, 'kept')})")
    rates = [sum(map(_rate, side.values())) for side in (one, other)]
    if f"{rates[0]:.4g}" != f"{rates[1]:.4g}":
        text = f"at least {arrow(*(f'{rate:.4g}' for rate in rates))} ({_of_each(one, other, 'rate')})"
        yield _entry(pair, changed, "samples a second", text)
        kept = [_disk(side, rate) for side, rate in zip((pair.before, pair.after), rates, strict=True)]
        if all(kept):
            yield _entry(pair, changed, "samples on disk", f"at least {_gigabytes(kept)} in Prometheus")
    yield from _intervals(pair, one, other)


def _intervals(pair: Pair, one: Stored, other: Stored) -> Iterator[Entry]:
    """The bound says little of an endpoint with many series, so what a thousand of them take is said, too."""
    for name in sorted(one.keys() & other.keys()):
        every = [str(side[name]["interval"]) for side in (one, other)]
        if every[0] == every[1] or any("," in interval for interval in every):
            continue
        rates = [_MANY / seconds(interval) for interval in every]
        disks = [_disk(side, rate) for side, rate in zip((pair.before, pair.after), rates, strict=True)]
        text = f"every {arrow(*every)}: {_MANY} series of it make {arrow(*(f'{rate:.3g}' for rate in rates))} samples/s"
        if all(disks):
            costs = [f"${Decimal(given) / Decimal(10**9) * DISK:.2f}" for given in disks]
            text += f", on disk {_gigabytes(disks)}"
            text += f", a month {arrow(*costs)}" if costs[0] != costs[1] else ""
        yield _entry(pair, [name], f"samples of {name}", text)


def _entry(pair: Pair, changed: list[str], subject: str, text: str) -> Entry:
    where = places(pair.where(f"contract {name}") for name in changed)
    return Entry(topic="estimates", subject=subject, text=text, where=where, why=_WHY)


def _of_each(one: Stored, other: Stored, field: str) -> str:
    read = _rate if field == "rate" else (lambda given: float(given.get(field, 0)))
    pairs = {name: (read(one.get(name, {})), read(other.get(name, {}))) for name in sorted(one.keys() | other.keys())}
    return listed([f"{name} {arrow(f'{a:.3g}', f'{b:.3g}')}" for name, (a, b) in pairs.items() if a != b])


def _rate(given: Mapping[str, Any]) -> float:
    """Samples a second; of a snapshot from before they were counted, as if there were one endpoint."""
    if not given:
        return 0.0
    return float(given.get("rate", given["kept"] / seconds(str(given["interval"]).partition(",")[0])))


def _disk(side: Side, rate: float) -> float:
    """Bytes of all replicas of Prometheus after its retention; 0 where no Prometheus says how long it keeps."""
    return sum(
        rate * SAMPLE * seconds(str(item.spec["retention"])) * int(item.spec.get("replicas") or 1)
        for item in side.rendered.of("Prometheus")
        if item.spec.get("retention")
    )


def _gigabytes(given: list[float]) -> str:
    """Both sides with as many decimals as the smaller one needs for three digits."""
    decimals = max(0, 2 - floor(log10(min(given) / 1e9)))
    return f"{arrow(*(f'{one / 1e9:.{decimals}f}' for one in given))} GB"
