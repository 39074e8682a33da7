"""The page: every dashboard below the other, on Grafana's grid of 24 columns, with nothing from anywhere else."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from dashboards.cost import cost
from dashboards.layout import arrange
from dashboards.queries import dashboard_variables, panel_queries
from model.dashboard import Dashboard
from obs.preview.answers import Answers
from obs.preview.panels import panel_html

_STYLE = """
:root{color-scheme:light dark;--line:#8885;--soft:#8881}
body{font:14px/1.4 system-ui,sans-serif;margin:0 auto;max-width:1500px;padding:1rem}
nav ul{columns:3;padding-left:1.2em}
h2{border-top:3px solid var(--line);padding-top:1rem;margin:2.5rem 0 .2rem}
h3{background:var(--soft);padding:.3rem .5rem;margin:1rem 0 .4rem}
h4{margin:0 0 .3rem;font-size:1em}h4 a{font-weight:normal;font-size:.85em}
.grid{display:grid;grid-template-columns:repeat(24,minmax(0,1fr));gap:8px}
.panel{grid-column:span var(--w);min-height:calc(var(--h)*22px);border:1px solid var(--line);border-radius:4px;
padding:.5rem;overflow:auto;box-sizing:border-box}
.panel svg:not(.mark){width:100%;height:110px;background:var(--soft)}.mark{width:20px;height:6px;margin-right:.4em}
ul.legend,ul.values{list-style:none;margin:.2rem 0;padding:0}ul.legend b{white-space:nowrap}
ul.values li{border-left:6px solid;padding:.1rem .5rem;margin:.3rem 0;overflow-wrap:anywhere}
ul.values b{font-size:1.4em;margin:0 .3em}ul.values i{display:block;height:6px;border-radius:3px}
em{font-style:normal;font-weight:600}.scale,.nothing,details,.way{opacity:.75;font-size:.9em;margin:.2rem 0}
table{border-collapse:collapse;width:100%;font-size:.9em}td,th{text-align:left;padding:.15rem .4rem;
border-bottom:1px solid var(--line);overflow-wrap:anywhere}
pre{white-space:pre-wrap;overflow-wrap:anywhere;font-size:.85em}
@media(max-width:800px){.grid{grid-template-columns:1fr}.panel{grid-column:auto;min-height:0}nav ul{columns:1}}
"""


def page(stack: str, dashboards: Sequence[Dashboard], answers: Answers, said: str) -> str:
    """One HTML document; ``said`` tells where its values come from."""
    items = "".join(
        f'<li style="margin-left:{d.level}em"><a href="#{escape(d.uid)}">{escape(_short(d))}</a></li>'
        for d in dashboards
    )
    body = "".join(_dashboard(d, answers) for d in dashboards)
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>Dashboards of {escape(stack)}</title><style>{_STYLE}</style></head><body>"
        f"<h1>Dashboards of stack {escape(stack)}</h1><p>{escape(said)}</p><nav><ul>{items}</ul></nav>{body}"
        "</body></html>\n"
    )


def _dashboard(dashboard: Dashboard, answers: Answers) -> str:
    variables = dashboard_variables(dashboard)
    way = " › ".join(f'<a href="#{escape(uid)}">{escape(title)}</a>' for uid, title in dashboard.trail)
    choices = ", ".join([*(v.name for v in variables), *(field.name for field in dashboard.fields)])
    rows = []
    for row, place in zip(dashboard.rows, arrange(dashboard.rows), strict=True):
        panels = "".join(panel_html(p, panel_queries(p, variables), answers) for p in row.panels)
        closed = " (collapsed)" if place.collapsed else ""
        rows.append(f'<h3>{escape(row.title)}{closed}</h3><div class="grid">{panels}</div>')
    return (
        f'<article id="{escape(dashboard.uid)}"><h2>{escape(dashboard.title)}</h2><p class="way">{way}</p>'
        f'<p>{escape(dashboard.description)}</p><p class="way">{escape(str(cost(dashboard)))} Chosen by: '
        f"{escape(choices)}.</p>{''.join(rows)}</article>"
    )


def _short(dashboard: Dashboard) -> str:
    return dashboard.title.removeprefix("DataOps - ")
