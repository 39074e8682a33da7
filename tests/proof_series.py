"""Series of a proof: a few words for each, written out in promtool's compressed notation.

A value is Python over ``value`` (the number that the proof is about): a number is a gauge, ``rate(x)`` a counter that
grows by x a second, ``now - x`` the time x seconds ago, ``line(start, x)`` a gauge that moves by x a second,
``flow(x)`` a gauge that is 0 when nothing happens, and ``none`` no series at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

_SERIES = re.compile(r"([a-zA-Z_:][\w:]*)(?:\{(.*)\})?")
_LABEL = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True)
class Line:
    """A series while nothing changes. ``slope`` is per second; of a counter ``start`` is what it has counted before."""

    start: float
    slope: float = 0
    counter: bool = False
    clock: bool = False
    flow: bool = False

    def __add__(self, more: float) -> Line:
        return replace(self, start=self.start + more)

    def __sub__(self, less: float) -> Line:
        return self + -less


@dataclass(frozen=True)
class Phase:
    """``samples`` of a series with this value; ``reset``: its counters begin again at its start."""

    samples: int
    value: float | None
    idle: bool = False
    gone: bool = False
    reset: bool = False


def line(text: str, value: float | None) -> Line | None:
    """What a text means for a value. Raises ValueError, naming the text, where it is none."""
    found = calculated(
        text,
        value,
        now=Line(0, 1, clock=True),
        rate=lambda per_second: Line(0, per_second, counter=True),
        line=Line,
        flow=lambda now: Line(now, flow=True),
    )
    return found if found is None or isinstance(found, Line) else Line(float(found))


def calculated(text: str, value: float | None, **names: Any) -> Any:
    try:
        return eval(text, {"__builtins__": {}}, {"value": value, "none": None, **names})
    except Exception as error:
        raise ValueError(f"{text!r} with value {value}: {error}") from error


def values(text: str, phases: Sequence[Phase], interval: int) -> str:
    """The phases one after another in promtool's notation."""
    return " ".join(_parts(text, phases, interval))


def _parts(text: str, phases: Sequence[Phase], interval: int) -> Iterator[str]:
    counted, at, there = 0.0, 0, False
    for phase in phases:
        now = None if phase.gone else line(text, phase.value)
        if now is None:
            # Prometheus marks a series that is scraped no more.
            yield f"stale _x{phase.samples - 1}" if there else f"_x{phase.samples}"
        else:
            slope = 0 if now.counter and phase.idle else now.slope * interval
            start = now.start + at if now.clock else now.start
            if now.flow and phase.idle:
                start = 0
            if now.counter:
                start += slope if phase.reset else counted
                counted = start + slope * phase.samples
            yield _run(start, slope, phase.samples)
        there = now is not None
        at += phase.samples * interval


def _run(start: float, slope: float, samples: int) -> str:
    more = f"{'+' if slope >= 0 else '-'}{_number(abs(slope))}" if slope else ""
    return f"{_number(start)}{more}x{samples - 1}" if samples > 1 else _number(start)


def _number(value: float) -> str:
    return f"{value:.9f}".rstrip("0").rstrip(".") if value % 1 else f"{value:.0f}"


def counts(text: str, value: float | None) -> bool:
    found = line(text, value)
    return found is not None and (found.counter or found.flow)


def recorded(series: str) -> bool:
    return ":" in series.partition("{")[0]


def named(series: str, cluster: str, instance: str) -> str:
    """The series in a cluster, from an exporter's instance."""
    found = _SERIES.fullmatch(series)
    if found is None:
        raise ValueError(f'{series!r} is no series, as metric{{label="value"}}')
    labels = {"cluster": cluster, **dict(_LABEL.findall(found[2] or ""))}
    if not recorded(series):
        labels["instance"] = labels.get("instance", "i") + instance
    return f"{found[1]}{{{written(labels)}}}"


def written(labels: dict[str, str]) -> str:
    return ",".join(f'{name}="{value}"' for name, value in sorted(labels.items()))
