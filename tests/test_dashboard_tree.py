"""All dashboards of every stack: how they hang together, and that they stay what they are."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import pytest
from stacks import ROOT, STACKS, run

from dashboards.clicks import MOST, clicks
from dashboards.cost import cost
from dashboards.domains import BRING
from dashboards.grafana import dashboard_json
from dashboards.kinds import ends
from dashboards.layout import OPEN_PANELS, arrange
from dashboards.pages import PAGES
from dashboards.queries import chosen_by
from dashboards.shelf import Page, Shelf, show
from dashboards.signals import SHARED
from dashboards.ways import SAME
from model.dashboard import Dashboard, PanelKind, Store
from model.system import Domain
from obs.check.dashboard_names import NAMES, accept, read, slug
from plan import Plan
from systems import OWN


@cache
def plan(stack: str) -> Plan:
    found: Plan = run(stack).namespace["plan"]
    return found


@cache
def rendered(stack: str) -> dict[str, dict[str, Any]]:
    return {d.uid: json.loads(dashboard_json(d)) for d in plan(stack).dashboards}


def every_panel(model: dict[str, Any]) -> list[dict[str, Any]]:
    return [p for top in model["panels"] for p in (top, *top.get("panels", ())) if p["type"] != "row"]


@pytest.mark.parametrize("stack", STACKS)
def test_every_panel_is_three_clicks_away(stack: str) -> None:
    far = {(d.uid, p.title): n for (d, p), n in clicks(plan(stack).dashboards) if n is None or n > MOST}
    assert far == {}


def test_what_nothing_leads_to_is_seen() -> None:
    top, *below = plan("prod").dashboards
    cut = [n for (d, _), n in clicks(below) if d.uid == "dataops-gitops"]
    assert set(cut) == {None}
    assert top.level == 0


@pytest.mark.parametrize("stack", STACKS)
def test_every_link_of_the_json_leads_to_a_dashboard_and_keeps_the_time(stack: str) -> None:
    boards = rendered(stack)
    for uid, model in boards.items():
        urls = [link["url"] for link in model["links"] if link["type"] == "link"]
        assert all(link["keepTime"] and link["includeVars"] for link in model["links"])
        for panel in every_panel(model):
            defaults = panel.get("fieldConfig", {}).get("defaults", {})
            own = [link["url"] for link in (*panel.get("links", ()), *defaults.get("links", ()))]
            own += re.findall(r"\((/d/[^)]*)\)", panel.get("options", {}).get("content", ""))
            own = [url for url in own if not url.endswith(".md")]  # runbooks are about no time
            assert all("${__url_time_range}" in url for url in own), (uid, panel["title"])
            urls += own
        assert {url.split("/")[2].split("?")[0] for url in urls} <= boards.keys(), uid


@pytest.mark.parametrize("stack", STACKS)
def test_a_click_keeps_what_is_chosen_on_both_pages(stack: str) -> None:
    """But for what the click itself chooses, which stands there once."""
    boards = {d.uid: d for d in plan(stack).dashboards}
    seen = 0
    for uid, model in rendered(stack).items():
        for panel in every_panel(model):
            for url in (link["url"] for link in panel.get("fieldConfig", {}).get("defaults", {}).get("links", ())):
                if "${__all_variables}" in url or not url.startswith("/d/"):
                    continue  # a runbook is no page of ours
                target = url.split("/")[2].split("?")[0]
                kept = re.findall(r"\$\{(\w+):queryparam\}", url)
                chosen = re.findall(r"&var-(\w+)=", url)
                assert sorted((*kept, *chosen)) == sorted({*kept, *chosen}), (uid, panel["title"])
                assert {*kept, *chosen} == {*chosen, *chosen_by(boards[uid])} & {*chosen_by(boards[target])}
                seen += 1
    assert seen or stack == "dev"


@pytest.mark.parametrize("stack", STACKS)
def test_a_click_chooses_by_labels_that_mean_the_same_there(stack: str) -> None:
    """``cluster_name`` is a Trino in one system and a Kafka in another."""
    owners = {id(s): system.name for system in plan(stack).systems for s in system.signals}
    about = {page.uid: {*page.systems} for page in PAGES}
    for dashboard in plan(stack).dashboards:
        for panel in dashboard.panels:
            if panel.carries and panel.link is not None:
                owner = owners.get(id(panel.signals[0]))
                same = owner in about.get(panel.link, ()) or {label for _, label in panel.carries} <= SAME
                assert same, (dashboard.uid, panel.title, panel.link)


@pytest.mark.parametrize("stack", STACKS)
def test_every_panel_leads_on_and_says_where(stack: str) -> None:
    """To another dashboard by its name, or to the runbook of an alert that watches what is shown."""
    boards = {d.uid: d for d in plan(stack).dashboards}
    watched = {a.name: a.signal for a in plan(stack).alerts}
    for uid, model in rendered(stack).items():
        panels = {p.title: p for p in boards[uid].panels}
        for shown in every_panel(model):
            panel, links = panels[shown["title"]], shown.get("links", [])
            if panel.kind is PanelKind.TEXT:
                assert links or "](/d/" in panel.text or panel.title == "What to switch on"
                continue
            [link] = links
            if panel.runbook is not None:
                folder, _, alert = link["url"].removesuffix(".md").rpartition("/")
                assert watched[alert] in panel.signals, (uid, panel.title)
                assert folder == run(stack).namespace["settings"].runbooks_url.rstrip("/")
                assert (ROOT / "runbooks" / f"{alert}.md").exists()
            else:
                there = link["url"].split("/")[2].split("?")[0]
                assert there != uid
                assert link["title"].removeprefix("Open ") == re.sub(r"^DataOps - (\d+\. )?", "", boards[there].title)


def test_a_panel_leads_to_the_nearest_that_there_is() -> None:
    ways = {(d.uid.removeprefix("dataops-"), p.title): p for d in plan("prod").dashboards for p in d.panels}
    found = {place: (p.link or "", p.runbook and p.runbook[0], {*dict(p.carries)}) for place, p in ways.items()}
    assert found["e2e", "Throughput"] == ("dataops-data", None, set())
    assert found["e2e", "Attainment of objectives"] == ("dataops-slo", None, {"slo"})
    assert found["incident", "Commits in an hour"] == ("dataops-gitops", None, set())
    assert found["slo", "Violations over time"] == ("dataops-incident", None, set())
    assert found["slo", "Error budget left"] == ("", "ErrorBudgetExhausted", set())
    assert found["pod", "Log of the pod"] == ("dataops-logs", None, set())
    assert found["observability", "Loki: Panics"] == ("dataops-pod", None, {"pod"})
    assert found["observability", "Loki: Failed requests"] == ("", "LokiRequestsFailing", set())
    assert found["spark-job", "Input read"] == ("dataops-logs", None, {"namespace"})


def test_the_quick_status_leads_to_what_it_is_about() -> None:
    [row] = [row for row in plan("prod").dashboards[0].rows if row.title == "Quick status"]
    assert [panel.link for panel in row.panels] == [
        "dataops-incident",
        "dataops-incident",
        "dataops-observability",
        "dataops-slo",
        "dataops-workload",
    ]


def test_the_way_back_has_every_level() -> None:
    titles = {d.uid: [title for _, title in d.trail] for d in plan("prod").dashboards}
    assert titles["dataops-spark-job"] == ["DataOps - 0. Platform overview", "DataOps - 3. Workload execution"]
    assert titles["dataops-overview"] == []


def test_a_click_on_a_pod_chooses_the_pod() -> None:
    panels = {p["title"]: p for p in every_panel(rendered("prod")["dataops-gitops"])}
    [link] = panels["Containers in CrashLoopBackOff"]["fieldConfig"]["defaults"]["links"]
    assert link["url"].startswith("/d/dataops-pod?")
    assert "var-pod=${__data.fields.pod}" in link["url"]


@pytest.mark.parametrize("stack", STACKS)
def test_no_panel_is_without_title_description_or_unit(stack: str) -> None:
    for uid, model in rendered(stack).items():
        for panel in every_panel(model):
            assert panel["title"].strip(), uid
            assert panel["description"].strip(), (uid, panel["title"])
            if panel["type"] not in ("text", "logs"):
                assert panel["fieldConfig"]["defaults"]["unit"], (uid, panel["title"])
                assert panel["fieldConfig"]["defaults"]["noValue"], (uid, panel["title"])
                assert "Good: " in panel["description"], (uid, panel["title"])


@pytest.mark.parametrize("stack", STACKS)
def test_a_bar_of_time_has_an_end(stack: str) -> None:
    bars = [p for d in plan(stack).dashboards for p in d.panels if p.kind is PanelKind.BARGAUGE]
    assert [p.title for p in bars if p.unit in ("s", "d") and ends(p)[1] is None] == []


def test_a_dashboard_states_what_it_costs() -> None:
    boards = {d.uid: d for d in plan("prod").dashboards}
    spent = cost(boards["dataops-observability"])
    assert spent.opened < spent.whole
    assert str(spent) in rendered("prod")["dataops-observability"]["description"]
    assert all(cost(d).opened <= 3 * OPEN_PANELS for d in boards.values())


@pytest.mark.parametrize("stack", STACKS)
def test_what_is_open_is_about_twenty_panels(stack: str) -> None:
    for dashboard in plan(stack).dashboards:
        placed = list(zip(dashboard.rows, arrange(dashboard.rows), strict=True))
        shown = [len(row.panels) for row, place in placed if not place.collapsed]
        assert sum(shown) <= OPEN_PANELS or len(shown) == 1, dashboard.uid


@pytest.mark.parametrize("stack", STACKS)
def test_no_data_source_is_written_into_a_dashboard(stack: str) -> None:
    text = json.dumps(rendered(stack))
    assert set(re.findall(r'"uid": "(\$\{\w+\})"', text)) <= {"${datasource}", "${logs}", "${traces}"}
    assert not re.search(r'"datasource": "', text)


@pytest.mark.parametrize("stack", STACKS)
def test_a_dashboard_is_small_and_known_by_a_name_that_stays(stack: str) -> None:
    names = read(ROOT / NAMES)
    for dashboard in plan(stack).dashboards:
        assert len(dashboard_json(dashboard).encode()) < 300_000
        assert names[dashboard.uid] == {"title": dashboard.title, "slug": slug(dashboard.title)}
    slugs = [one["slug"] for one in names.values()]
    assert len(set(slugs)) == len(slugs)


def renamed(dashboard: Dashboard, **changes: str) -> Dashboard:
    from dataclasses import replace

    return replace(dashboard, **changes)  # type: ignore[arg-type]


def test_a_new_dashboard_is_added_and_no_name_changes(tmp_path: Any) -> None:
    file = tmp_path / "names.yaml"
    boards = plan("dev").dashboards
    assert len(accept(boards, file)) == len(boards)
    before = file.read_bytes()
    assert accept(boards, file) == []
    assert file.read_bytes() == before
    with pytest.raises(Exception, match="was 'DataOps - 0"):
        accept((renamed(boards[0], title="Home"),), file)
    with pytest.raises(Exception, match="its slug is that of dataops-overview"):
        accept((renamed(boards[0], uid="other"),), file)


def test_domains_without_a_system_say_what_to_switch_on() -> None:
    config: dict[str, object] = {"systems": {"nodes": {}}, "exporters": {}}
    found: Plan = run("dev", config=config).namespace["plan"]
    boards = {d.uid: d for d in found.dashboards}
    [panel] = boards["dataops-data"].panels
    assert "`kafka`" in panel.text
    assert panel.kind is PanelKind.TEXT
    assert "dataops-spark-job" not in boards


@pytest.mark.parametrize("domain", [d for d in Domain if d is not Domain.OBSERVABILITY])
def test_what_to_switch_on_is_what_has_a_section(domain: Domain) -> None:
    # What is made of other systems, or watches a part of the stack, is not switched on.
    named = [s for stack in STACKS for s in plan(stack).systems if s.scrapes and s.name not in OWN]
    has = {s.name for s in named for c in s.sections if c.domain is domain}
    assert set(BRING[domain]) == has


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.uid)
def test_a_page_asks_for_signals_that_some_stack_has(page: Page) -> None:
    known = {f"{owner}.{s.name}" for stack in STACKS for owner, s in plan(stack).signals()} | SHARED.keys()
    asked = {name for row in page.rows for wanted in row.panels for name in wanted.names}
    later = {"capacity.days_until_full"}  # of stacks that have something that can run out
    assert asked - known - later == set()


def test_a_misspelt_signal_is_refused_where_it_is_written() -> None:
    shelf = Shelf(plan("prod").systems, {}, ())
    with pytest.raises(ValueError, match=r"test_dashboard_tree\.py:\d+: spark has no signal 'gc_time'.*gc_time_ratio"):
        shelf.panel(show(PanelKind.STAT, "spark.gc_time"))
    assert shelf.panel(show(PanelKind.STAT, "spark.gc_time", optional=True)) is None
    assert shelf.panel(show(PanelKind.STAT, "nothing.at_all")) is None


def test_without_logs_nothing_asks_for_them() -> None:
    found: Plan = run("dev", config={"logs": {"enabled": False}, "traces": {"enabled": False}}).namespace["plan"]
    assert all(panel.lookup is None for d in found.dashboards for panel in d.panels)
    assert "dataops-logs" not in {d.uid for d in found.dashboards}
    assert any(p.lookup and p.lookup.store is Store.LOGS for d in plan("prod").dashboards for p in d.panels)


@pytest.mark.parametrize("stack", STACKS)
def test_alerts_lead_to_the_domain_that_shows_them(stack: str) -> None:
    found = plan(stack)
    for alert in found.alerts:
        shown = found.panel_showing(alert.signal)
        assert shown is not None
        assert alert.signal in shown[1].signals
        assert any(alert.name in rule for rule in shown[1].rules)
