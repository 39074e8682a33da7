"""Values of the chart alloy: one agent a node, which reads the logs of the node's containers and nothing else.

Off: the chart's role (it reads every Secret of the cluster), its definition of PodLogs, its report to the makers. The
configuration is a ConfigMap of our own: the chart would run it through its templates.
"""

from __future__ import annotations

from components.images import global_image_registry
from components.keep_lists import Keep, metric_relabelings
from components.kube_prometheus_values import SCRAPE_INTERVAL, Values
from components.restricted import RESTRICTED_CONTAINER
from components.services import ALLOY
from components.sizes import Resources, Sizing
from model.quantity import compressed
from settings import Settings
from settings.parts import PartName

CONFIG_MAP = f"{ALLOY}-config"
CONFIG_FILE = "config.alloy"
ACCOUNT = ALLOY
"""The service account that the chart makes: the release's name."""
ROLE_RULES = ({"apiGroups": ("",), "resources": ("pods",), "verbs": ("get", "list", "watch")},)
"""What discovery.kubernetes with role pod asks for. The API server cannot restrict it to the pods of a node."""

_STORAGE = "/var/lib/alloy"
_VOLUME = "positions"
# Measured use below 20Mi.
_RELOADER = Resources("10m", "32Mi", memory_limit="64Mi")


def alloy_values(settings: Settings, size: Sizing, keep: Keep = None) -> Values:
    """The values of one stack that keeps logs. Shape: the chart's values.yaml at the pinned version."""
    return {
        **global_image_registry(settings),
        "crds": {"create": False},
        "rbac": {"create": False},
        "alloy": {
            "configMap": {"create": False, "name": CONFIG_MAP, "key": CONFIG_FILE},
            "enableReporting": False,
            "resources": size[PartName.ALLOY].resources.manifest(),
            # How far each file was read. On the node, so that a new pod goes on where the old one was.
            "storagePath": _STORAGE,
            "mounts": {"varlog": True, "extra": [{"name": _VOLUME, "mountPath": _STORAGE}]},
            # The kubelet's files are readable by their owner only, which is root; of root's powers none is needed.
            "securityContext": {
                "runAsUser": 0,
                "runAsGroup": 0,
                **RESTRICTED_CONTAINER,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
        },
        "controller": {
            "type": "daemonset",
            # Nodes with taints have logs too.
            "tolerations": [{"operator": "Exists"}],
            "volumes": {"extra": [{"name": _VOLUME, "hostPath": _host_path(settings)}]},
            # One node at a time takes an hour for a hundred nodes. Nothing is lost meanwhile: the files wait.
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%"}},
        },
        "configReloader": {"resources": _RELOADER.manifest()},
        "serviceMonitor": {
            "enabled": True,
            "interval": compressed(SCRAPE_INTERVAL, settings.time_compression),
            **metric_relabelings(keep, "alloy"),
        },
    }


def _host_path(settings: Settings) -> dict[str, str]:
    """With the namespace in it: a node may be read by the agents of two stacks."""
    return {"path": f"{_STORAGE}/{settings.namespace}", "type": "DirectoryOrCreate"}
