"""Each check of dashboards finds its defect in a plan that was broken in just that way."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest
from dashboard_samples import asked, panel, signal
from stacks import ROOT, run

from dashboards.layout import OPEN_PANELS
from dashboards.pages import PAGES
from dashboards.ways import HOMES, NEXT
from model.dashboard import Dashboard, Lookup, PanelKind, Row, Store
from model.expr import Expr, Matcher
from model.promql import call, count_by, eq, histogram_quantile, increase, metric, rate, sum_by
from model.rule import RecordingRule
from obs.check.dashboard_names import NAMES, problems, read
from obs.check.dashboards import by_shape, check_dashboards, recomputed
from obs.check.deployed import check_deployed
from obs.check.units import check_units, measured_in
from plan import Plan


@cache
def plan() -> Plan:
    found: Plan = run("dev").namespace["plan"]
    return found


def broken(change: Callable[[Dashboard], Dashboard], uid: str = "dataops-capacity") -> list[tuple[str, str]]:
    """(check, message) of a plan whose one dashboard is changed."""
    boards = tuple(change(d) if d.uid == uid else d for d in plan().dashboards)
    return [(f.check, f.message) for f in check_dashboards(replace(plan(), dashboards=boards))]


def with_panel(added: object) -> Callable[[Dashboard], Dashboard]:
    return lambda d: replace(d, rows=(Row(title="Added", panels=(added,)), *d.rows))  # type: ignore[arg-type]


def test_the_plan_as_it_is_has_no_finding() -> None:
    assert broken(lambda d: d) == []
    assert list(check_units(plan())) == []


def test_a_dashboard_of_over_300_kb_is_found_and_one_of_just_that_is_not() -> None:
    recording = run("dev")
    first = next(r for r in recording.resources if r.name == "dashboard-dataops-overview")
    (file,) = first.inputs["data"]

    def sizes(length: int) -> list[tuple[str, str, str]]:
        words = json.dumps({"description": "ß" * ((length - 20) // 2)}, ensure_ascii=False)
        data = {file: words + " " * (length - len(words.encode()))}
        large = replace(first, inputs={**first.inputs, "data": data})
        others = tuple(r for r in recording.resources if not r.type.endswith(":ConfigMap"))
        found = check_deployed(replace(recording, resources=(*others, large)), plan(), ROOT)
        return [(f.check, f.subject, f.message) for f in found]

    assert sizes(300_000) == []
    assert sizes(300_501) == [
        ("dashboard/size", "dashboard dataops-overview", "is 301 kB; a dashboard stays below 300 kB")
    ]


def test_a_link_to_nowhere_is_found() -> None:
    [(check, message)] = broken(with_panel(panel(link="dataops-nowhere")))
    assert check == "dashboard/link"
    assert "'dataops-nowhere'" in message


def test_a_link_in_a_text_to_nowhere_is_found() -> None:
    words = panel("Words", PanelKind.TEXT, text="[there](/d/dataops-nowhere)")
    assert [check for check, _ in broken(with_panel(words))] == ["dashboard/link"]


def test_a_click_that_chooses_what_is_not_there_is_found() -> None:
    click = panel(link="dataops-pod", carries=(("pood", "pod"),), signals=(signal(legend="{{node}}"),))
    assert [message.split(",")[0] for _, message in broken(with_panel(click))] == [
        "a click chooses $pood",
        "a click carries the label pod",
    ]


def test_a_page_that_nothing_leads_to_is_found() -> None:
    found = broken(lambda d: replace(d, uid="dataops-lost"))
    assert ("dashboard/reach", "no link leads to it from level 0; everything is within 3") in found


def test_a_panel_that_is_too_many_clicks_away_is_found() -> None:
    many = tuple(panel(f"P{n}") for n in range(OPEN_PANELS + 1))

    def chained(number: int) -> Dashboard:
        link = panel(f"On to {number + 1}", link=f"chain-{number + 1}")
        rows = (Row(title="A", panels=many), Row(title="B", panels=(panel("Q"),)), Row(title="C", panels=(link,)))
        board = Dashboard(uid=f"chain-{number}", title="t", description="d", level=2, folder="f", rows=rows)
        return replace(board, level=0) if number == 0 else board

    last = Dashboard(
        uid="chain-2", title="t", description="d", level=2, folder="f", rows=(Row(title="A", panels=many),)
    )
    boards = (chained(0), chained(1), last)
    found = [f.message for f in check_dashboards(replace(plan(), dashboards=boards))]
    assert set(found) == {"it takes 4 clicks from level 0; everything is within 3"}


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ('{pods=~"a$namespace"}', "no stream has the label pods"),
        ('{namespace="a", level="error"}', "no stream has the label level"),
        ('{namespace=~".+", pod=~"$nmspace"}', "$nmspace is no variable"),
        ('{namespace=~"$namespace"}', "which Loki refuses"),
        ('{app=~"$namespace.*"}', "which Loki refuses"),
        ('sum by (team) (rate({app="a"} [5m]))', "no line has team"),
    ],
)
def test_a_lookup_that_is_always_empty_is_found(query: str, says: str) -> None:
    [(check, message)] = broken(with_panel(asked("Lines", PanelKind.LOGS, Store.LOGS, query)))
    assert check == "dashboard/lookup"
    assert says in message


def test_a_label_that_the_query_makes_may_be_grouped_by() -> None:
    query = 'sum by (message) (rate({app="a"} | label_format message=`{{ __line__ }}` [5m]))'
    made = replace(asked("Lines", PanelKind.LOGS, Store.LOGS, query), lookup=Lookup(store=Store.LOGS, query=query))
    assert broken(with_panel(made)) == []


def test_a_lookup_of_labels_that_are_there_is_fine() -> None:
    query = 'sum by (level) (count_over_time({namespace=~"$namespace", app="a"} | level=~"error" [$__auto]))'
    assert broken(with_panel(asked("Lines", PanelKind.LOGS, Store.LOGS, query))) == []


@pytest.mark.parametrize(
    ("added", "found"),
    [
        ((), True),
        ((eq("node", "worker-1"),), True),
        ((eq("cluster", "c"), eq("node", "worker-1")), True),
        ((eq("mode", "user"),), False),  # the record has no series of one mode
    ],
)
def test_a_panel_that_computes_what_is_recorded_is_found(added: tuple[Matcher, ...], found: bool) -> None:
    record = next(rule for rule in plan().records if rule.record == "dataops:node:cpu_usage_ratio")
    again = signal(name="again", expr=record.expr.narrowed(*added) * 100)
    said = broken(with_panel(panel(signals=(again,))))
    assert [check for check, _ in said] == ["dashboard/raw"] * found
    assert all(message.endswith("which dataops:node:cpu_usage_ratio has") for _, message in said)


def test_matchers_stand_in_any_order_and_are_the_same_everywhere() -> None:
    """A part of the series on one side only is another quotient."""
    a, b = metric("a", eq("x", "1"), eq("y", "2")), metric("b")
    rule = RecordingRule(record="dataops:x:share", expr=sum_by(a, "z") / sum_by(b, "z"))
    turned = sum_by(metric("a", eq("y", "2"), eq("x", "1")), "z") / sum_by(b, "z")
    one_side = sum_by(a.where(eq("z", "3")), "z") / sum_by(b, "z")
    wider = sum_by(metric("a", eq("x", "1")), "z") / sum_by(b, "z")
    seen = [
        bool(list(recomputed(expr, by_shape([rule]))))
        for expr in (turned, rule.expr.narrowed(eq("z", "3")), one_side, wider)
    ]
    assert seen == [True, True, False, False]


def test_a_dashboard_that_was_renamed_and_one_that_is_new_are_found() -> None:
    top = plan().dashboards[0]
    names = {top.uid: {"title": "Home", "slug": "home"}}
    assert next(text for _, text in problems([top], names)).startswith("was 'Home'")
    assert "obs dashboards accept" in next(text for _, text in problems([top], {}))
    [(_, text)] = problems([top], {top.uid: {"title": top.title, "slug": "x"}})
    assert "Grafana makes 'dataops-0-platform-overview' of its title" in text
    assert list(problems([top], {top.uid: {"title": top.title, "slug": "dataops-0-platform-overview"}})) == []


_SECONDS, _BYTES = metric("a_seconds"), metric("b_bytes")


@pytest.mark.parametrize(
    ("expr", "unit"),
    [
        (_SECONDS, "s"),
        (sum_by(_BYTES, "pod"), "bytes"),
        (sum_by(rate(metric("b_bytes_total"), "5m")), "bytes/s"),
        (rate(metric("a_seconds_total"), "5m"), "ratio"),
        (increase(metric("a_seconds_sum"), "1h"), "s"),
        (1 - _BYTES / metric("c_bytes"), "ratio"),
        (metric("a_milliseconds") / 1000, "s"),
        (call("time") - metric("a_timestamp_seconds"), "s"),
        (histogram_quantile(0.95, sum_by(rate(metric("a_seconds_bucket"), "5m"), "le")), "s"),
        (count_by(_BYTES), "count"),
        (metric("dataops:volume:usage_ratio"), "ratio"),
        (_BYTES / _SECONDS, "bytes/s"),
        (_BYTES * 8, "part of bytes"),
        (metric("things"), "count"),
        (rate(metric("things_total"), "5m"), "count/s"),
        (sum_by(rate(metric("a_seconds_sum"), "5m")) / sum_by(rate(metric("a_seconds_count"), "5m")), "s"),
        ((metric("good_total") / metric("all_total")) * 100, "percent"),
        (metric("a_percent") / 100, "ratio"),
        (_SECONDS / 86400, "days"),
        ((1 - metric("a_ratio")) / (call("deriv", metric("a_ratio").over("1d")) * 3600), "hours"),
        (metric("up") | _SECONDS, None),
        (metric("things") * metric("things_info"), "count"),
    ],
)
def test_what_a_value_is_measured_in_follows_from_names(expr: Expr, unit: str | None) -> None:
    assert measured_in(expr) == unit


def test_a_value_in_the_unit_of_another_is_found() -> None:
    system = plan().systems[0]
    wrong = signal(name="wrong", expr=sum_by(_BYTES), unit="s")
    changed = replace(system, signals=(*system.signals, wrong))
    [found] = check_units(replace(plan(), systems=(changed, *plan().systems[1:])))
    assert (found.check, found.subject) == ("signal/unit", f"signal {system.name}.wrong")
    assert "bytes or decbytes" in found.message


def test_every_way_that_is_written_down_leads_to_a_recorded_dashboard() -> None:
    """A stack that lacks a page goes on to another: a misspelt one would do so everywhere, and no stack would say."""
    written = {*HOMES.values(), *NEXT, *NEXT.values(), *(page.parent for page in PAGES)}
    assert written <= set(read(ROOT / NAMES))
