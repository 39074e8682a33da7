"""A timeline for people: one line for each step, and a table of where every alert is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext

from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from obs.simulate.follow import Outcome
from obs.simulate.timeline import Timeline
from obs.simulate.track import Event, Kind, Track

_COLUMNS = ("alert", "pending", "firing", "told", "resolved", "end told")
_COLOURS = {Kind.FAULT: "red", Kind.FIRING: "red", Kind.PENDING: "yellow", Kind.HEALED: "green", Kind.RESOLVED: "green"}


class Shown:
    """Prints each step once; on a terminal the table of the alerts stays below it until the end."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, refresh_per_second=4) if console.is_terminal else None
        self._printed = 0

    def running(self) -> AbstractContextManager[object]:
        return self._live or nullcontext()

    def __call__(self, timeline: Timeline) -> None:
        for event in timeline.events[self._printed :]:
            self._console.print(line(event, timeline.fault), highlight=False, soft_wrap=True)
        self._printed = len(timeline.events)
        if self._live is not None:
            self._live.update(_state(timeline))


def line(event: Event, fault: float) -> str:
    """One step as a line of rich markup, with the seconds since the fault."""
    subject = f"{escape(event.alert)}{f' ({event.severity})' if event.severity else ''}"
    match event.kind:
        case Kind.TOLD:
            what = (
                f"[bold]{escape(event.receiver)}[/] told of {subject}: {escape(event.summary)} {escape(event.runbook)}"
            )
        case Kind.TOLD_RESOLVED:
            what = f"[bold]{escape(event.receiver)}[/] told that {escape(event.alert)} is resolved"
        case Kind.MUTED:
            what = f"{subject} muted by {escape(event.receiver)}"
        case Kind.KNOWN:
            what = f"{escape(event.receiver)} knows of {subject} and was never told of its end: not told again"
        case _:
            words = f"[{colour}]{event.kind}[/]" if (colour := _COLOURS.get(event.kind)) else event.kind
            what = f"{subject} {words}".strip()
    return f"[dim]{event.at - fault:7.1f} s[/]  {what}"


def _state(timeline: Timeline) -> Group:
    waiting = timeline.waiting()
    more = f" and {len(waiting) - 1} more" if len(waiting) > 1 else ""
    return Group(table(timeline), Text(f"waiting for {waiting[0]}{more}" if waiting else "", style="dim"))


def table(timeline: Timeline) -> Table:
    """Every alert that was expected or fired, with seconds since the fault."""
    shown = Table(box=None, pad_edge=False)
    for column in _COLUMNS:
        shown.add_column(column, overflow="fold", no_wrap=column == "alert")
    for track in timeline.tracks.values():
        shown.add_row(*_row(track, timeline.fault))
    for name, at in timeline.others.items():
        shown.add_row(f"[red]{escape(name)}[/]", "", _since(at, timeline.fault), "[red]not expected[/]")
    return shown


def _row(track: Track, fault: float) -> Iterator[str]:
    yield escape(track.alert)
    yield _since(track.pending, fault)
    yield _since(track.firing, fault)
    heard = [f"{escape(receiver)} {_since(at, fault)}" for receiver, at in track.told.items()]
    quiet = f"muted by {', '.join(track.muted_by)}" if track.muted_by else "known before" if track.known else ""
    yield "\n".join(heard) or quiet
    yield _since(track.resolved, fault)
    yield _since(max(track.told_resolved.values(), default=None), fault)


def _since(at: float | None, fault: float) -> str:
    return "" if at is None else f"{at - fault:.1f} s"


def verdict(outcome: Outcome) -> Iterator[str]:
    """Detection and problems, as lines of rich markup."""
    first = outcome.timeline.first_told
    if first is not None:
        yield f"detected: the first notification came {first:.1f} s after the fault"
    for alert, time in outcome.timeline.detection().items():
        yield f"  {escape(alert)} (critical): {time:.1f} s{_estimate(time, outcome.compression)}"
    for problem in outcome.problems:
        yield f"[red]problem:[/] {escape(problem)}"
    if not outcome.problems:
        yield f"[green]✓[/] exactly the alerts of {escape(outcome.scenario)} fired, were told, and are resolved"


def _estimate(time: float, compression: int) -> str:
    if compression == 1:
        return ""
    return f"; at production's pace an estimated {time * compression:.0f} s ({compression} times as long)"
