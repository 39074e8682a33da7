from __future__ import annotations

import inspect

import pytest
from dashboard_samples import NAMESPACE, dashboard, panel, signal

from dashboards.grafana import dashboard_json
from model.dashboard import Dashboard, PanelKind, Row, Threshold, Variable


def _refusal(value: Dashboard) -> str:
    with pytest.raises(ValueError, match="dashboard") as caught:
        dashboard_json(value)
    return str(caught.value)


def _line() -> int:
    frame = inspect.currentframe()
    assert frame is not None
    assert frame.f_back is not None
    return frame.f_back.f_lineno


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (dashboard(panel(" ")), "panel ' ': the title is empty"),
        (dashboard(panel(signals=())), "panel 'Restarts': a timeseries panel has one signal or more and no text"),
        (dashboard(panel(text="words")), "one signal or more and no text"),
        (dashboard(panel(kind=PanelKind.TEXT, text=" ")), "a text panel has a text and no signals"),
        (dashboard(panel(kind=PanelKind.TEXT, signals=(signal(),))), "a text panel has a text and no signals"),
        (dashboard(panel(width=0)), "width 0 is not within 1 to 24 columns"),
        (dashboard(panel(width=25)), "width 25 is not within 1 to 24 columns"),
        (dashboard(panel(height=0)), "height 0 is not at least 1"),
        (
            dashboard(panel(signals=(signal(), signal(title="Age", unit="s")))),
            "more than one unit ('Restarts' in short, 'Age' in s)",
        ),
        (dashboard(panel(signals=(signal(), signal(name="other")))), "two of its signals have the same title"),
        (dashboard(panel(signals=tuple(signal(title=f"{i}") for i in range(27)))), "27 signals are more than the 26"),
        (dashboard(panel(thresholds=(Threshold(value=1, severity="bad"),))), "the severity 'bad'; allowed: low, info"),
        (dashboard(uid="a b"), "the uid must be 1 to 40 letters"),
        (dashboard(uid="a" * 41), "the uid must be 1 to 40 letters"),
        (dashboard(title=""), "the title is empty"),
        (dashboard(level=3), "level 3 is not one of 0, 1, 2"),
        (dashboard(rows=()), "there are no rows"),
        (dashboard(rows=(Row(title="", panels=(panel(),)),)), "a row has an empty title"),
        (dashboard(rows=(Row(title="Pods", panels=()),)), "row 'Pods' has no panels"),
        (dashboard(variables=(NAMESPACE, NAMESPACE)), "two variables are named 'namespace'"),
        (
            dashboard(variables=(NAMESPACE, Variable(name="ns", label="namespace", metric="up"))),
            "two variables choose the label 'namespace'",
        ),
        (dashboard(variables=(Variable(name="c", label="cluster", metric="up"),)), "come by themselves"),
        (dashboard(variables=(Variable(name="datasource", label="x", metric="up"),)), "come by themselves"),
        (dashboard(variables=(Variable(name="a-b", label="x", metric="up"),)), "letters, digits and _ only"),
    ],
)
def test_a_wrong_dashboard_is_refused_and_says_why(value: Dashboard, told: str) -> None:
    assert told in _refusal(value)


def test_two_panels_of_one_title_are_refused_where_the_second_one_is_written() -> None:
    first = panel("CPU")
    second = panel("CPU")
    rows = (Row(title="A", panels=(first,)), Row(title="B", panels=(second,)))
    line = _line()
    assert _refusal(dashboard(rows=rows)) == (
        f"tests/test_validation.py:{line - 2}: dashboard 'dataops-workload': two panels are titled 'CPU'; "
        f"the other is at tests/test_validation.py:{line - 3}"
    )


def test_one_panel_may_not_stand_twice() -> None:
    cpu = panel("CPU")
    assert "two panels are titled 'CPU'" in _refusal(dashboard(cpu, cpu))


def test_two_rows_of_one_title_are_refused() -> None:
    rows = (Row(title="A", panels=(panel("CPU"),)), Row(title="A", panels=(panel("Memory"),)))
    assert "two rows are titled 'A'" in _refusal(dashboard(rows=rows))


def test_all_problems_are_told_at_once_one_a_line() -> None:
    lines = _refusal(dashboard(panel("CPU", width=30), panel("Memory", height=-1), title="")).splitlines()
    assert [line.split("': ", 1)[1] for line in lines] == [
        "the title is empty",
        "panel 'CPU': width 30 is not within 1 to 24 columns",
        "panel 'Memory': height -1 is not at least 1",
    ]


def test_titles_that_hash_to_one_id_are_refused() -> None:
    # Found by trying 48,000 titles.
    told = _refusal(dashboard(panel("Memory use 123"), panel("Pods time 153")))
    assert "the titles 'Memory use 123' and 'Pods time 153' give the same id 1117058977; change one of them" in told
