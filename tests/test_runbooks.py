from __future__ import annotations

from dataclasses import replace

import pytest
from runbook_pages import (
    FOLDER,
    PLACEHOLDERS,
    SECTIONS,
    Page,
    broken_links,
    deployed,
    fact_problems,
    form_problems,
    index,
    names,
    page,
    plan,
    query_findings,
    shell_errors,
    silence_problems,
)
from stacks import STACKS


def readme() -> Page:
    return page("README")


@pytest.mark.parametrize("name", names())
def test_every_alert_has_a_whole_page(name: str) -> None:
    assert list(form_problems(page(name))) == []
    assert broken_links(page(name)) == []


@pytest.mark.parametrize("name", names())
def test_a_page_says_what_is_deployed(name: str) -> None:
    same = [one for one in deployed() if one.alert.name == name]
    assert [problem for one in same for problem in fact_problems(page(name), one)] == []


@pytest.mark.parametrize("name", names())
def test_a_silence_fits_its_alert(name: str) -> None:
    one = next(one for one in deployed() if one.alert.name == name)
    assert list(silence_problems(page(name), one)) == []


@pytest.mark.parametrize("stack", STACKS)
def test_queries_read_only_what_each_stack_with_the_alert_stores(stack: str) -> None:
    here = {alert.name for alert in plan(stack).alerts} | {"ErrorBudgetBurnRateMediumSlow"}
    assert [(f.subject, f.message) for f in query_findings(stack, [page(name) for name in sorted(here)])] == []


def test_no_page_is_without_an_alert() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.md")) == sorted([*names(), "README"])


def test_the_index_repeats_the_pages() -> None:
    pages = [page(name) for name in names()]
    assert sorted(index(readme())) == [(p.name, p.name, p.facts["Severity"], p.summary) for p in pages]


def test_every_placeholder_is_explained() -> None:
    explained = set(PLACEHOLDERS.findall(readme().sections["Before you start"]))
    used = {word for name in names() for word in PLACEHOLDERS.findall(page(name).text)}
    assert used - explained == set()


def test_commands_are_valid_shell() -> None:
    assert shell_errors(page(name) for name in [*names(), "README"]) == ""
    assert "syntax error" in shell_errors([changed("describe pvc <pvc> |", "describe pvc <pvc> ( |")])


def changed(old: str, new: str, name: str = "StorageCapacityLow") -> Page:
    """A copy of a page with one error in it."""
    text = page(name).text
    assert old in text
    return replace(page(name), text=text.replace(old, new))


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_that_is_left_out_misplaced_or_empty_is_found(section: str) -> None:
    body = page("StorageCapacityLow").sections[section]
    assert any("the sections are" in p for p in form_problems(changed(f"## {section}\n", "")))
    assert f"StorageCapacityLow: section {section} is empty" in form_problems(changed(body, ""))
    text = page("StorageCapacityLow").text.replace(f"## {section}\n{body}\n", "") + f"\n## {section}\n{body}\n"
    moved = Page("StorageCapacityLow", text)
    assert any("the sections are" in p for p in form_problems(moved)) == (section != SECTIONS[-1])


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("# StorageCapacityLow\n", "# StorageLow\n", "the title is '# StorageLow'"),
        ("| Severity | high |\n", "", "the table has"),
        ("```promql", "```text", "section Queries has no query"),
    ],
)
def test_a_page_of_another_form_is_found(old: str, new: str, problem: str) -> None:
    assert any(problem in found for found in form_problems(changed(old, new)))


def test_an_alert_without_a_page_is_found() -> None:
    assert list(form_problems(page("NoSuchAlert"))) == ["NoSuchAlert: there is no runbooks/NoSuchAlert.md"]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("| Severity | high |", "| Severity | critical |", "Severity is 'high' in prod, the page says 'critical'"),
        (": Volume use |", ": Volumes |", "Shown on is"),
        ("| Component | storage |", "| Component | spark |", "Component is 'storage'"),
        ("is more than 85 % full, for", "is more than 95 % full, for", "its threshold is '85 %'"),
        ("% full, for 15 minutes", "% full, for 5 minutes", "its `for` is 'for 15 minutes'"),
        ("High: answer", "First: answer", "does not name the severity high"),
        ("answer within 30 minutes", "answer within the day", "does not say `answer within 30 minutes` (high)"),
    ],
)
def test_a_page_that_says_another_thing_than_is_deployed_is_found(old: str, new: str, problem: str) -> None:
    one = next(one for one in deployed() if one.alert.name == "StorageCapacityLow" and one.stack == "prod")
    found = list(fact_problems(changed(old, new), one))
    assert len(found) == 1
    assert problem in found[0]


@pytest.mark.parametrize(
    ("old", "new", "check"),
    [
        ("kubelet_volume_stats_inodes_used{", "kubelet_volume_stats_inodes_taken{", "promql/unknown-metric"),
        ("dataops:volume:usage_ratio{namespace=", "dataops:volume:usage_ratio{project=", "promql/unknown-label"),
        ("max by (cluster, namespace, pod, persistent", "max by (namespace, pod, persistent", "promql/lost-cluster"),
        ("/ 3600\n", "/ 3600)\n", "promql/parse"),
        ("dataops:volume:usage_ratio{", "dataops:spark_executor:gc_time_ratio{", "promql/unknown-metric"),
    ],
)
def test_a_query_that_could_not_answer_is_found(old: str, new: str, check: str) -> None:
    stack = "apps" if "spark" in new else "prod"  # apps runs no Spark: its pages cannot ask for it
    assert check in {finding.check for finding in query_findings(stack, [changed(old, new)])}


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("--duration=1d", "--duration=7d", "the silence lasts 7d"),
        ("--duration=1d ", "", "lasts for ever"),
        ('alertname="StorageCapacityLow"', 'alertname="StorageUsageHigh"', "asks for alertname=StorageUsageHigh"),
        (" 'cluster=\"<cluster>\"'", "", "not alertname, cluster and an object's label"),
        ("'persistentvolumeclaim=\"<pvc>\"'", "'pod=\"<pod>\"'", "no pod on the alert"),
        ("'persistentvolumeclaim=\"<pvc>\"'", "'component=\"spark\"'", "asks for component=spark"),
        ("amtool silence add", "amtool silence query", "has 0 commands"),
    ],
)
def test_a_silence_that_does_not_fit_is_found(old: str, new: str, problem: str) -> None:
    one = next(one for one in deployed() if one.alert.name == "StorageCapacityLow" and one.stack == "prod")
    assert any(problem in found for found in silence_problems(changed(old, new), one))


def test_a_silence_of_the_heartbeat_is_found() -> None:
    one = next(one for one in deployed() if one.alert.name == "Watchdog")
    silenced = changed("amtool silence query", "amtool silence add", "Watchdog")
    assert list(silence_problems(silenced, one)) == ["Watchdog: must never be silenced"]


def test_a_link_to_nowhere_is_found() -> None:
    assert broken_links(changed("(StorageUsageHigh.md)", "(StorageHigh.md)")) == ["StorageCapacityLow: StorageHigh.md"]
