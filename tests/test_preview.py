"""The page of all dashboards: whole, self-contained, and true to the panels."""

# ruff: noqa: ARG001, ARG002 - stand-ins take what is given to the real ones
from __future__ import annotations

import re
from functools import cache
from html.parser import HTMLParser

import pytest
from dashboard_samples import LINES, dashboard, panel, signal
from stacks import run

from dashboards.queries import dashboard_variables, panel_queries
from model.dashboard import Dashboard, Panel, PanelKind, Threshold
from obs.errors import ObsError
from obs.preview.answers import Line, live, sampled
from obs.preview.page import page
from obs.preview.panels import panel_html
from obs.preview.values import amount, judged
from obs.verify.client import Refused, Series, Server

HIGH = Threshold(value=0.9, severity="high")


@cache
def boards() -> tuple[Dashboard, ...]:
    found: tuple[Dashboard, ...] = run("prod").namespace["plan"].dashboards
    return found


@cache
def whole() -> str:
    return page("prod", boards(), sampled, "Samples.")


def one(value: Panel, *series: Line) -> str:
    queries = panel_queries(value, dashboard_variables(dashboard(value)))
    return panel_html(value, queries, lambda *_: series)


def line(*values: float, legend: str = "a", **labels: str) -> Line:
    return Line(legend, labels, values)


class _Tags(HTMLParser):
    VOID = ("meta", "line", "polyline")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        return


def test_the_page_is_well_formed_and_has_every_dashboard_and_panel() -> None:
    tags = _Tags()
    tags.feed(whole())
    assert tags.open == []
    assert whole().count("<article ") == len(boards())
    assert whole().count('<section class="panel"') == sum(len(d.panels) for d in boards())


def test_the_page_needs_nothing_else() -> None:
    assert not re.search(r"<(script|link|img|iframe)\b|src=|@import|url\(", whole())
    elsewhere = set(re.findall(r"""(\S*)=["']?https?://""", whole()))
    assert elsewhere <= {"href"}  # runbooks
    assert not re.search(r"<link|<base", whole())


def test_every_link_of_the_page_leads_to_a_dashboard() -> None:
    there = set(re.findall(r'<article id="([^"]+)"', whole()))
    assert set(re.findall(r'href="#([^"]+)"', whole())) <= there


def test_the_same_stack_gives_the_same_page() -> None:
    assert page("prod", boards(), sampled, "Samples.") == whole()


def test_samples_are_those_of_a_healthy_system() -> None:
    for board in boards():
        for value in board.panels:
            queries = panel_queries(value, dashboard_variables(board))
            for number, query in enumerate(queries):
                words = {judged(one.values[-1], value)[1] for one in sampled(value, query, number)}
                assert words <= {"", "well"}, (board.uid, value.title, words)


def test_samples_are_what_a_signal_calls_good_and_of_whole_things() -> None:
    def last(kind: PanelKind = PanelKind.STAT, **changes: object) -> list[float]:
        value = panel(kind=kind, signals=(signal(**changes),))
        (query,) = panel_queries(value, dashboard_variables(dashboard(value)))
        return [found.values[-1] for found in sampled(value, query, 0)]

    assert set(last(good="0; a few are repeated.")) == {0}
    assert set(last(good="Nothing is shown.")) == {1}
    assert all(value > 3 and value.is_integer() for value in last(good="A few."))
    assert not all(value.is_integer() for value in last(good="Low.", unit="s"))


@pytest.mark.parametrize(
    ("good", "unit", "low", "high"),
    [
        ("Below 5 %.", "percentunit", 0.02, 0.05),
        ("99.9 % or more.", "percentunit", 0.999, 1),
        ("100 %, or 100 % or more.", "percentunit", 0, 1),  # says no bound first: the middle
        ("More than 14 days: it is renewed before.", "s", 14 * 86400, 30 * 86400),
        ("Below a second.", "s", 0.4, 1),
        ("Days: longer than a repair takes.", "s", 7 * 86400, 60 * 86400),
        ("At the objective or above.", "percentunit", 1, 1),
        ("A few seconds.", "s", 1, 5),
        ("Below 1: above it processes wait for a core.", "short", 0.3, 1),
        ("Below 10 ms.", "percentunit", 0.1, 1),  # of another kind: as if nothing were said
    ],
)
def test_samples_keep_the_bound_that_a_signal_names(good: str, unit: str, low: float, high: float) -> None:
    value = panel(signals=(signal(good=good, unit=unit, maximum=1 if unit == "percentunit" else None),))
    (query,) = panel_queries(value, dashboard_variables(dashboard(value)))
    values = [at for one in sampled(value, query, 0) for at in one.values]
    assert low <= min(values)
    assert max(values) <= high


