"""What each kind of panel is set to: Grafana's options of its plugin."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from dashboards import thresholds
from dashboards.queries import Query
from model.dashboard import Panel, PanelKind, Store
from model.promql import CLUSTER

if TYPE_CHECKING:
    from grafana_foundation_sdk.builders.dashboard import Panel as Builder
    from grafana_foundation_sdk.models.common import ReduceDataOptions

# Units whose values start at 0. "none" is for whole numbers, "short" for any other plain number.
_ZERO_BASED = {"percentunit", "percent", "none", "short", "bytes", "decbytes", "Bps", "binBps", "ops", "reqps", "cps"}
_LABEL = re.compile(r"\{\{\s*(\w+)\s*\}\}")


def _stat(builder: Builder, panel: Panel, queries: Sequence[Query]) -> None:
    from grafana_foundation_sdk.models import common
    from grafana_foundation_sdk.models.stat import Options

    states = any(signal.states for signal in panel.signals)
    judged = panel.tiers or states or thresholds.judges(panel.thresholds)
    named = len(queries) != 1 or _LABEL.search(queries[0].legend)
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
    low, high = ends(panel)
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

    options = Options()
    options.footer = None  # the SDK's default is none shown, under a key that Grafana 12.2 dropped
    builder.options(options)
    if not queries:
        if panel.lookup is not None and panel.lookup.store is Store.LOGS:
            _counts(builder)  # of traces the columns are the store's own
        return
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
    options.sort_by = [common.TableSortByFieldState(titles[0], desc=True)]
    for title in titles if thresholds.judges(panel.thresholds) else ():
        cell = common.TableColoredBackgroundCellOptions(common.TableCellBackgroundDisplayMode.BASIC)
        builder.override_by_name(title, [DynamicConfigValue("custom.cellOptions", cell)])


def _counts(builder: Builder) -> None:
    """Loki answers with a frame for each series: they become the rows, their labels and the count the columns."""
    from grafana_foundation_sdk.models.dashboard import DataTransformerConfig

    shown = {"excludeByName": {"Time": True}, "renameByName": {"Value #A": "Lines", "Value": "Lines"}}
    for name, options in (("labelsToFields", {"mode": "columns"}), ("merge", {}), ("organize", shown)):
        builder.with_transformation(DataTransformerConfig(name, options=options))


def _histogram(builder: Builder, _: Panel, __: Sequence[Query]) -> None:
    """How many series have which value. Grafana chooses the buckets."""
    from grafana_foundation_sdk.models import common
    from grafana_foundation_sdk.models.histogram import FieldConfig, Options

    builder.custom(FieldConfig(gradient_mode=common.GraphGradientMode.NONE))
    builder.options(
        Options(
            combine=True,
            legend=common.VizLegendOptions(show_legend=False, display_mode=common.LegendDisplayMode.LIST),
            tooltip=common.VizTooltipOptions(common.TooltipDisplayMode.SINGLE, common.SortOrder.NONE),
        )
    )


def _heatmap(builder: Builder, panel: Panel, _: Sequence[Query]) -> None:
    """How many series have which value when. Times differ by orders of magnitude, so their axis is logarithmic."""
    from grafana_foundation_sdk.models import common, heatmap

    log = common.ScaleDistributionConfig(common.ScaleDistribution.LOG, log=2)
    buckets = common.HeatmapCalculationBucketConfig(common.HeatmapCalculationMode.SIZE, scale=log)
    builder.options(
        heatmap.Options(
            calculate=True,
            calculation=common.HeatmapCalculationOptions(y_buckets=buckets),
            # Light to dark is told apart without colours, too.
            color=heatmap.HeatmapColorOptions(
                heatmap.HeatmapColorMode.SCHEME,
                scheme="Oranges",
                fill="dark-orange",
                scale=heatmap.HeatmapColorScale.EXPONENTIAL,
                exponent=0.5,
                steps=64,
            ),
            show_value=common.VisibilityMode.NEVER,
            y_axis=heatmap.YAxisConfig(unit=panel.unit, axis_placement=common.AxisPlacement.LEFT),
            tooltip=heatmap.HeatmapTooltip(show=True, y_histogram=False),
        )
    )


def _state_timeline(builder: Builder, _: Panel, __: Sequence[Query]) -> None:
    from grafana_foundation_sdk.models import common
    from grafana_foundation_sdk.models.statetimeline import FieldConfig, Options

    builder.custom(FieldConfig(fill_opacity=80))
    builder.options(
        Options(
            show_value=common.VisibilityMode.AUTO,
            align_value=common.TimelineValueAlignment.LEFT,
            legend=common.VizLegendOptions(show_legend=False, display_mode=common.LegendDisplayMode.LIST),
            tooltip=common.VizTooltipOptions(common.TooltipDisplayMode.SINGLE, common.SortOrder.NONE),
        )
    )


def _logs(builder: Builder, _: Panel, __: Sequence[Query]) -> None:
    from grafana_foundation_sdk.models import common
    from grafana_foundation_sdk.models.logs import Options

    builder.options(
        Options(
            show_time=True,
            wrap_log_message=True,
            enable_log_details=True,
            sort_order=common.LogsSortOrder.DESCENDING,
            dedup_strategy=common.LogsDedupStrategy.NONE,
        )
    )


KINDS: dict[PanelKind, Callable[[Builder, Panel, Sequence[Query]], None]] = {
    PanelKind.STAT: _stat,
    PanelKind.GAUGE: _gauge,
    PanelKind.BARGAUGE: _bargauge,
    PanelKind.TIMESERIES: _timeseries,
    PanelKind.TABLE: _table,
    PanelKind.STATE_TIMELINE: _state_timeline,
    PanelKind.LOGS: _logs,
    PanelKind.HISTOGRAM: _histogram,
    PanelKind.HEATMAP: _heatmap,
}


def ends(panel: Panel) -> tuple[float | None, float | None]:
    """Lowest and highest value of the scale, where they are known."""
    maxima = [signal.maximum for signal in panel.signals if signal.maximum is not None]
    low = 0 if panel.unit in _ZERO_BASED else None
    return low, max(maxima) if maxima and len(maxima) == len(panel.signals) else None


def _last() -> ReduceDataOptions:
    from grafana_foundation_sdk.models.common import ReduceDataOptions

    return ReduceDataOptions(values=False, calcs=["lastNotNull"], fields="")
