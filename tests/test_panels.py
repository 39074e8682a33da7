from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from dashboard_samples import asked, dashboard, defaults, panel, rendered_panel, signal
from stacks import run

from model.dashboard import Dashboard, PanelKind, Store, Threshold

HIGH = Threshold(value=0.9, severity="high")
VALUES = [kind for kind in PanelKind if kind not in (PanelKind.TEXT, PanelKind.LOGS)]
SCALES = [PanelKind.STAT, PanelKind.GAUGE, PanelKind.BARGAUGE]
KEPT = "/d/dataops-pods?${__url_time_range}&${__all_variables}"
COUNT = 'sum by (app) (count_over_time({app=~".+"} [1m]))'


def _share(**changes: Any) -> Any:
    return signal(unit="percentunit", **changes)


@pytest.mark.parametrize("kind", VALUES)
def test_no_data_is_told_apart_from_zero(kind: PanelKind) -> None:
    assert defaults(panel(kind=kind))["noValue"] == "no data"


def test_nothing_of_what_is_bad_is_not_called_missing_data() -> None:
    bad = signal(good="Nothing is shown for longer than a sync takes.")
    assert defaults(panel(signals=(bad,)))["noValue"] == "nothing found"
    assert defaults(panel(signals=(bad, signal(title="Other"))))["noValue"] == "no data"


def test_a_panel_says_why_it_may_be_empty() -> None:
    assert defaults(panel(empty="no spans come from here"))["noValue"] == "no spans come from here"


@pytest.mark.parametrize(("kind", "value"), [(PanelKind.TABLE, "__data.fields"), (PanelKind.STAT, "__field.labels")])
def test_a_click_on_an_alert_opens_its_runbook(kind: PanelKind, value: str) -> None:
    found = panel(kind=kind, runbooks="https://git.example/runbooks", link="dataops-errors")
    first, second = defaults(found)["links"]
    assert first["url"] == f"https://git.example/runbooks/${{{value}.alertname}}.md"
    assert second["url"].startswith("/d/dataops-errors?")


@pytest.mark.parametrize("kind", VALUES)
def test_the_unit_is_the_signals(kind: PanelKind) -> None:
    assert defaults(panel(kind=kind, signals=(signal(unit="s"),)))["unit"] == "s"


@pytest.mark.parametrize("kind", SCALES)
def test_scales_of_shares_start_at_zero_and_end_at_the_signals_maximum(kind: PanelKind) -> None:
    found = defaults(panel(kind=kind, signals=(_share(maximum=1), _share(title="Other", maximum=2))))
    assert (found["min"], found["max"], found["decimals"]) == (0, 2, 2)


def test_a_scale_is_open_where_one_signal_has_no_maximum() -> None:
    assert "max" not in defaults(panel(kind=PanelKind.GAUGE, signals=(_share(maximum=1), _share(title="Other"))))


@pytest.mark.parametrize("unit", ["percentunit", "percent", "none", "short", "bytes", "Bps", "ops"])
def test_an_axis_of_shares_counts_and_rates_starts_at_zero(unit: str) -> None:
    assert defaults(panel(signals=(signal(unit=unit),)))["custom"]["axisSoftMin"] == 0


def test_a_scale_of_seconds_has_no_fixed_start() -> None:
    assert "min" not in defaults(panel(kind=PanelKind.GAUGE, signals=(signal(unit="s"),)))


def test_an_axis_shows_zero_and_the_maximum_but_cuts_nothing_off() -> None:
    found = defaults(panel(signals=(_share(maximum=1),)))
    assert not {"min", "max"} & set(found)
    assert (found["custom"]["axisSoftMin"], found["custom"]["axisSoftMax"]) == (0, 1)


def test_lines_draw_their_thresholds_dashed_and_keep_their_own_colours() -> None:
    found = defaults(panel(thresholds=(HIGH,)))
    assert found["custom"]["thresholdsStyle"] == {"mode": "dashed"}
    assert found["color"] == {"mode": "palette-classic"}
    assert [step["color"] for step in found["thresholds"]["steps"]] == ["#009E73", "#D55E00"]


