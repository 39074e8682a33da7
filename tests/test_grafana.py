from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from dashboard_samples import COUNTED, LINES, NAMESPACE, TRACES, dashboard, panel, rendered, signal

from dashboards.grafana import dashboard_json, panel_id
from model.dashboard import Dashboard, Field, Panel, PanelKind, Row, Threshold

ROOT = Path(__file__).parents[1]
LIMITS = (Threshold(value=0.8, severity="warning"), Threshold(value=0.9, severity="critical"))


def _every_kind() -> Dashboard:
    both = (signal(legend="{{pod}}", maximum=1), signal(title="Age", maximum=1))
    charts = tuple(
        panel(f"As {kind}", kind, signals=both, thresholds=LIMITS, link="dataops-pods")
        for kind in PanelKind
        if kind not in (PanelKind.TEXT, PanelKind.LOGS)
    )
    others = (panel("Words", PanelKind.TEXT), LINES, TRACES, COUNTED)
    return dashboard(
        *charts, *others, parent="dataops-overview", variables=(NAMESPACE,), fields=(Field(name="text", title="Text"),)
    )


def _ids(value: Dashboard) -> dict[str, int]:
    rows = [p for p in rendered(value)["panels"] if p["type"] == "row"]
    flat = rendered(value)["panels"] + [p for row in rows for p in row["panels"]]
    return {p["title"]: p["id"] for p in flat}


def _many(*counts: int) -> Dashboard:
    rows = tuple(
        Row(title=f"R{r}", panels=tuple(panel(f"P{r}.{i}") for i in range(count))) for r, count in enumerate(counts)
    )
    return dashboard(rows=rows)


def _python(code: str, **environment: str) -> str:
    """What a Python of its own prints, with the tests importable."""
    paths = os.pathsep.join(map(str, (ROOT / "tests", ROOT)))
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": paths, **environment},
    ).stdout


def test_the_head_of_a_dashboard() -> None:
    found = rendered(dashboard(tags=("dataops", "spark")))
    assert found["uid"] == "dataops-workload"
    assert found["title"] == "Workload execution"
    assert found["description"] == (
        "Do jobs run and finish?\n\n"
        "Cost: 1 queries when opened, 0 of recorded series; one value reads at most the last 5m."
    )
    assert found["tags"] == ["dataops", "spark", "level-1"]
    assert found["editable"] is False
    assert found["time"] == {"from": "now-6h", "to": "now"}
    assert (found["timezone"], found["refresh"], found["graphTooltip"]) == ("browser", "1m", 1)
    assert "id" not in found


def test_navigation_is_refreshed_twice_as_often() -> None:
    assert rendered(dashboard(level=0))["refresh"] == "30s"


def test_what_the_sdk_writes_and_not_every_grafana_knows_is_left_out() -> None:
    found = rendered(_every_kind())
    assert "style" not in found
    assert "footer" not in next(p for p in found["panels"] if p["type"] == "table")["options"]
    for variable in found["templating"]["list"]:
        assert not {"id", "auto", "auto_min", "auto_count"} & set(variable)


def test_the_same_dashboard_gives_the_same_bytes() -> None:
    assert dashboard_json(_every_kind()) == dashboard_json(_every_kind())


def test_the_bytes_do_not_depend_on_the_process() -> None:
    for seed in ("1", "2"):
        found = _python("import test_grafana as t; print(t.dashboard_json(t._every_kind()))", PYTHONHASHSEED=seed)
        assert found == dashboard_json(_every_kind()) + "\n"


def test_titles_stay_readable_in_the_json() -> None:
    assert '"Kapazität 📊"' in dashboard_json(dashboard(panel("Kapazität 📊")))


