"""One panel of the model as one panel of Grafana. The kinds are Grafana's plugin ids."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from dashboards import thresholds
from dashboards.kinds import KINDS, ends
from dashboards.layout import Cell
from dashboards.links import KEEP, alert_page, series_url, url
from dashboards.queries import DATASOURCE, SOURCES, Query
from model.dashboard import OVER_TIME, Lookup, Panel, PanelKind, Store
from model.quantity import duration
from model.rule import Severity

# The SDK's modules are imported where a panel is built: they cost 0.05 s, which a command that asks only
# for panel ids or expressions does not pay.
if TYPE_CHECKING:
    from grafana_foundation_sdk.builders.dashboard import DashboardLink
    from grafana_foundation_sdk.builders.dashboard import Panel as Builder
    from grafana_foundation_sdk.cog.builder import Builder as SdkBuilder
    from grafana_foundation_sdk.cog.variants import Dataquery as Target
    from grafana_foundation_sdk.models.dashboard import DashboardLink as Click
    from grafana_foundation_sdk.models.dashboard import DataSourceRef

NO_DATA = "no data"
NOTHING = "nothing found"
"""Of what is good when there is none of it: it cannot be told from a source that is silent, which has its own alert."""
# Grafana's own choice of decimals would show 99.95 % as 100.0 %, and 1 restart as 1.02 (increase extrapolates).
# It does suit the ticks of an axis.
_DECIMALS = {"percentunit": 2, "percent": 2, "none": 0}


def build(panel: Panel, *, panel_id: int, cell: Cell, queries: Sequence[Query]) -> Builder:
    """The builder of a valid panel; ``queries`` are those of its signals, in order."""
    from grafana_foundation_sdk.builders.dashboard import Panel as Builder
    from grafana_foundation_sdk.models.dashboard import GridPos

    builder = Builder().type(panel.kind).id(panel_id).title(panel.title)
    builder.description(_description(panel, queries)).grid_pos(GridPos(x=cell.x, y=cell.y, w=cell.w, h=cell.h))
    if panel.link:
        builder.links([_link(f"Open {panel.leads}", url(panel.link))])
    elif panel.runbook:
        alert, page = panel.runbook
        builder.links([_link(f"Runbook of {alert}", page).target_blank(True)])
    if panel.kind is PanelKind.TEXT:
        return _text(builder, panel)
    if panel.lookup is not None:
        builder.datasource(store(panel.lookup.store)).targets([_lookup(panel.kind, panel.lookup)])
    else:
        builder.datasource(datasource()).targets([_target(panel, query) for query in queries])
    if panel.kind is not PanelKind.LOGS:
        _field(builder, panel)
    KINDS[panel.kind](builder, panel, queries)
    return builder


def datasource() -> DataSourceRef:
    """The Prometheus that the viewer chose."""
    from grafana_foundation_sdk.models.dashboard import DataSourceRef

    return DataSourceRef(type_val="prometheus", uid=f"${{{DATASOURCE}}}")


def store(kind: Store) -> DataSourceRef:
    """The logs or traces that the viewer chose."""
    from grafana_foundation_sdk.models.dashboard import DataSourceRef

    return DataSourceRef(type_val=kind.value, uid=f"${{{SOURCES[kind]}}}")


def _lookup(kind: PanelKind, lookup: Lookup) -> SdkBuilder[Target]:
    from grafana_foundation_sdk.builders import loki, tempo

    if lookup.store is Store.TRACES:
        return tempo.TempoQuery().ref_id("A").query_type("traceql").query(lookup.query).limit(20)
    target = loki.Dataquery().ref_id("A").expr(lookup.query).legend_format(lookup.legend)
    target.datasource(store(Store.LOGS))
    return target.query_type("range" if kind in (*OVER_TIME, PanelKind.LOGS) else "instant")


def _target(panel: Panel, query: Query) -> SdkBuilder[Target]:
    from grafana_foundation_sdk.builders.prometheus import Dataquery
    from grafana_foundation_sdk.models.prometheus import PromQueryFormat, QueryEditorMode

    table = panel.kind is PanelKind.TABLE
    target = Dataquery().ref_id(query.ref_id).expr(query.expr).legend_format(query.legend).datasource(datasource())
    target.editor_mode(QueryEditorMode.CODE)
    target.format(PromQueryFormat.TABLE if table else PromQueryFormat.TIME_SERIES)
    if panel.exemplars:
        target.exemplar(True)
    if query.window:
        target.interval(duration(query.least_step))
    return target.range() if panel.kind in OVER_TIME else target.instant()


def _field(builder: Builder, panel: Panel) -> None:
    """What every kind with values shares: unit, colour steps, decimals, the word for no data, the click."""
    from grafana_foundation_sdk.builders.dashboard import FieldColor, ThresholdsConfig
    from grafana_foundation_sdk.models.dashboard import FieldColorModeId, Threshold, ThresholdsMode

    unit = panel.unit
    steps = [Threshold(value=step.value, color=step.colour) for step in thresholds.steps(panel.thresholds)]
    lines = panel.kind in OVER_TIME
    builder.unit(unit).no_value(_nothing(panel))
    builder.thresholds(ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps))
    builder.color_scheme(FieldColor().mode(FieldColorModeId.PALETTE_CLASSIC if lines else FieldColorModeId.THRESHOLDS))
    if unit in _DECIMALS and not lines:
        builder.decimals(_DECIMALS[unit])
    table = panel.kind is PanelKind.TABLE
    clicks: list[SdkBuilder[Click]] = []
    if panel.runbooks:
        clicks.append(_link("Runbook", alert_page(panel.runbooks, table=table)).target_blank(True))
    if panel.link:
        there = series_url(panel.link, panel.carries, panel.keeps, table=table)
        clicks.append(_link(f"Open {panel.leads}", there))
    if clicks:
        builder.data_links(clicks)
    _words(builder, panel)
    _states(builder, panel)
    # On a time axis both ends are soft (see _timeseries): a spent error budget is below 0, and a hard end cuts it off.
    low, high = ends(panel)
    if low is not None and not lines:
        builder.min(low)
    if high is not None and not lines:
        builder.max(high)


def _nothing(panel: Panel) -> str:
    """What stands where there is no series."""
    none = panel.signals and all(signal.good.startswith("Nothing is shown") for signal in panel.signals)
    return panel.empty or (NOTHING if none else NO_DATA)


def _text(builder: Builder, panel: Panel) -> Builder:
    from grafana_foundation_sdk.models.text import Options, TextMode

    click = f"\n\n[Click to view]({url(panel.link)})" if panel.link else ""
    content = panel.text.rstrip().replace("{keep}", KEEP) + click
    return builder.options(Options(mode=TextMode.MARKDOWN, content=content))


def _words(builder: Builder, panel: Panel) -> None:
    """Values that mean something are words, and series that are named after a severity have its colour."""
    from grafana_foundation_sdk.models.dashboard import DynamicConfigValue, ValueMap, ValueMappingResult

    words = dict(word for signal in panel.signals for word in signal.words)
    if words:
        colour = thresholds.OK.hex if panel.tiers else None  # no alert at all is well
        options = {
            f"{value:g}": ValueMappingResult(text=text, color=colour, index=i)
            for i, (value, text) in enumerate(words.items())
        }
        builder.mappings([ValueMap(options=options)])
    for severity, tier in thresholds.SEVERITY.items() if panel.tiers else ():
        fixed = {"mode": "fixed", "fixedColor": tier.hex}
        builder.override_by_name(severity.value, [DynamicConfigValue("color", fixed)])


def _states(builder: Builder, panel: Panel) -> None:
    """Labels that say how an object is: a table colours their cells, other kinds the series that are named so."""
    from grafana_foundation_sdk.models import common
    from grafana_foundation_sdk.models.dashboard import DynamicConfigValue, ValueMap, ValueMappingResult

    columns: dict[str, dict[str, ValueMappingResult]] = {}
    for label, value, severity in (state for signal in panel.signals for state in signal.states):
        colour = (thresholds.SEVERITY[Severity(severity)] if severity else thresholds.OK).hex
        if panel.kind is PanelKind.TABLE:
            mapped = columns.setdefault(label, {})
            mapped[value] = ValueMappingResult(text=value, color=colour, index=len(mapped))
        else:
            fixed = [DynamicConfigValue("color", {"mode": "fixed", "fixedColor": colour})]
            if all(s.legend == f"{{{{{label}}}}}" for s in panel.signals):
                builder.override_by_name(value, fixed)
            else:
                builder.override_by_regexp(rf"/\b{re.escape(value)}\b/", fixed)
    cell = common.TableColoredBackgroundCellOptions(common.TableCellBackgroundDisplayMode.BASIC)
    for label, mapped in columns.items():
        values = [
            DynamicConfigValue("mappings", [ValueMap(options=mapped)]),
            DynamicConfigValue("custom.cellOptions", cell),
        ]
        builder.override_by_name(label, values)


def _description(panel: Panel, queries: Sequence[Query]) -> str:
    """Markdown: what is shown and what a good value is, over what rates are taken, which tiers and rules it has."""
    said = [f"{s.description.strip()} Good: {s.good.strip().rstrip('.')}." for s in panel.signals]
    if len(said) > 1:
        said = [f"- **{signal.title}**: {text}" for signal, text in zip(panel.signals, said, strict=True)]
    watched = f"Alerts: {', '.join(panel.rules)}." if panel.rules else ""
    recorded = list(dict.fromkeys(f"`{s.record}`" for s in panel.signals if s.record))
    rules = f"Recorded as {', '.join(recorded)}." if recorded else ""
    windows = " or ".join(dict.fromkeys(duration(query.window) for query in queries if query.window))
    wide = f"Rates over {windows}, and over all of a point that is wider." if windows else ""
    parts = (
        panel.description.strip(),
        "\n".join(said),
        wide,
        thresholds.legend(panel.thresholds, panel.unit),
        " ".join(part for part in (watched, rules) if part),
    )
    return "\n\n".join(part for part in parts if part)


def _link(title: str, target: str) -> DashboardLink:
    from grafana_foundation_sdk.builders.dashboard import DashboardLink

    return DashboardLink(title).url(target)