@pytest.mark.parametrize("kind", VALUES)
def test_without_a_threshold_a_value_is_grey_and_never_grafanas_red_above_80(kind: PanelKind) -> None:
    assert defaults(panel(kind=kind))["thresholds"]["steps"] == [{"value": None, "color": "#999999"}]


def test_a_stat_is_coloured_only_by_thresholds_and_always_shows_its_value() -> None:
    plain = rendered_panel(panel(kind=PanelKind.STAT))["options"]
    judged = rendered_panel(panel(kind=PanelKind.STAT, thresholds=(HIGH,)))["options"]
    assert (plain["colorMode"], plain["textMode"]) == ("none", "value")
    assert (judged["colorMode"], judged["textMode"]) == ("background", "value")


@pytest.mark.parametrize("signals", [(signal(legend="{{pod}}"),), (signal(), signal(title="Other"))])
def test_a_stat_names_its_values_where_there_may_be_several(signals: Any) -> None:
    assert rendered_panel(panel(kind=PanelKind.STAT, signals=signals))["options"]["textMode"] == "value_and_name"


def test_a_gauge_writes_its_thresholds_beside_the_scale() -> None:
    assert rendered_panel(panel(kind=PanelKind.GAUGE, thresholds=(HIGH,)))["options"]["showThresholdLabels"] is True


def test_the_description_says_what_is_good_and_which_tier_colours_it() -> None:
    found = rendered_panel(panel(description="All clusters.", signals=(_share(),), thresholds=(HIGH,)))["description"]
    assert found == ("All clusters.\n\nContainer restarts per second. Good: 0.\n\nThresholds: high (red) above 90 %.")


def test_the_description_lists_several_signals_by_title() -> None:
    found = rendered_panel(panel(signals=(signal(), signal(title="Age", description="Age.", good="low"))))[
        "description"
    ]
    assert found == "- **Restarts**: Container restarts per second. Good: 0.\n- **Age**: Age. Good: low."


def test_a_table_has_the_labels_of_the_legend_and_a_column_per_signal() -> None:
    signals = (signal(legend="{{namespace}}/{{ pod }}"), signal(title="Age", legend="{{pod}}"))
    found = rendered_panel(panel(kind=PanelKind.TABLE, signals=signals, thresholds=(HIGH,)))
    columns = ["cluster", "namespace", "pod", "Value #A", "Value #B"]
    assert [(t["id"], t["options"]) for t in found["transformations"]] == [
        ("filterFieldsByName", {"include": {"names": columns}}),
        ("merge", {}),
        (
            "organize",
            {
                "excludeByName": {"Time": True, "__name__": True},
                "indexByName": {name: index for index, name in enumerate(columns)},
                "renameByName": {"Value #A": "Restarts", "Value #B": "Age"},
            },
        ),
    ]
    assert found["options"]["sortBy"] == [{"displayName": "Restarts", "desc": True}]
    assert [(o["matcher"]["options"], o["properties"][0]["value"]) for o in found["fieldConfig"]["overrides"]] == [
        ("Restarts", {"type": "color-background", "mode": "basic"}),
        ("Age", {"type": "color-background", "mode": "basic"}),
    ]


def test_a_table_without_labels_in_its_legend_keeps_all_labels_and_hides_the_time() -> None:
    found = rendered_panel(panel(kind=PanelKind.TABLE))
    [organize] = found["transformations"]
    assert organize["options"]["excludeByName"] == {"Time": True, "__name__": True}
    assert organize["options"]["renameByName"] == {"Value": "Restarts"}
    assert found["fieldConfig"]["overrides"] == []


@pytest.mark.parametrize("kind", VALUES)
def test_a_link_is_on_the_panel_and_on_its_values_and_keeps_time_and_variables(kind: PanelKind) -> None:
    found = rendered_panel(panel(kind=kind, link="dataops-pods"))
    assert [link["url"] for link in found["links"]] == [KEPT]
    assert [link["url"] for link in found["fieldConfig"]["defaults"]["links"]] == [KEPT]