def test_open_rows_have_their_panels_after_them_and_collapsed_ones_inside() -> None:
    found = rendered(_many(12, 8, 2))["panels"]
    rows = [p for p in found if p["type"] == "row"]
    assert [(row["title"], row["collapsed"], len(row["panels"])) for row in rows] == [
        ("R0", False, 0),
        ("R1", False, 0),
        ("R2", True, 2),
    ]
    assert [p["title"] for p in found[:3]] == ["R0", "P0.0", "P0.1"]
    assert len(found) == 3 + 20
    assert rows[2]["panels"][0]["gridPos"]["y"] == rows[2]["gridPos"]["y"] + 1


def test_positions_are_those_of_the_layout() -> None:
    found = rendered(dashboard(panel("A", width=16), panel("B", width=12)))["panels"]
    assert [p["gridPos"] for p in found] == [
        {"x": 0, "y": 0, "w": 24, "h": 1},
        {"x": 0, "y": 1, "w": 16, "h": 8},
        {"x": 0, "y": 9, "w": 12, "h": 8},
    ]


def test_ids_stay_when_a_panel_is_inserted() -> None:
    before = _ids(dashboard(panel("CPU"), panel("Memory")))
    after = _ids(dashboard(panel("New"), panel("CPU"), panel("Newer"), panel("Memory")))
    assert {title: after[title] for title in before} == before


def test_ids_are_distinct_and_fit_32_bits() -> None:
    ids = _ids(_many(20, 20, 20))
    assert len(set(ids.values())) == 63
    assert all(0 < i < 2**31 for i in ids.values())


def test_a_panel_may_be_titled_like_its_row() -> None:
    found = rendered(dashboard(panel("Pods")))["panels"]
    assert len({p["id"] for p in found}) == 2


def test_the_id_for_links_is_the_one_in_the_json() -> None:
    cpu = panel("CPU")
    value = dashboard(panel("Memory"), cpu)
    assert panel_id(value, cpu) == _ids(value)["CPU"]


def test_a_panel_that_is_not_on_the_dashboard_has_no_id_there() -> None:
    stranger: Panel = panel("CPU")
    with pytest.raises(ValueError, match=r"test_grafana\.py:\d+: dashboard 'dataops-workload' has no panel 'CPU'"):
        panel_id(dashboard(), stranger)


def _links(**changes: Any) -> list[dict[str, Any]]:
    links: list[dict[str, Any]] = rendered(dashboard(**changes))["links"]
    return links


def test_links_keep_time_and_variables() -> None:
    for link in _links(parent="dataops-overview"):
        assert (link["keepTime"], link["includeVars"]) == (True, True)


def test_the_first_link_leads_up_and_the_second_sideways() -> None:
    up, beside, below = _links(level=2, parent="dataops-workload")
    assert (up["type"], up["url"]) == ("link", "/d/dataops-workload")
    assert (beside["type"], beside["tags"], beside["asDropdown"]) == ("dashboards", ["level-2"], True)
    assert (below["title"], below["tags"]) == ("Below", ["below-dataops-workload"])


def test_every_level_above_is_a_link_of_its_own() -> None:
    trail = (("dataops-overview", "DataOps - Overview"), ("dataops-data", "DataOps - Data"))
    found = _links(level=2, parent="dataops-data", trail=trail)[:2]
    assert [(link["title"], link["url"]) for link in found] == [
        ("Overview", "/d/dataops-overview"),
        ("Data", "/d/dataops-data"),
    ]


def test_a_detail_is_found_from_the_dashboard_above_it() -> None:
    assert "below-dataops-data" in rendered(dashboard(level=2, parent="dataops-data"))["tags"]


def test_navigation_has_no_way_up_and_lists_the_domains() -> None:
    below, _ = _links(level=0)
    assert (below["title"], below["tags"]) == ("Domains", ["level-1"])


def test_asking_for_an_id_does_not_load_grafanas_sdk() -> None:
    asking = (
        "import sys; from dashboard_samples import *; from dashboards.grafana import *; p = panel(); "
        "panel_id(dashboard(p), p); list(dashboard_expressions(dashboard(p))); "
        "print(any(m.startswith('grafana_foundation_sdk') for m in sys.modules))"
    )
    assert _python(asking) == "False\n"
