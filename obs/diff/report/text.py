"""The report for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.markup import escape

from obs.diff.entry import Entry, Level
from obs.diff.report.model import Report

_COLOUR = {Level.HIGH: "red", Level.MEDIUM: "yellow", Level.LOW: "cyan", Level.NONE: "green"}
_LINE = {"+": "green", "-": "red", "@": "cyan"}


def render(report: Report, *, explain: bool = False, diffs: bool = False) -> str:
    """In rich's markup. ``diffs`` prints the diff of each object instead of its counts alone."""
    return "\n".join([*_lines(report, explain, diffs), ""])


def _lines(report: Report, explain: bool, diffs: bool) -> Iterator[str]:
    yield f"[bold {_COLOUR[report.level]}]{escape(report.headline)}[/]"
    yield f"[dim]{escape(report.before)} → {escape(report.after)}[/]"
    topic = ""
    for entry in report.meaning:
        if entry.topic != topic:
            topic = entry.topic
            yield f"[bold]{topic}[/]"
        yield f"  [bold]{escape(entry.subject)}[/] {escape(entry.text)}"
        yield from _explained(entry, report) if explain else ()
    if report.risks:
        yield "[bold]risk[/]"
    for entry in report.risks:
        colour, allowed = ("dim", " (allowed)") if entry.approved else (_COLOUR[entry.level], "")
        said = f"{escape(entry.topic)} [bold]{escape(entry.subject)}[/] {escape(entry.text)}{allowed}"
        yield f"  [{colour}]{entry.level}[/] {said}"
        yield from _explained(entry, report) if explain else ()
    yield from _objects(report, diffs)
    if report.cut:
        counts = ", ".join(f"{number} {part}" for part, number in report.cut.items())
        yield f"[yellow]left out to fit:[/] {counts}; {_full(report)}"
    yield from (f"[yellow]![/] {escape(note)}" for note in report.remarks)


def _explained(entry: Entry, report: Report) -> Iterator[str]:
    places = [entry.where] if entry.where else []
    places += [f"{one.where} ({one.node})" for one in report.causes(entry)]
    yield f"    [dim]{escape(' · '.join([entry.why, *places]))}[/]"


def _full(report: Report) -> str:
    return f"the full report is {escape(report.full)}" if report.full else "--full FILE writes everything"


def _objects(report: Report, diffs: bool) -> Iterator[str]:
    if report.objects:
        yield "[bold]objects[/]"
    for one in report.objects:
        count = f" +{one.added} −{one.removed}" if one.lines else ""
        engine = f" · engine: {escape(one.operation)}" if one.operation else ""
        yield f"  {one.said or one.action} {escape(one.subject)}{count} [dim]{escape(one.component)}{engine}[/]"
        for line in one.lines if diffs else ():
            colour = _LINE.get(line[:1])
            yield f"    [{colour}]{escape(line)}[/]" if colour else f"    {escape(line)}"