@pytest.mark.parametrize(("kind", "value"), [(PanelKind.STAT, "__field.labels"), (PanelKind.TABLE, "__data.fields")])
def test_a_click_on_a_series_chooses_what_it_is_about(kind: PanelKind, value: str) -> None:
    found = rendered_panel(panel(kind=kind, link="dataops-pod", carries=(("pod", "pod"),)))
    [link] = found["fieldConfig"]["defaults"]["links"]
    assert link["url"].endswith(f"&var-cluster=${{{value}.cluster}}&var-pod=${{{value}.pod}}")
    assert "__all_variables" not in link["url"], "a variable that is there twice means both values"


def test_a_value_that_means_something_is_a_word() -> None:
    [mapping] = defaults(panel(kind=PanelKind.STAT, signals=(signal(words=((0, "fine"), (1, "ill"))),)))["mappings"]
    assert {value: one["text"] for value, one in mapping["options"].items()} == {"0": "fine", "1": "ill"}


def test_series_named_after_a_severity_have_its_colour() -> None:
    overrides = rendered_panel(panel(kind=PanelKind.STAT, tiers=True))["fieldConfig"]["overrides"]
    assert {o["matcher"]["options"]: o["properties"][0]["value"]["fixedColor"] for o in overrides}["high"] == "#D55E00"


def test_the_description_says_which_rules_use_it() -> None:
    found = panel(signals=(signal(record="pod:restarts:rate5m"),), rules=("PodRestarts (high)",))
    assert rendered_panel(found)["description"].endswith(
        "Alerts: PodRestarts (high). Recorded as `pod:restarts:rate5m`."
    )


def test_exemplars_are_asked_for_where_they_are_wanted() -> None:
    assert rendered_panel(panel(exemplars=True))["targets"][0]["exemplar"] is True


def test_a_panel_without_a_link_has_none() -> None:
    assert "links" not in rendered_panel(panel())


def test_a_text_card_is_markdown_and_leads_on_by_a_click() -> None:
    found = rendered_panel(panel(kind=PanelKind.TEXT, link="dataops-pods"))
    assert (found["type"], found["options"]["mode"]) == ("text", "markdown")
    assert found["options"]["content"] == f"Read **this**.\n\n[Click to view]({KEPT})"
    assert [link["url"] for link in found["links"]] == [KEPT]
    assert "targets" not in found


def test_counted_lines_are_rows_of_a_table() -> None:
    found = rendered_panel(asked("Messages", PanelKind.TABLE, Store.LOGS, COUNT))
    assert [one["id"] for one in found["transformations"]] == ["labelsToFields", "merge", "organize"]


def test_a_heatmap_asks_over_time_and_a_histogram_for_a_moment() -> None:
    heat, spread = (rendered_panel(panel(kind=kind)) for kind in (PanelKind.HEATMAP, PanelKind.HISTOGRAM))
    assert heat["options"]["calculate"] is True
    assert heat["targets"][0]["range"] is True
    assert spread["targets"][0]["instant"] is True


def beyond_the_end(boards: Iterable[Dashboard]) -> set[str]:
    """Gauges of a share that end nowhere: Grafana then ends them at the largest value, and 80 % looks full.

    One whose limit is 100 % or more shows what goes beyond it.
    """
    gauges = [one for board in boards for one in board.panels if one.kind.endswith("gauge")]
    return {
        f"{gauge.title}: {shown.name}"
        for gauge in gauges
        for shown in gauge.signals
        if shown.unit == "percentunit"
        and shown.maximum is None
        and not any(limit.value >= 1 for limit in gauge.thresholds)
    }


@pytest.mark.parametrize("stack", ["prod", "local"])
def test_a_gauge_of_a_share_ends_at_all_of_it(stack: str) -> None:
    assert beyond_the_end(run(stack).namespace["plan"].dashboards) == set()


def test_a_gauge_without_an_end_would_be_seen() -> None:
    limit = Threshold(value=1, severity="high")
    ends = panel("Ends", PanelKind.GAUGE, signals=(_share(maximum=1),))
    beyond = panel("Beyond", PanelKind.BARGAUGE, signals=(_share(),), thresholds=(limit,))
    endless = panel("Endless", PanelKind.GAUGE, signals=(_share(),))
    assert beyond_the_end([dashboard(ends, beyond, endless)]) == {"Endless: restarts"}
