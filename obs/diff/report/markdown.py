"""The report as Markdown: GitHub's with folded diffs, or plain for hosts that show no HTML (Bitbucket)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from obs.diff.entry import Entry, Level
from obs.diff.objects import ObjectDiff
from obs.diff.report.model import Report

_MARK = {Level.HIGH: "🔴", Level.MEDIUM: "🟠", Level.LOW: "🟡", Level.NONE: "🟢"}
_ACTION = {"added": "➕", "removed": "➖", "changed": "✏️"}
# What Markdown would take for itself in a text that is none: outside of code, and never inside.
_SPECIAL = re.compile(r"([\\*_\[\]<>|#~])")
_CODE = re.compile(r"(`[^`\n]*`|https?://[^\s;]+)")


def render(report: Report, *, folded: bool = True, explain: bool = False) -> str:
    """``folded`` uses HTML's details; ``explain`` says of each entry why it is there and what causes it."""
    lines = [f"### {_MARK[report.level]} {_text(report.headline)}", ""]
    if report.empty:
        lines += [_compared(report), ""]
        return "\n".join([*lines, *_notes(report)])
    lines += [*_part("What it means", report.meaning, report, explain), *_risks(report, explain)]
    lines += [*_objects(report, folded), *_cut(report), *_notes(report), _compared(report), ""]
    return "\n".join(lines)


def _compared(report: Report) -> str:
    return f"Compared: {_text(report.before)} → {_text(report.after)}"


def _text(text: str) -> str:
    """Text without Markdown of its own; what stands between backquotes stays code."""
    parts = _CODE.split(text.replace("\n", " "))
    return "".join(part if number % 2 else _SPECIAL.sub(r"\\\1", part) for number, part in enumerate(parts))


def _part(title: str, entries: tuple[Entry, ...], report: Report, explain: bool) -> Iterator[str]:
    if not entries:
        return
    yield from (f"#### {title}", "")
    topic = ""
    for entry in entries:
        if entry.topic != topic:
            topic = entry.topic
            yield from ("", f"**{topic.capitalize()}**", "")
        yield f"- **{_text(entry.subject)}**: {_text(entry.text)}"
        yield from _explained(entry, report) if explain else ()
    yield ""


def _risks(report: Report, explain: bool) -> Iterator[str]:
    if not report.risks:
        return
    yield from ("#### Risk", "")
    for entry in report.risks:
        allowed = " *(allowed by the stack's settings)*" if entry.approved else ""
        mark = "☑️" if entry.approved else _MARK[entry.level]
        yield f"- {mark} {entry.level} `{entry.topic}` **{_text(entry.subject)}** {_text(entry.text)}{allowed}"
        yield from _explained(entry, report) if explain else ()
    yield ""


def _explained(entry: Entry, report: Report) -> Iterator[str]:
    if entry.why:
        yield f"  - why: {_text(entry.why)}"
    if entry.where:
        yield f"  - defined at `{entry.where}`"
    for one in report.causes(entry):
        yield f"  - setting `{one.key}` at `{one.where}`"


def _objects(report: Report, folded: bool) -> Iterator[str]:
    if not report.objects:
        return
    yield from ("#### Objects", "")
    for one in report.objects:
        yield from _folded(one) if folded else _plain(one)


def _heading(one: ObjectDiff) -> str:
    count = f" (+{one.added} −{one.removed})" if one.lines else ""
    origin = "" if one.origin == "program" else f", chart {one.origin}"
    engine = f" · engine: {one.operation}" if one.operation else ""
    return f"{one.subject} {one.action}{count} · {one.component}{origin}{engine}"


def _folded(one: ObjectDiff) -> Iterator[str]:
    heading = f"{_ACTION[one.action]} {_html(_heading(one))}"
    if not one.lines:
        yield from (f"- {heading}", "")
        return
    fence = _fence(one)
    yield from (f"<details><summary>{heading}</summary>", "", f"{fence}diff", *one.lines, fence, "", "</details>", "")


def _plain(one: ObjectDiff) -> Iterator[str]:
    yield from (f"- {_ACTION[one.action]} {_text(_heading(one))}", "")
    if one.lines:
        fence = _fence(one)
        yield from (f"{fence}diff", *one.lines, fence, "")


def _html(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _fence(one: ObjectDiff) -> str:
    """Longer than any run of backquotes in the diff, as CommonMark wants it."""
    longest = max((len(run) for line in one.lines for run in re.findall("`+", line)), default=0)
    return "`" * max(3, longest + 1)


def _cut(report: Report) -> Iterator[str]:
    if report.cut:
        counts = ", ".join(f"{number} {part}" for part, number in report.cut.items())
        yield from (f"✂️ **Left out to fit: {counts}.** The full report is a file of the pipeline.", "")


def _notes(report: Report) -> Iterator[str]:
    if report.remarks:
        yield from ("Not compared or to be looked at:", "")
        yield from (f"- {_text(note)}" for note in report.remarks)
        yield ""
