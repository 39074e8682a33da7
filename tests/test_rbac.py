"""Who may do what at the API: nobody reads the Secrets of the cluster."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stacks import run
from test_components import values

from obs.record import Recording


def granted(recording: Recording) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(account, namespace that the grant is for or "" for all, rule) of everything that the program itself binds."""
    objects = [r.inputs for r in recording.resources if r.type.startswith("kubernetes:rbac.authorization.k8s.io/")]
    rules = {(o["kind"], o["metadata"].get("namespace"), o["metadata"]["name"]): o.get("rules", []) for o in objects}
    for binding in objects:
        if "roleRef" in binding:
            namespace, role = binding["metadata"].get("namespace"), binding["roleRef"]
            found = rules[role["kind"], namespace, role["name"]]
            for subject in binding["subjects"]:
                yield from ((f"{subject['namespace']}/{subject['name']}", namespace or "", rule) for rule in found)


def test_the_operator_reads_secrets_of_its_own_namespace_only() -> None:
    on_secrets = {(who, where) for who, where, rule in granted(run("prod")) if "secrets" in rule.get("resources", ())}
    assert on_secrets == {("monitoring/kube-prometheus-stack-operator", "monitoring")}


def test_what_is_granted_for_the_whole_cluster_is_to_be_read_but_for_events() -> None:
    for _, where, rule in granted(run("prod")):
        assert "*" not in str(rule)
        if not where:
            assert {"get", "list", "watch"} >= set(rule["verbs"]) or rule["resources"] == ["events"]


def test_the_operator_is_told_to_keep_to_the_namespace_that_it_has_a_role_in() -> None:
    operator = values("prod", namespace="watch")["prometheusOperator"]
    kept = {key: value for key, value in operator.items() if key.endswith("Namespaces")}
    assert set(kept) == {
        "prometheusInstanceNamespaces",
        "alertmanagerInstanceNamespaces",
        "thanosRulerInstanceNamespaces",
        "alertmanagerConfigNamespaces",
    }
    assert set(map(tuple, kept.values())) == {("watch",)}


def test_without_kubelets_to_scrape_nothing_is_granted_in_kube_system_and_on_nodes() -> None:
    with_kubelets, without = run("prod"), run("dev", config={"systems": {}})
    assert {where for _, where, _ in granted(with_kubelets)} == {"", "monitoring", "kube-system"}
    assert {where for _, where, _ in granted(without)} == {"", "monitoring"}
    assert not any("nodes/metrics" in rule.get("resources", ()) for _, _, rule in granted(without))
    assert values("dev", systems={})["prometheusOperator"]["kubeletService"]["enabled"] is False
