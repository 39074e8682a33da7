"""Every dashboard of every stack is known, field by field, to Grafana 10.0 and each minor version up to the newest."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import Any

import pytest
from dashboard_samples import LINES, TRACES, dashboard, lost, panel
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard as SdkDashboard
from stacks import ran

from dashboards.grafana import dashboard_json
from model.dashboard import PanelKind, Threshold
from obs.accept import grafana

JUDGED = (Threshold(value=0.9, severity="critical"),)
ALL = grafana.versions()
LOOSER = grafana.LOOSER


@cache
def built(stack: str) -> tuple[str, ...]:
    return tuple(dashboard_json(one) for one in ran(stack).plan.dashboards)


@cache
def sample() -> str:
    charts = [
        panel(f"As {kind}", kind, thresholds=JUDGED)
        for kind in PanelKind
        if kind not in (PanelKind.TEXT, PanelKind.LOGS)
    ]
    return dashboard_json(dashboard(*charts, panel("Words", PanelKind.TEXT), LINES, TRACES))


def said(change: Callable[[dict[str, Any], dict[str, Any]], None]) -> list[str]:
    """What is said when the sample is changed: ``change`` gets the dashboard and its panels by title."""
    model = json.loads(sample())
    change(model, {one["title"]: one for one in model["panels"]})
    return grafana.unknown(json.dumps(model))


def test_from_the_first_grafana_10_on_no_minor_version_is_left_out() -> None:
    assert ALL[0] == "10.0"
    assert ALL[-1] >= "13.2"
    numbers = [tuple(map(int, name.split("."))) for name in ALL]
    assert all(b in ((a[0], a[1] + 1), (a[0] + 1, 0)) for a, b in pairwise(numbers))


# The other two have fewer systems; tests/test_accept_stacks.py asks for all four, where charts are at hand.
@pytest.mark.parametrize("stack", ["prod", "local"])
def test_every_version_knows_every_field_of_every_dashboard(stack: str) -> None:
    assert len(built(stack)) > 20
    assert [problem for text in built(stack) for problem in grafana.unknown(text)] == []


def test_the_sample_is_known_and_has_every_kind_of_panel() -> None:
    assert grafana.unknown(sample()) == []
    assert {one["type"] for one in json.loads(sample())["panels"]} == {"row", *PanelKind}


def _everywhere(problem: str, versions: tuple[str, ...] = ALL) -> list[str]:
    return [f"Grafana {', '.join(versions)}: {problem}"]


def test_a_field_that_no_version_knows() -> None:
    problem = "Additional properties are not allowed ('titel' was unexpected)"
    assert said(lambda model, _: model.update(titel="x")) == _everywhere(problem)


def test_a_field_that_newer_versions_have_dropped() -> None:
    problem = "Additional properties are not allowed ('style' was unexpected)"
    assert said(lambda model, _: model.update(style="dark")) == _everywhere(problem, ALL[ALL.index("10.2") :])


def test_a_value_of_another_type() -> None:
    found = said(lambda model, _: model.update(graphTooltip="1"))
    assert found[-1].startswith(_everywhere('graphTooltip: "1" is not one of ')[0])


def test_a_panel_that_is_not_there() -> None:
    def change(_: object, panels: dict[str, Any]) -> None:
        panels["As stat"]["type"] = "singlestat"

    # Of 10.0 no list of panels is published.
    assert said(change) == _everywhere("panel 'As stat': type: there is no panel 'singlestat'", ALL[1:])


def test_an_option_that_newer_panels_have_dropped() -> None:
    def change(_: object, panels: dict[str, Any]) -> None:
        panels["As table"]["options"]["footer"] = {"show": False, "reducer": [], "countRows": False}

    problem = "panel 'As table': options: Additional properties are not allowed ('footer' was unexpected)"
    assert said(change) == _everywhere(problem, ALL[ALL.index("12.2") :])


@pytest.mark.parametrize(
    ("title", "place", "value", "part"),
    [
        ("As stat", ("options", "colorMode"), "backdrop", "options: colorMode"),
        ("As stat", ("options", "reduceOptions", "calc"), ["last"], "options: reduceOptions"),
        ("As gauge", ("options", "showThresholdLabels"), "yes", "options: showThresholdLabels"),
        ("As bargauge", ("options", "displayMode"), "flat", "options: displayMode"),
        ("As timeseries", ("options", "tooltip", "mode"), "all", "options: tooltip.mode"),
        ("As timeseries", ("fieldConfig", "defaults", "custom", "lineWidht"), 1, "custom"),
        ("As state-timeline", ("fieldConfig", "defaults", "custom", "fillOpacity"), "80", "custom: fillOpacity"),
        ("As table", ("fieldConfig", "defaults", "custom", "align"), "middle", "custom: align"),
        ("As table", ("fieldConfig", "overrides", 0, "properties", 0, "id"), "custom.cells", "override custom.cells"),
        ("As table", ("fieldConfig", "overrides", 0, "properties", 0, "id"), "colour", "override colour"),
        ("As stat", ("fieldConfig", "defaults", "decimal"), 2, "fieldConfig.defaults"),
        ("Words", ("options", "mode"), "md", "options: mode"),
        ("Lines", ("options", "dedupStrategy"), "all", "options: dedupStrategy"),
        ("Lines", ("targets", 0, "query_type"), "range", "query A"),
        ("Traces", ("targets", 0, "limit"), "20", "query A: limit"),
        ("As stat", ("targets", 0, "exprs"), "up", "query A"),
    ],
)
def test_an_option_that_a_panel_does_not_have(title: str, place: tuple[str | int, ...], value: Any, part: str) -> None:
    def change(_: object, panels: dict[str, Any]) -> None:
        at = panels[title]
        for key in place[:-1]:
            at = at[key]
        at[place[-1]] = value

    found = said(change)
    assert found
    assert all(f": panel '{title}': {part}: " in line for line in found)
    assert any("10.4" in line for line in found)


def test_what_the_types_lack_is_still_lacking(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception that nothing needs any more would let a mistake pass."""
    monkeypatch.setattr(grafana, "LOOSER", ())
    said = {line for text in built("prod") for line in grafana.unknown(text)}
    found = [line.removeprefix("Grafana ").partition(": ") for line in said]
    for one in LOOSER:
        refused = {name for names, _, problem in found if grafana.fits(one, problem) for name in names.split(", ")}
        assert refused == set(one.versions), one.why


def test_the_pinned_sdk_gives_back_every_field() -> None:
    register_default_plugins()
    for text in built("prod"):
        given = json.loads(text)
        returned = json.loads(json.dumps(SdkDashboard.from_json(given), cls=JSONEncoder))
        assert lost(given, returned) == []


def test_a_field_that_the_sdk_does_not_know_is_lost() -> None:
    register_default_plugins()
    given = json.loads(sample()) | {"titel": "x"}
    given["panels"][1]["decimals"] = 2
    returned = json.loads(json.dumps(SdkDashboard.from_json(given), cls=JSONEncoder))
    assert lost(given, returned) == [".panels.1.decimals", ".titel"]
