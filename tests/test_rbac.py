"""Who may do what at the API: nobody reads the Secrets of the cluster."""

from __future__ import annotations

from grants import granted
from rendered_stacks import rendered
from stack_settings import values
from stacks import run


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


def test_what_is_of_the_whole_cluster_has_the_namespace_in_its_name() -> None:
    """Or the roles of two stacks in one cluster would be one another's.

    A cluster has one kube-state-metrics and one control plane: of two stacks, one watches them (docs/security.md).
    """
    _, expansion = rendered("prod", {"namespace": "watch"})
    kinds = ("ClusterRole", "ClusterRoleBinding")
    shared = {o.name for o in expansion.objects if o.kind in kinds or o.namespace == "kube-system"}
    assert {name for name in shared if "watch" not in name} == {
        f"kube-prometheus-stack-{part}"
        for part in (
            "kube-state-metrics",
            "kube-etcd",
            "kube-scheduler",
            "kube-controller-manager",
            "kube-proxy",
            "coredns",
        )
    }
    assert len(shared) > 5
