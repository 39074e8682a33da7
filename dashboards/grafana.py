"""A dashboard of the model as Grafana's JSON, through Grafana's own Foundation SDK (schema 36, Grafana 10 on)."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from pydantic_core import to_json

from dashboards.cost import cost
from dashboards.layout import Cell, PlacedRow, arrange
from dashboards.panels import build, datasource
from dashboards.queries import (
    DATASOURCE,
    ENVIRONMENT,
    SOURCES,
    chosen_by,
    dashboard_expressions,
    dashboard_variables,
    panel_queries,
    values_selector,
)
from dashboards.validation import validate
from model.dashboard import Dashboard, Panel, Row, Variable

if TYPE_CHECKING:
    from grafana_foundation_sdk.builders import dashboard as sdk
    from grafana_foundation_sdk.cog.builder import Builder
    from grafana_foundation_sdk.models.dashboard import DashboardLink, GridPos

__all__ = ["dashboard_expressions", "dashboard_json", "level_tag", "panel_id"]

_RANGE = "now-6h"
# Unlike ".+" it also matches series without the label, such as those of a Prometheus that sets no `cluster`.
# It costs nothing: Prometheus passes over `=~".*"` (tsdb/querier.go, PostingsForMatchers).
_ALL = ".*"
_NEIGHBOURS = {1: "Domains", 2: "Details"}
_MAX_ID = 2**31 - 1
# Of variables of the kind interval, in Grafana's types; the SDK writes them to every variable.
_INTERVALS = ("auto", "auto_min", "auto_count")


def dashboard_json(dashboard: Dashboard) -> str:
    """Grafana's JSON of a dashboard: the same bytes for the same dashboard, indented by 2.

    Raises ValueError, one line per problem with file:line, when the dashboard is not valid.
    """
    from grafana_foundation_sdk.builders import dashboard as sdk
    from grafana_foundation_sdk.cog.encoder import JSONEncoder
    from grafana_foundation_sdk.models.dashboard import DashboardCursorSync

    validate(dashboard)
    _distinct_ids(dashboard)
    variables = dashboard_variables(dashboard)
    builder = sdk.Dashboard(dashboard.title).uid(dashboard.uid).readonly()
    builder.description(f"{dashboard.description}\n\n{cost(dashboard)}")
    above = [below_tag(dashboard.parent)] if dashboard.parent and dashboard.level > 1 else []
    builder.tags([*dashboard.tags, level_tag(dashboard.level), *above])
    builder.time(_RANGE, "now").timezone("browser").refresh("30s" if dashboard.level == 0 else "1m")
    builder.tooltip(DashboardCursorSync.CROSSHAIR)
    builder.variables([*_datasources(dashboard), *_query_variables(variables), *_fields(dashboard)])
    builder.links(_links(dashboard))
    for row, place in zip(dashboard.rows, arrange(dashboard.rows), strict=True):
        _add_row(builder, row, place, variables)
    compact = json.dumps(builder.build(), cls=JSONEncoder, allow_nan=False)
    # Python's own encoder indents in Python: 0.6 s for 25 dashboards.
    return to_json(_known_to_all(json.loads(compact)), indent=2).decode()


def _known_to_all(model: dict[str, Any]) -> dict[str, Any]:
    """Without defaults of the SDK that not every Grafana knows: 10.2 dropped ``style`` and the ``id`` of a variable."""
    del model["style"]
    for variable in model["templating"]["list"]:
        for field in ("id", *_INTERVALS):
            variable.pop(field, None)
    for top in model["panels"]:
        for panel in (top, *top.get("panels", ())):
            for holder in (panel, panel.get("fieldConfig", {}).get("defaults", {})):
                if "links" in holder:
                    holder["links"] = [_plain(link) for link in holder["links"]]
    return model


def _plain(link: dict[str, Any]) -> dict[str, Any]:
    """A link of a panel as Grafana itself saves it; the SDK writes the ten fields of a link of a dashboard."""
    return {key: link[key] for key in ("title", "url", "targetBlank") if link[key] is not False}


def panel_id(dashboard: Dashboard, panel: Panel) -> int:
    """The panel's id, for links of the form ``/d/<uid>?viewPanel=<id>``: 1 to 2^31 - 1.

    It follows from the panel's title alone, so it stays when panels are added, moved or removed.
    Raises ValueError when the dashboard has no panel of that title.
    """
    if all(p.title != panel.title for p in dashboard.panels):
        raise ValueError(f"{panel.where}: dashboard {dashboard.uid!r} has no panel {panel.title!r}")
    return _id("panel", panel.title)


def level_tag(level: int) -> str:
    """The tag by which the drop-down of neighbouring dashboards finds them."""
    return f"level-{level}"


def below_tag(uid: str) -> str:
    """The tag of the details below a dashboard."""
    return f"below-{uid}"


def _id(kind: str, title: str) -> int:
    return zlib.crc32(f"{kind}:{title}".encode()) % _MAX_ID + 1


def _distinct_ids(dashboard: Dashboard) -> None:
    """Raises ValueError when two titles hash to one id: a chance of 1 in a million for 60 panels."""
    seen: dict[int, str] = {}
    titles = [("row", row.title) for row in dashboard.rows] + [("panel", panel.title) for panel in dashboard.panels]
    for kind, title in titles:
        other = seen.setdefault(_id(kind, title), title)
        if other != title:
            raise ValueError(
                f"{dashboard.where}: dashboard {dashboard.uid!r}: the titles {other!r} and {title!r} "
                f"give the same id {_id(kind, title)}; change one of them"
            )


def _add_row(builder: sdk.Dashboard, row: Row, place: PlacedRow, variables: Sequence[Variable]) -> None:
    from grafana_foundation_sdk.builders import dashboard as sdk

    header = sdk.Row(row.title).id(_id("row", row.title)).grid_pos(_grid(place.header))
    panels = [
        build(panel, panel_id=_id("panel", panel.title), cell=cell, queries=panel_queries(panel, variables))
        for panel, cell in zip(row.panels, place.cells, strict=True)
    ]
    # Grafana drops the panels inside a row that is open, and shows those beside a row that is collapsed.
    for panel in panels if place.collapsed else ():
        header.with_panel(panel)
    builder.with_row(header)
    for panel in () if place.collapsed else panels:
        builder.with_panel(panel)


def _grid(cell: Cell) -> GridPos:
    from grafana_foundation_sdk.models.dashboard import GridPos

    return GridPos(x=cell.x, y=cell.y, w=cell.w, h=cell.h)


def _datasources(dashboard: Dashboard) -> Iterator[sdk.DatasourceVariable]:
    """One for metrics, and one for each other store that a panel asks."""
    from grafana_foundation_sdk.builders import dashboard as sdk

    yield sdk.DatasourceVariable(DATASOURCE).label("Data source").type("prometheus")
    chosen = chosen_by(dashboard)
    for store, name in SOURCES.items():
        if name in chosen:
            yield sdk.DatasourceVariable(name).label(name.capitalize()).type(store.value)


def _fields(dashboard: Dashboard) -> Iterator[sdk.TextBoxVariable]:
    from grafana_foundation_sdk.builders import dashboard as sdk

    for field in dashboard.fields:
        yield sdk.TextBoxVariable(field.name).label(field.title).default_value(field.default)


def _query_variables(variables: Sequence[Variable]) -> Iterator[sdk.QueryVariable]:
    from grafana_foundation_sdk.builders import dashboard as sdk
    from grafana_foundation_sdk.models.dashboard import VariableOption, VariableRefresh, VariableSort

    for index, variable in enumerate(variables):
        query: dict[str, object] = {
            "query": f"label_values({values_selector(variable, variables[:index])}, {variable.label})",
            "refId": "PrometheusVariableQueryEditor-VariableQuery",
        }
        result = sdk.QueryVariable(variable.name).query(query).datasource(datasource())
        result.multi(True).include_all(True).all_value(_ALL)
        result.current(VariableOption(selected=True, text=["All"], value=["$__all"]))
        if variable.name == ENVIRONMENT:
            # All of a variable is any value, the missing one too: what only Prometheus knows of itself has no cluster.
            result.description(
                "Which clusters there are to choose from. While all are chosen, panels show every cluster."
            )
        yield result.refresh(VariableRefresh.ON_TIME_RANGE_CHANGED).sort(VariableSort.ALPHABETICAL_ASC)


def _short(title: str) -> str:
    return title.removeprefix("DataOps - ")


def _links(dashboard: Dashboard) -> list[Builder[DashboardLink]]:
    """The way back to every level above, a drop-down of the dashboards beside this one, and one of those below."""
    from grafana_foundation_sdk.builders import dashboard as sdk
    from grafana_foundation_sdk.models.dashboard import DashboardLinkType

    def drop_down(title: str, *tags: str) -> sdk.DashboardLink:
        return sdk.DashboardLink(title).type(DashboardLinkType.DASHBOARDS).as_dropdown(True).tags(list(tags))

    back = dashboard.trail or (((dashboard.parent, "Up one level"),) if dashboard.parent else ())
    links = [
        sdk.DashboardLink(title.removeprefix("DataOps - "))
        .type(DashboardLinkType.LINK)
        .url(f"/d/{uid}")
        .icon("dashboard")
        for uid, title in back
    ]
    links.append(drop_down(_NEIGHBOURS[max(dashboard.level, 1)], level_tag(max(dashboard.level, 1))))
    links.append(drop_down("Below", below_tag(dashboard.uid)))
    return [link.keep_time(True).include_vars(True) for link in links]
