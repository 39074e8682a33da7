"""Alertmanager's configuration, and the Secret with what its receivers need to authenticate."""

from __future__ import annotations

import pulumi

from components.alertmanager_config import alertmanager_yaml
from components.base import Component
from components.kube_prometheus_values import ALERTMANAGER_CONFIG_SECRET, RECEIVERS_SECRET
from components.resources import Secret
from model.route import RoutingTree
from settings import Secrets, Settings

# Where the operator mounts the Secrets of spec.secrets (Alertmanager API, field secrets).
SECRET_DIR = f"/etc/alertmanager/secrets/{RECEIVERS_SECRET}"


class AlertRouting(Component):
    """The configuration names secrets by file only, so obs can render it readable."""

    def __init__(
        self,
        name: str,
        tree: RoutingTree,
        settings: Settings,
        secrets: Secrets,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, opts)
        child = self.child()
        Secret(
            ALERTMANAGER_CONFIG_SECRET,
            {"alertmanager.yaml": alertmanager_yaml(tree, SECRET_DIR)},
            namespace=settings.namespace,
            confidential=False,
            opts=child,
        )
        if settings.alerting.secret_keys:
            data = {key: secrets.text(key) for key in settings.alerting.secret_keys}
            Secret(RECEIVERS_SECRET, data, namespace=settings.namespace, opts=child)
        self.register_outputs({})
