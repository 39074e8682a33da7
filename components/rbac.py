"""What the parts of kube-prometheus-stack may do at the API, in place of the chart's own roles.

The chart gives the operator every verb on every Secret of the cluster and has no switch for less. The rules here are
the chart's (templates/prometheus-operator/clusterrole.yaml, templates/prometheus/clusterrole.yaml at 88.5.3) split by
where they are needed, and less what the operator's source (v0.93, cmd/operator and pkg/) never asks for.

Told to keep to one namespace (``prometheusInstanceNamespaces`` and its three sisters in the values), the operator
watches Secrets, ConfigMaps and StatefulSets there alone; monitors, probes and rules it takes from every namespace.
The price: a monitor in another namespace whose ``basicAuth`` or ``authorization`` names a Secret there is refused
until that namespace gives the operator a Role on it. docs/security.md says how.
"""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from components.services import KUBE_PROMETHEUS
from components.workloads import ClusterRole, ClusterRoleBinding, Role, RoleBinding, Rule
from settings import Settings

OPERATOR_ACCOUNT = f"{KUBE_PROMETHEUS}-operator"
PROMETHEUS_ACCOUNT = f"{KUBE_PROMETHEUS}-prometheus"
GRAFANA_ACCOUNT = f"{KUBE_PROMETHEUS}-grafana"
KUBELET_NAMESPACE = "kube-system"
"""Where the chart has the operator keep the Service of the kubelets."""

_READ = ("get", "list", "watch")
_MONITORING = ("monitoring.coreos.com",)
_CORE = ("",)


def _rule(groups: tuple[str, ...], resources: tuple[str, ...], verbs: tuple[str, ...]) -> Rule:
    return {"apiGroups": groups, "resources": resources, "verbs": verbs}


def operator_cluster_rules(settings: Settings) -> list[Rule]:
    """What the operator must see of the whole cluster. It changes nothing there."""
    rules = [
        # Monitors and rules come from every namespace: a team's monitors stand beside what they scrape.
        _rule(_MONITORING, ("servicemonitors", "podmonitors", "probes", "scrapeconfigs", "prometheusrules"), _READ),
        # Their namespaces' labels, which namespace selectors ask for.
        _rule(_CORE, ("namespaces",), _READ),
        # It tells the author of a monitor that it refuses what is wrong with it, as an Event beside the monitor.
        _rule(("events.k8s.io",), ("events",), ("create", "patch")),
        # Whether a volume can grow.
        _rule(("storage.k8s.io",), ("storageclasses",), ("get",)),
    ]
    if watches_kubelets(settings):
        # The addresses of the kubelets, for their Endpoints.
        rules.append(_rule(_CORE, ("nodes",), ("list", "watch")))
    return rules


# In the stack's own namespace the operator makes what its resources describe.
OPERATOR_RULES: tuple[Rule, ...] = (
    _rule(_MONITORING, ("prometheuses", "alertmanagers", "thanosrulers", "alertmanagerconfigs"), _READ),
    # Conditions, applied by patch; at its start it asks whether it may update them.
    _rule(
        _MONITORING, ("prometheuses/status", "alertmanagers/status", "thanosrulers/status"), ("get", "update", "patch")
    ),
    # Where the API server checks owners that block a deletion, setting one needs this.
    _rule(_MONITORING, ("prometheuses/finalizers", "alertmanagers/finalizers", "thanosrulers/finalizers"), ("update",)),
    _rule(("apps",), ("statefulsets",), (*_READ, "create", "update", "patch", "delete")),
    # Rules become ConfigMaps; configurations, which may hold credentials, become Secrets.
    _rule(_CORE, ("configmaps", "secrets"), (*_READ, "create", "update", "delete")),
    # The governing Services.
    _rule(_CORE, ("services",), ("get", "create", "update", "delete")),
    # The state of its StatefulSets. (It deletes pods only with a repair policy, and ours is the default: none.)
    _rule(_CORE, ("pods",), ("list",)),
)

# The Service of the kubelets and its Endpoints, which the chart has in kube-system.
KUBELET_RULES: tuple[Rule, ...] = (_rule(_CORE, ("services", "endpoints"), ("get", "create", "update")),)


def prometheus_rules(settings: Settings) -> list[Rule]:
    """What Prometheus reads to find its targets, everywhere; nothing of it is secret."""
    rules: list[Rule] = [
        _rule(_CORE, ("services", "endpoints", "pods"), _READ),
        _rule(("discovery.k8s.io",), ("endpointslices",), _READ),
        # Labels of nodes, which monitors may attach to what runs there, and the role `node` of ScrapeConfigs.
        _rule(_CORE, ("nodes",), _READ),
        # A team's Probe may take its targets from Ingresses.
        _rule(("networking.k8s.io",), ("ingresses",), _READ),
        # Components that ask the API server whether the scraper may read their metrics (K16).
        {"nonResourceURLs": ("/metrics",), "verbs": ("get",)},
    ]
    if watches_kubelets(settings):
        # The kubelet asks for this on /metrics and what is below it.
        rules.append(_rule(_CORE, ("nodes/metrics",), ("get",)))
    return rules


# Dashboards and datasources are ConfigMaps of any namespace; the chart's own role reads every Secret as well.
SIDECAR_RULES: tuple[Rule, ...] = (_rule(_CORE, ("configmaps",), _READ),)


def watches_kubelets(settings: Settings) -> bool:
    """Whether the kubelets are scraped, and so the operator keeps their Service."""
    return "kubernetes" in settings.systems


def cluster_name(settings: Settings, part: str) -> str:
    """The name of a role of the whole cluster: with the namespace in it, as a cluster may have two stacks."""
    return f"{settings.namespace}-{part}"


def grants(settings: Settings, opts: pulumi.ResourceOptions) -> list[pulumi.Resource]:
    """Roles and bindings. They need no account to be there: made before the chart, its pods start with them."""
    namespace = settings.namespace
    everywhere: dict[str, tuple[Sequence[Rule], str]] = {
        "prometheus-operator": (operator_cluster_rules(settings), OPERATOR_ACCOUNT),
        "prometheus": (prometheus_rules(settings), PROMETHEUS_ACCOUNT),
        "grafana-sidecar": (SIDECAR_RULES, GRAFANA_ACCOUNT),
    }
    made: list[pulumi.Resource] = []
    for part, (rules, account) in everywhere.items():
        name = cluster_name(settings, part)
        made.append(ClusterRole(name, rules, opts=opts))
        made.append(ClusterRoleBinding(name, role=name, account=account, namespace=namespace, opts=opts))
    operator = "prometheus-operator"
    made.append(Role(operator, OPERATOR_RULES, namespace=namespace, opts=opts))
    made.append(RoleBinding(operator, role=operator, account=OPERATOR_ACCOUNT, namespace=namespace, opts=opts))
    if watches_kubelets(settings):
        name = cluster_name(settings, "kubelets")
        made.append(Role(name, KUBELET_RULES, namespace=KUBELET_NAMESPACE, opts=opts))
        made.append(
            RoleBinding(
                name,
                role=name,
                account=OPERATOR_ACCOUNT,
                account_namespace=namespace,
                namespace=KUBELET_NAMESPACE,
                opts=opts,
            )
        )
    return made
