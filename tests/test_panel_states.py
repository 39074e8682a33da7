"""What the state of an object is coloured by: a cell of a table, or the series that is named after it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dashboard_samples import panel, rendered_panel, signal

from dashboards.signals import BY_SEVERITY, FIRING
from model.dashboard import PanelKind

STATES = signal(
    legend="{{name}} {{health}}", states=(("health", "Healthy", ""), ("health", "Degraded", "high")), unit="short"
)


def test_a_table_colours_the_cells_of_labels_that_say_how_an_object_is() -> None:
    [override] = rendered_panel(panel(kind=PanelKind.TABLE, signals=(STATES,)))["fieldConfig"]["overrides"]
    values = {one["id"]: one["value"] for one in override["properties"]}
    assert override["matcher"]["options"] == "health"
    assert {text: one["color"] for text, one in values["mappings"][0]["options"].items()} == {
        "Healthy": "#009E73",
        "Degraded": "#D55E00",
    }
    assert values["custom.cellOptions"]["type"] == "color-background"


def test_other_kinds_colour_the_series_that_is_named_after_a_state() -> None:
    found = rendered_panel(panel(kind=PanelKind.STAT, signals=(STATES,)))
    # Its name has the state among others.
    assert {one["matcher"]["id"] for one in found["fieldConfig"]["overrides"]} == {"byRegexp"}
    assert _colours(found) == {r"/\bHealthy\b/": "#009E73", r"/\bDegraded\b/": "#D55E00"}
    assert found["options"]["colorMode"] == "background"
    alone = replace(STATES, legend="{{health}}")
    found = rendered_panel(panel(kind=PanelKind.STAT, signals=(alone,)))
    assert {one["matcher"]["id"] for one in found["fieldConfig"]["overrides"]} == {"byName"}
    assert _colours(found) == {"Healthy": "#009E73", "Degraded": "#D55E00"}


def test_firing_alerts_have_the_colours_of_their_tiers() -> None:
    table, over_time, numbers = (
        rendered_panel(panel(kind=kind, signals=(value,)))
        for kind, value in (
            (PanelKind.TABLE, FIRING),
            (PanelKind.STATE_TIMELINE, FIRING),
            (PanelKind.STAT, BY_SEVERITY),
        )
    )
    [column] = table["fieldConfig"]["overrides"]
    [mappings] = column["properties"][0]["value"]
    assert (column["matcher"]["options"], mappings["options"]["critical"]["color"]) == ("severity", "#AA4499")
    assert _colours(over_time)[r"/\bcritical\b/"] == _colours(numbers)["critical"] == "#AA4499"


def _colours(found: Any) -> dict[str, str]:
    overrides = found["fieldConfig"]["overrides"]
    return {one["matcher"]["options"]: one["properties"][0]["value"]["fixedColor"] for one in overrides}
