from __future__ import annotations

from promql_samples import expression, findings, recording

from obs.check.finding import Finding
from obs.check.infer import Expression

BASE = "sum by (cluster, node) (kube_pod_info)"


def of(found: list[Finding], check: str) -> list[Finding]:
    return [f for f in found if f.check == check]


def alert(name: str, text: str, where: str = "a.py:1") -> Expression:
    return Expression(text=text, kind="alert", subject=f"alert {name}", where=where)


def test_rules_are_resolved_whatever_their_order() -> None:
    chain = [recording("a:b:c", "a:b:b * 2"), recording("a:b:b", "a:b:a * 2"), recording("a:b:a", BASE)]
    assert findings(expression("sum by (node) (a:b:c)"), *chain) == []
    found = findings(expression("sum by (pod) (a:b:c)"), *chain)
    assert [f.check for f in found] == ["promql/unknown-label"]


def test_a_circle_of_recording_rules_is_found_once_with_its_path() -> None:
    rules = [recording("a:b:a", "a:b:b"), recording("a:b:b", "a:b:c"), recording("a:b:c", "a:b:a + 1")]
    (cycle,) = findings(*rules, expression("a:b:a"))
    assert cycle.check == "rules/cycle"
    path = cycle.message.partition(": ")[2].split(" -> ")
    assert path[0] == path[-1]
    assert set(path) == {"a:b:a", "a:b:b", "a:b:c"}


def test_every_circle_is_found_and_the_other_rules_are_still_checked() -> None:
    rules = [
        recording("a:b:a", "a:b:a or up"),
        recording("b:b:a", "b:b:b"),
        recording("b:b:b", "b:b:a"),
        recording("c:c:c", "sum by (cluster, sparkle) (up)"),
    ]
    found = findings(*rules, expression("a:b:a + b:b:b + c:c:c"))
    assert len(of(found, "rules/cycle")) == 2
    assert len(of(found, "promql/unknown-label")) == 1


def test_a_circle_through_a_selector_on_names_is_found() -> None:
    rules = [recording("a:b:a", 'sum by (cluster) ({__name__=~"a:b:.*"})')]
    assert of(findings(*rules, expression("a:b:a")), "rules/cycle")


def test_a_rule_is_used_if_an_alert_a_panel_or_a_variable_reads_it_at_last() -> None:
    rules = [recording("a:b:a", BASE), recording("a:b:b", "a:b:a * 2")]
    for reader in (
        alert("X", "a:b:b > 1"),
        expression("a:b:b"),
        expression("label_values(a:b:b, node)", "variable"),
        expression("up", "alert", templates=("{{ query `a:b:b` }}",)),
        expression('{__name__=~"a:.*"}'),
    ):
        assert of(findings(*rules, reader), "rules/unused") == []


def test_a_rule_that_only_an_unused_rule_reads_is_unused_too() -> None:
    rules = [recording("a:b:a", BASE), recording("a:b:b", "a:b:a * 2"), recording("a:b:c", BASE)]
    found = of(findings(*rules, expression("a:b:c")), "rules/unused")
    assert {f.subject for f in found} == {"rule a:b:a", "rule a:b:b"}


def test_one_record_with_two_meanings_is_found_at_the_second() -> None:
    rules = [recording("a:b:a", BASE, "r.py:1"), recording("a:b:a", f"{BASE} * 2", "r.py:9")]
    (found,) = of(findings(*rules, expression("a:b:a")), "rules/duplicate-record")
    assert (found.where, "r.py:1" in found.message) == ("r.py:9", True)


def test_one_record_may_have_several_rules_that_differ_in_a_label_only() -> None:
    rules = [recording("a:b:a", f"{BASE} * {i}", labels={"tier": str(i)}) for i in (1, 2)]
    assert findings(*rules, expression("a:b:a")) == []


def test_one_record_may_have_several_rules_that_select_different_values_of_a_label() -> None:
    rules = [
        recording("a:b:a", f'sum by (cluster, phase) (kube_pod_status_phase{{phase="{phase}"}})')
        for phase in ("Failed", "Pending")
    ]
    assert findings(*rules, expression("a:b:a")) == []


def test_rules_of_one_record_with_unlike_labels_are_found() -> None:
    rules = [
        recording("a:b:a", BASE, labels={"tier": "1"}),
        recording("a:b:a", "sum by (cluster, pod) (kube_pod_info)", labels={"tier": "2"}),
    ]
    (found,) = of(findings(*rules, expression("a:b:a")), "rules/duplicate-record")
    assert "node, pod" in found.message


def test_an_alert_name_may_be_used_once() -> None:
    first, other = alert("X", "up == 0", "a.py:1"), alert("Y", "up == 0", "a.py:2")
    assert findings(first, other) == []
    (found,) = findings(first, other, alert("X", "up == 0", "a.py:3"))
    assert (found.check, found.where, "a.py:1" in found.message) == ("rules/duplicate-alert", "a.py:3", True)


def test_a_recorded_name_that_no_rule_writes_says_so() -> None:
    (found,) = findings(expression("dataops:storage:usage_bytes"))
    assert (found.check, "no rule of this stack records it" in found.message) == ("promql/unknown-metric", True)


def test_a_record_whose_expression_does_not_parse_gives_one_finding() -> None:
    found = findings(recording("a:b:a", "sum("), expression("rate(a:b:a[5m])"))
    assert [f.check for f in found] == ["promql/parse"]


def test_a_recorded_number_has_no_labels() -> None:
    rule = recording("slo:target:ratio", "0.999")
    assert findings(rule, expression("slo:target:ratio")) == []
    found = findings(rule, expression("sum by (pod) (slo:target:ratio)"))
    assert [f.check for f in found] == ["promql/unknown-label"]


def test_findings_come_in_the_order_of_their_definition() -> None:
    found = findings(alert("B", "nothing_b", "a.py:20"), alert("A", "nothing_a", "a.py:3"))
    assert [f.where for f in found] == ["a.py:3", "a.py:20"]


def test_two_runs_find_the_same() -> None:
    stack = [alert("A", "nothing_a * kube_pod_info * kube_pod_status_phase"), recording("a:b:a", BASE)]
    assert findings(*stack) == findings(*reversed(stack))
