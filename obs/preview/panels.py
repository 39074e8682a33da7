"""One panel as HTML."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from html import escape

from dashboards.queries import Query
from dashboards.thresholds import legend
from model.dashboard import Panel, PanelKind
from model.rule import Signal
from obs.preview.answers import Answers, Line
from obs.preview.chart import chart
from obs.preview.values import judged, shown

_MOST = 10
_LINK = re.compile(r"\[([^\]]*)\]\(/d/([\w-]+)[^)]*\)")
Shown = Sequence[tuple[Signal, Line]]


def panel_html(panel: Panel, queries: Sequence[Query], answers: Answers) -> str:
    """A section on the dashboard's grid; it carries where a click leads and what the thresholds are."""
    lines = [
        (signal, line)
        for number, (signal, query) in enumerate(zip(panel.signals, queries, strict=True))
        for line in answers(panel, query, number)
    ]
    lead = f'<a href="#{escape(panel.link)}">{escape(panel.leads)}</a>' if panel.link else ""
    if panel.runbook:
        lead = f'<a href="{escape(panel.runbook[1])}">Runbook</a>'
    tiers = legend(panel.thresholds, panel.unit)
    notes = [panel.description, *(f"{s.description} Good: {s.good}" for s in panel.signals), tiers]
    notes += ["Alerts: " + ", ".join(panel.rules)] if panel.rules else []
    said = "".join(f"<p>{escape(note)}</p>" for note in notes if note)
    about = f"<details><summary>about</summary>{said}</details>" if said else ""
    # A grid row of Grafana is 30 px.
    return (
        f'<section class="panel" style="--w:{panel.width};--h:{panel.height}"><h4>{escape(panel.title)} {lead}</h4>'
        f"{_body(panel, lines)}{about}</section>"
    )


def _body(panel: Panel, lines: Shown) -> str:
    if panel.kind is PanelKind.TEXT:
        return _text(panel.text)
    if panel.lookup is not None:
        return f'<p class="nothing">asks {panel.lookup.store.name.lower()}:</p><pre>{escape(panel.lookup.query)}</pre>'
    if panel.kind is PanelKind.TIMESERIES:
        return chart(panel, [line for _, line in lines])
    if not lines:
        return '<p class="nothing">no data</p>'
    return _table(panel, lines) if panel.kind is PanelKind.TABLE else _values(panel, lines)


def _values(panel: Panel, lines: Shown) -> str:
    items = []
    for signal, line in lines[:_MOST]:
        value = line.values[-1]
        colour, word = judged(value, panel)
        top = signal.maximum or max((one.values[-1] for _, one in lines), default=1) or 1
        share = 0.0 if math.isnan(value) else max(0.0, min(value / top, 1.0))
        bar = f'<i style="width:{share * 100:.0f}%;background:{colour}"></i>' if panel.kind.endswith("gauge") else ""
        items.append(
            f'<li style="border-color:{colour}"><span>{escape(line.legend)}</span>'
            f"<b>{escape(shown(value, signal))}</b> <em>{word}</em>{bar}</li>"
        )
    return f'<ul class="values">{"".join(items)}</ul>{_left(lines)}'


def _table(panel: Panel, lines: Shown) -> str:
    names = list(dict.fromkeys(name for signal, _ in lines for name in signal.legend_labels))
    head = "".join(f"<th>{escape(name)}</th>" for name in (*names, "value", ""))
    rows = []
    for signal, line in lines[:_MOST]:
        colour, word = judged(line.values[-1], panel)
        cells = "".join(f"<td>{escape(line.labels.get(name, ''))}</td>" for name in names)
        value = escape(shown(line.values[-1], signal))
        rows.append(f'<tr>{cells}<td style="border-left:4px solid {colour}">{value}</td><td>{word}</td></tr>')
    return f"<table><tr>{head}</tr>{''.join(rows)}</table>{_left(lines)}"


def _left(lines: Shown) -> str:
    return f'<p class="scale">{len(lines) - _MOST} more</p>' if len(lines) > _MOST else ""


def _text(text: str) -> str:
    """The little Markdown that the program writes: headings, lists, links to dashboards, `code`."""
    found = _LINK.sub(r'<a href="#\2">\1</a>', escape(text, quote=False))
    lines = (re.sub(r"`([^`]+)`", r"<code>\1</code>", line) for line in found.splitlines() if line.strip())
    return "".join(f"<p>{re.sub(r'^(### |- )', '', line)}</p>" for line in lines)