def test_samples_of_quantiles_are_in_their_order_and_a_tier_that_colours_nothing_is_no_bound() -> None:
    titles = ("Latency (P50)", "Latency (P95)", "Latency (P99)")
    value = panel(signals=tuple(signal(title=title, unit="s", legend="", good="Low.") for title in titles))
    queries = panel_queries(value, dashboard_variables(dashboard(value)))
    p50, p95, p99 = (sampled(value, query, n)[0].values[-1] for n, query in enumerate(queries))
    assert p50 < p95 < p99
    alive = panel(signals=(signal(good="1. Always."),), thresholds=(Threshold(value=0, severity="none"),))
    (query,) = panel_queries(alive, dashboard_variables(dashboard(alive)))
    assert sampled(alive, query, 0)[0].values[-1] == 1


def test_every_line_of_a_chart_can_be_told_apart_and_nothing_is_zero_at_its_top() -> None:
    found = one(panel(), *(line(0, 0, legend=str(n)) for n in range(9)))
    marks = re.findall(r'<polyline [^>]* stroke="([^"]+)" stroke-dasharray="([^"]*)"', found)
    assert len(set(marks)) == len(marks) == 8
    assert "up to 1<" in found
    assert "1 more series" in found


def test_a_bad_value_says_its_tier_in_a_word_and_a_colour() -> None:
    stat = panel(kind=PanelKind.STAT, signals=(signal(unit="percentunit"),), thresholds=(HIGH,))
    bad, good = one(stat, line(0.95)), one(stat, line(0.5))
    assert "<em>high</em>" in bad
    assert "#D55E00" in bad
    assert "95 %" in bad
    assert "<em>well</em>" in good


def test_a_course_has_its_thresholds_and_the_last_value_of_each_series() -> None:
    found = one(panel(thresholds=(HIGH,)), line(0.1, 0.5, legend="first"), line(0.2, 0.25, legend="second"))
    assert found.count("<polyline ") == 2
    assert found.count('stroke-dasharray="10 6"') == 1
    assert "first: <b>0.5</b>" in found


@pytest.mark.parametrize("kind", [PanelKind.STAT, PanelKind.TABLE, PanelKind.TIMESERIES])
def test_no_data_is_said(kind: PanelKind) -> None:
    assert "no data" in one(panel(kind=kind))


def test_a_table_has_a_column_for_each_label() -> None:
    table = panel(kind=PanelKind.TABLE, signals=(signal(legend="{{namespace}}/{{pod}}"),))
    assert "<td>jobs</td><td>job-1</td>" in one(table, line(1, namespace="jobs", pod="job-1"))


def test_what_is_written_into_a_panel_is_text() -> None:
    found = one(panel("<b>Bold</b>", PanelKind.STAT), line(1, legend="<script>"))
    assert "&lt;b&gt;Bold" in found
    assert "<script>" not in found


def test_a_lookup_shows_its_question() -> None:
    assert "asks logs" in one(LINES)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(0.5, "percentunit", "50 %"), (2048, "bytes", "2 KiB"), (1048576, "Bps", "1 MiB/s"), (90, "s", "1.5 min"),
     (0.25, "s", "0.25 s"), (3, "short", "3"), (5, "reqps", "5 req/s"),
     (12_345, "short", "12,345"), (0.5, "cps", "0.5 c/s")],
)  # fmt: skip
def test_a_value_is_written_as_a_person_reads_it(value: float, unit: str, text: str) -> None:
    assert amount(value, unit) == text


def test_live_values_are_asked_with_all_of_every_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def query_range(_: Server, expr: str, start: float, end: float, step: float) -> list[Series]:
        asked.append(expr)
        assert end - start == pytest.approx(6 * 3600)
        return [Series({"pod": "p"}, (1.0, 2.0)), Series({"pod": "empty"})]

    monkeypatch.setattr(Server, "query_range", query_range)
    value = panel(signals=(signal(legend="{{pod}}"),))
    [query] = panel_queries(value, dashboard_variables(dashboard(value)))
    [found] = live(Server("http://127.0.0.1:9090", "Prometheus"))(value, query, 0)
    assert (found.legend, found.values) == ("p", (1.0, 2.0))
    assert 'cluster=~".*"' in asked[0]


def test_a_query_that_is_refused_is_an_error_and_not_an_empty_panel(monkeypatch: pytest.MonkeyPatch) -> None:
    def query_range(*_: object) -> list[Series]:
        raise Refused("answers 400: parse error", 400)

    monkeypatch.setattr(Server, "query_range", query_range)
    value = panel()
    [query] = panel_queries(value, dashboard_variables(dashboard(value)))
    with pytest.raises(ObsError, match="parse error"):
        live(Server("http://127.0.0.1:9090", "Prometheus"))(value, query, 0)
