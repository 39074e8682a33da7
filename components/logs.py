"""Logs: Loki, which keeps them, and the agent on every node that brings them."""

from __future__ import annotations

import pulumi

from components.alloy_config import alloy_config
from components.alloy_values import ACCOUNT, CONFIG_FILE, CONFIG_MAP, ROLE_RULES, alloy_values
from components.base import Component
from components.helm import chart
from components.keep_lists import Keep
from components.kube_prometheus_values import agents_namespace
from components.loki_values import loki_values
from components.rbac import cluster_name
from components.resources import ConfigMap
from components.services import ALLOY, LOKI, Services
from components.sizes import sizing
from components.workloads import ClusterRole, ClusterRoleBinding
from settings import Settings


class Logs(Component):
    """Loki in the stack's namespace, Alloy in that of the agents: it reads the nodes' files."""

    def __init__(self, name: str, settings: Settings, keep: Keep, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        size, agents = sizing(settings), agents_namespace(settings)
        source, child = settings.chart_source, self.child()
        loki = loki_values(settings, size, keep)
        chart(LOKI, source=source, namespace=settings.namespace, values=loki, opts=child)
        config = ConfigMap(
            CONFIG_MAP,
            {CONFIG_FILE: alloy_config(settings, Services(settings).loki.url())},
            namespace=agents,
            opts=child,
        )
        role_name = cluster_name(settings, ALLOY)
        role = ClusterRole(role_name, ROLE_RULES, opts=child)
        binding = ClusterRoleBinding(role_name, role=role_name, account=ACCOUNT, namespace=agents, opts=child)
        chart(
            ALLOY,
            source=source,
            namespace=agents,
            values=alloy_values(settings, size, keep),
            opts=self.child(depends_on=[config, role, binding]),
        )
        self.register_outputs({})
