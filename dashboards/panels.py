"""One panel of the model as one panel of Grafana. The kinds are Grafana's plugin ids."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from dashboards import thresholds
from dashboards.layout import Cell
from dashboards.queries import Query
from dashboards.validation import DATASOURCE
from model.dashboard import Panel, PanelKind
from model.promql import CLUSTER

# The SDK's modules are imported where a panel is built: they cost 0.05 s, which a command that asks only
# for panel ids or expressions does not pay.
if TYPE_CHECKING:
    from grafana_foundation_sdk.builders.dashboard import Panel as Builder
    from grafana_foundation_sdk.cog.builder import Builder as SdkBuilder
    from grafana_foundation_sdk.cog.variants import Dataquery as Target
    from grafana_foundation_sdk.models.common import ReduceDataOptions
    from grafana_foundation_sdk.models.dashboard import DashboardLink as LinkModel
    from grafana_foundation_sdk.models.dashboard import DataSourceRef

# Grafana fills in the chosen range and variables, so a link keeps both.
KEEP = "${__url_time_range}&${__all_variables}"
NO_DATA = "no data"
# Units whose values start at 0. "none" is for whole numbers, "short" for any other plain number.
_ZERO_BASED = {"percentunit", "percent", "none", "short", "bytes", "decbytes", "Bps", "binBps", "ops", "reqps", "cps"}
# Grafana's own choice of decimals would show 99.95 % as 100.0 %, and 1 restart as 1.02 (increase extrapolates).
# It does suit the ticks of an axis.
_DECIMALS = {"percentunit": 2, "percent": 2, "none": 0}
_LABEL = re.compile(r"\{\{\s*(\w+)\s*\}\}")


def build(panel: Panel, *, panel_id: int, cell: Cell, queries: Sequence[Query]) -> Builder:
    """The builder of a valid panel; ``queries`` are those of its signals, in order."""
    from grafana_foundation_sdk.builders.dashboard import Panel as Builder
    from grafana_foundation_sdk.models.dashboard import GridPos

    builder = Builder().type(panel.kind).id(panel_id).title(panel.title)
    builder.description(_description(panel)).grid_pos(GridPos(x=cell.x, y=cell.y, w=cell.w, h=cell.h))
    if panel.link:
        builder.links([_link(panel.link)])
    if panel.kind is PanelKind.TEXT:
        return _text(builder, panel)
    builder.datasource(datasource()).targets([_target(panel.kind, query) for query in queries])
    _field(builder, panel)
    _KINDS[panel.kind](builder, panel, queries)
    return builder


def datasource() -> DataSourceRef:
    """The Prometheus that the viewer chose."""
    from grafana_foundation_sdk.models.dashboard import DataSourceRef

    return DataSourceRef(type_val="prometheus", uid=f"${{{DATASOURCE}}}")


def _target(kind: PanelKind, query: Query) -> SdkBuilder[Target]:
    from grafana_foundation_sdk.builders.prometheus import Dataquery
    from grafana_foundation_sdk.models.prometheus import PromQueryFormat, QueryEditorMode

    table = kind is PanelKind.TABLE
    target = Dataquery().ref_id(query.ref_id).expr(query.expr).legend_format(query.legend).datasource(datasource())
    target.editor_mode(QueryEditorMode.CODE)
    target.format(PromQueryFormat.TABLE if table else PromQueryFormat.TIME_SERIES)
    return target.range() if kind is PanelKind.TIMESERIES else target.instant()


def _field(builder: Builder, panel: Panel) -> None:
    """What every kind with values shares: unit, colour steps, decimals, the word for no data, the click."""
    from grafana_foundation_sdk.builders.dashboard import FieldColor, ThresholdsConfig
    from grafana_foundation_sdk.models.dashboard import FieldColorModeId, Threshold, ThresholdsMode

    unit = panel.signals[0].unit
    steps = [Threshold(value=step.value, color=step.colour) for step in thresholds.steps(panel.thresholds)]
    lines = panel.kind is PanelKind.TIMESERIES
    builder.unit(unit).no_value(NO_DATA)
    builder.thresholds(ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps))
    builder.color_scheme(FieldColor().mode(FieldColorModeId.PALETTE_CLASSIC if lines else FieldColorModeId.THRESHOLDS))
    if unit in _DECIMALS and not lines:
        builder.decimals(_DECIMALS[unit])
    if panel.link:
        builder.data_links([_link(panel.link)])
    # On a time axis both ends are soft (see _timeseries): a spent error budget is below 0, and a hard end cuts it off.
    low, high = _ends(panel)
    if low is not None and not lines:
        builder.min(low)
    if high is not None and not lines:
        builder.max(high)


def _text(builder: Builder, panel: Panel) -> Builder:
    from grafana_foundation_sdk.models.text import Options, TextMode

    click = f"\n\n[Click to view]({_url(panel.link)})" if panel.link else ""
    return builder.options(Options(mode=TextMode.MARKDOWN, content=panel.text.rstrip() + click))


def _stat(builder: Builder, panel: Panel, queries: Sequence[Query]) -> None:
    from grafana_foundation_sdk.models import common
    from grafana_foundation_sdk.models.stat import Options

    judged = thresholds.judges(panel.thresholds)
    named = len(queries) > 1 or _LABEL.search(queries[0].legend)
    builder.options(
        Options(
            reduce_options=_last(),
            graph_mode=common.BigValueGraphMode.NONE,
            color_mode=common.BigValueColorMode.BACKGROUND if judged else common.BigValueColorMode.NONE,
            text_mode=common.BigValueTextMode.VALUE_AND_NAME if named else common.BigValueTextMode.VALUE,
        )
    )


def _gauge(builder: Builder, panel: Panel, _: Sequence[Query]) -> None:
    from grafana_foundation_sdk.models.gauge import Options

    marked = thresholds.judges(panel.thresholds)
    builder.options(Options(reduce_options=_last(), show_threshold_labels=marked, show_threshold_markers=marked))


def _bargauge(builder: Builder, _: Panel, __: Sequence[Query]) -> None:
    from grafana_foundation_sdk.models import common
    from grafana_foundation_sdk.models.bargauge import Options

    builder.options(
        Options(
            reduce_options=_last(),
            orientation=common.VizOrientation.HORIZONTAL,
            display_mode=common.BarGaugeDisplayMode.BASIC,
            value_mode=common.BarGaugeValueMode.TEXT,
        )
    )


def _timeseries(builder: Builder, panel: Panel, _: Sequence[Query]) -> None:
    from grafana_foundation_sdk.models import common
    from grafana_foundation_sdk.models.timeseries import Options

    style = common.GraphTresholdsStyleMode
    low, high = _ends(panel)
    builder.custom(
        common.GraphFieldConfig(
            line_width=1,
            fill_opacity=10,
            thresholds_style=common.GraphThresholdsStyleConfig(
                style.DASHED if thresholds.judges(panel.thresholds) else style.OFF
            ),
            axis_soft_min=low,
            axis_soft_max=high,
        )
    )
    builder.options(
        Options(
            legend=common.VizLegendOptions(
                display_mode=common.LegendDisplayMode.TABLE, show_legend=True, calcs=["lastNotNull", "max"]
            ),
            tooltip=common.VizTooltipOptions(common.TooltipDisplayMode.MULTI, common.SortOrder.DESCENDING),
        )
    )


def _table(builder: Builder, panel: Panel, queries: Sequence[Query]) -> None:
    """Labels are columns: those that the legends name, else all; then one column per signal."""
    from grafana_foundation_sdk.models import common
    from grafana_foundation_sdk.models.dashboard import DataTransformerConfig, DynamicConfigValue
    from grafana_foundation_sdk.models.table import Options

    # Grafana's names of the value columns (packages/grafana-prometheus/src/result_transformer.ts, getValueText).
    values = ["Value"] if len(queries) == 1 else [f"Value #{query.ref_id}" for query in queries]
    titles = [signal.title for signal in panel.signals]
    labels = list(dict.fromkeys(label for query in queries for label in _LABEL.findall(query.legend)))
    columns = list(dict.fromkeys([CLUSTER, *labels, *values])) if labels else []
    order: dict[str, object] = {
        "excludeByName": {"Time": True, "__name__": True},
        "indexByName": {name: index for index, name in enumerate(columns)},
        "renameByName": dict(zip(values, titles, strict=True)),
    }
    # Filtered before merging: rows merge where all columns agree, which a label that nobody sees must not prevent.
    if columns:
        builder.with_transformation(
            DataTransformerConfig("filterFieldsByName", options={"include": {"names": columns}})
        )
    if len(queries) > 1:
        builder.with_transformation(DataTransformerConfig("merge", options={}))
    builder.with_transformation(DataTransformerConfig("organize", options=order))
    builder.custom(common.TableFieldOptions(filterable=True))
    builder.options(Options(sort_by=[common.TableSortByFieldState(titles[0], desc=True)]))
    for title in titles if thresholds.judges(panel.thresholds) else ():
        cell = common.TableColoredBackgroundCellOptions(common.TableCellBackgroundDisplayMode.BASIC)
        builder.override_by_name(title, [DynamicConfigValue("custom.cellOptions", cell)])


_KINDS: dict[PanelKind, Callable[[Builder, Panel, Sequence[Query]], None]] = {
    PanelKind.STAT: _stat,
    PanelKind.GAUGE: _gauge,
    PanelKind.BARGAUGE: _bargauge,
    PanelKind.TIMESERIES: _timeseries,
    PanelKind.TABLE: _table,
}


def _last() -> ReduceDataOptions:
    from grafana_foundation_sdk.models.common import ReduceDataOptions

    return ReduceDataOptions(values=False, calcs=["lastNotNull"], fields="")


def _ends(panel: Panel) -> tuple[float | None, float | None]:
    """Lowest and highest value of the scale, where they are known."""
    maxima = [signal.maximum for signal in panel.signals if signal.maximum is not None]
    low = 0 if panel.signals[0].unit in _ZERO_BASED else None
    return low, max(maxima) if len(maxima) == len(panel.signals) else None


def _description(panel: Panel) -> str:
    """Markdown: what is shown, what a good value is, and which tiers colour it."""
    said = [f"{s.description.strip()} Good: {s.good.strip().rstrip('.')}." for s in panel.signals]
    if len(said) > 1:
        said = [f"- **{signal.title}**: {text}" for signal, text in zip(panel.signals, said, strict=True)]
    unit = panel.signals[0].unit if panel.signals else "none"
    parts = (panel.description.strip(), "\n".join(said), thresholds.legend(panel.thresholds, unit))
    return "\n\n".join(part for part in parts if part)


def _url(uid: str | None) -> str:
    return f"/d/{uid}?{KEEP}"


def _link(uid: str) -> SdkBuilder[LinkModel]:
    from grafana_foundation_sdk.builders.dashboard import DashboardLink

    return DashboardLink("Details").url(_url(uid))
