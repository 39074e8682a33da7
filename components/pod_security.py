"""How strict each namespace of the stack is about its pods, and who may do more than ``restricted`` allows.

The table is read by the namespaces, by the check ``security/pod`` and by docs/security.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from components.kube_prometheus_values import agents_namespace
from settings import Settings

_ENFORCE = "pod-security.kubernetes.io/enforce"
_WARN = "pod-security.kubernetes.io/warn"


class Rule(StrEnum):
    """The rules of the Pod Security Standard ``restricted``."""

    HOST_PROCESS = "host process"
    HOST_NAMESPACES = "host namespaces"
    PRIVILEGED = "privileged"
    CAPABILITIES = "capabilities"
    HOST_PATH = "host path"
    VOLUME_TYPES = "volume types"
    HOST_PORTS = "host ports"
    HOST_HANDLERS = "host probes"
    APP_ARMOR = "AppArmor"
    SELINUX = "SELinux"
    PROC_MOUNT = "proc mount"
    SYSCTLS = "sysctls"
    PRIVILEGE_ESCALATION = "privilege escalation"
    RUN_AS_ROOT = "root"
    SECCOMP = "seccomp"


class Level(StrEnum):
    RESTRICTED = "restricted"
    PRIVILEGED = "privileged"


@dataclass(frozen=True)
class PodException:
    """A workload of the agents' namespace that breaks ``rules``, and no others, because of ``reason``."""

    workload: str
    rules: frozenset[Rule]
    reason: str


EXCEPTIONS: tuple[PodException, ...] = (
    PodException(
        "DaemonSet kube-prometheus-stack-prometheus-node-exporter",
        frozenset({Rule.HOST_NAMESPACES, Rule.HOST_PATH, Rule.HOST_PORTS}),
        "it measures the node: its network interfaces, its processes, /proc, /sys and the fill of its file systems,"
        " all read-only, as a user without rights",
    ),
    PodException(
        "DaemonSet alloy",
        frozenset({Rule.HOST_PATH, Rule.RUN_AS_ROOT}),
        "it reads the logs of the node's containers, which only root may read, and notes on the node how far it got;"
        " of root's powers it has none",
    ),
)

TOKENS: Mapping[str, str] = MappingProxyType(
    {"ThanosRuler": "the operator's resource has no field for it, and the chart's account none either"}
)
"""Kind of a workload whose pods get a token that opens nothing -> why."""


def namespaces(settings: Settings) -> dict[str, Level]:
    """Every namespace of the stack -> how strict it is; that of the agents only where there are agents."""
    agents = "nodes" in settings.systems or settings.logs.enabled
    privileged = {agents_namespace(settings): Level.PRIVILEGED} if agents else {}
    return {settings.namespace: Level.RESTRICTED, **privileged}


def namespace_labels(level: Level) -> Mapping[str, str]:
    """The API server refuses pods that break the level, and says so to whoever applies a workload that makes them."""
    modes = (_ENFORCE, _WARN) if level is Level.RESTRICTED else (_ENFORCE,)
    return dict.fromkeys(modes, level.value)


def level_of(labels: Mapping[str, str]) -> Level | None:
    """The level that a namespace with these labels enforces; None for none of ours."""
    value = labels.get(_ENFORCE)
    return Level(value) if value in set(Level) else None
