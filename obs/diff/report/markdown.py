"""The report as Markdown: GitHub's with folded diffs, or plain for hosts that show no HTML (Bitbucket).

Bitbucket Cloud renders with Python-Markdown, the others with CommonMark: what both take alike is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from obs.diff.entry import Entry, Level
from obs.diff.objects import ObjectDiff
from obs.diff.report.model import Report

_MARK = {Level.HIGH: "🔴", Level.MEDIUM: "🟠", Level.LOW: "🟡", Level.NONE: "🟢"}
_ACTION = {"added": "➕", "removed": "➖", "changed": "✏️"}
# What Markdown would take for itself in a text that is none: outside of code, and never inside.
_SPECIAL = re.compile(r"([\\*_\[\]>#])")
# Python-Markdown knows no backslash before these.
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", "|": "&#124;", "~": "&#126;"})
_CODE = re.compile(r"(`[^`\n]*`|https?://[^\s;,]+)")
_BRIEF = 25
"""Lines of a diff that stands unfolded in a report that is brief; longer ones are counted."""
_BRIEF_SUM = 100
_NESTED = " " * 4
"""Python-Markdown nests a list from four spaces on, CommonMark from two to five."""


def render(report: Report, *, folded: bool = True, explain: bool = False, brief: bool = False) -> str:
    """``folded`` uses HTML's details; ``explain`` says of each entry why it is there and what causes it; ``brief``
    leaves long diffs out where they are not folded: nobody reads past them."""
    lines = [f"### {_MARK[report.level]} {_text(report.headline)}", "", *_cut(report)]
    if report.empty:
        lines += [_compared(report), ""]
        return "\n".join([*lines, *_notes(report)])
    lines += [*_part("What it means", report.meaning, report, explain), *_risks(report, explain)]
    lines += [*(_folded_objects(report) if folded else _plain_objects(report, brief))]
    return "\n".join([*lines, *_notes(report), _compared(report), ""])


def _compared(report: Report) -> str:
    return f"Compared: {_text(report.before)} → {_text(report.after)}"


def _text(text: str) -> str:
    """Text without Markdown of its own; what stands between backquotes stays code."""
    parts = _CODE.split(text.replace("\n", " "))
    return "".join(_quoted(part) if number % 2 else _escaped(part) for number, part in enumerate(parts))


def _quoted(part: str) -> str:
    """Code as it is, an address as a link: bare ones are none in CommonMark."""
    return part if part.startswith("`") else f"<{part}>"


def _escaped(part: str) -> str:
    return _SPECIAL.sub(r"\\\1", part).translate(_ENTITIES)


def _part(title: str, entries: tuple[Entry, ...], report: Report, explain: bool) -> Iterator[str]:
    if not entries:
        return
    yield f"#### {title}"
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
        yield f"{_NESTED}- why: {_text(entry.why)}"
    if entry.where:
        yield f"{_NESTED}- defined at `{entry.where}`"
    for one in report.causes(entry):
        yield f"{_NESTED}- setting `{one.node}` at `{one.where}`"


def _folded_objects(report: Report) -> Iterator[str]:
    if report.objects:
        yield from ("#### Objects", "")
        for one in report.objects:
            yield from _folded(one)


def _plain_objects(report: Report, brief: bool) -> Iterator[str]:
    """Each object by its name; below them the diffs, of which a brief report has the short ones."""
    if not report.objects:
        return
    yield from ("#### Objects", "")
    yield from (f"- {_ACTION[one.action]} {_text(_heading(one))}" for one in report.objects)
    yield ""
    shown = 0
    for one in (one for one in report.objects if one.lines):
        if brief and (len(one.lines) > _BRIEF or shown + len(one.lines) > _BRIEF_SUM):
            continue
        shown += len(one.lines)
        fence = _fence(one)
        yield from (f"**{_text(one.subject)}**", "", f"{fence}diff", *one.lines, fence, "")
    if brief and shown < sum(len(one.lines) for one in report.objects):
        yield from (f"Longer diffs are left out. {_full(report)}", "")


def _heading(one: ObjectDiff) -> str:
    count = f" (+{one.added} −{one.removed})" if one.lines else ""
    origin = "" if one.origin == "program" else f", chart {one.origin}"
    engine = f" · engine: {one.operation}" if one.operation else ""
    return f"{one.subject} {one.said or one.action}{count} · {one.component}{origin}{engine}"


def _folded(one: ObjectDiff) -> Iterator[str]:
    heading = f"{_ACTION[one.action]} {_html(_heading(one))}"
    if not one.lines:
        yield from (f"- {heading}", "")
        return
    fence = _fence(one)
    yield from (f"<details><summary>{heading}</summary>", "", f"{fence}diff", *one.lines, fence, "", "</details>", "")


def _html(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _fence(one: ObjectDiff) -> str:
    """Longer than any run of backquotes in the diff, as CommonMark wants it."""
    longest = max((len(run) for line in one.lines for run in re.findall("`+", line)), default=0)
    return "`" * max(3, longest + 1)


def _cut(report: Report) -> Iterator[str]:
    if report.cut:
        counts = ", ".join(f"{number} {part}" for part, number in report.cut.items())
        yield from (f"✂️ **Left out to fit: {counts}.** {_full(report)}", "")


def _full(report: Report) -> str:
    return f"The full report is the file `{report.full}`." if report.full else "`--full FILE` writes everything."


def _notes(report: Report) -> Iterator[str]:
    if report.remarks:
        yield from ("Not compared or to be looked at:", "")
        yield from (f"- {_text(note)}" for note in report.remarks)
        yield ""
