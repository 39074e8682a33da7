"""Pods for the rules of the pod security standard: a sound one, and one that breaks each rule and no other."""

from __future__ import annotations

import copy
from typing import Any

from components.pod_security import Rule

CONTAINER: dict[str, Any] = {
    "name": "one",
    "image": "registry.example.com/one:1.0",
    "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
}
SOUND: dict[str, Any] = {
    "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
    "containers": [CONTAINER],
    "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}],
}
# Rule -> (where in the pod, what makes it break the rule).
BROKEN: dict[Rule, tuple[str, Any]] = {
    Rule.HOST_PROCESS: ("securityContext.windowsOptions", {"hostProcess": True}),
    Rule.HOST_NAMESPACES: ("hostPID", True),
    Rule.PRIVILEGED: ("containers.0.securityContext.privileged", True),
    Rule.CAPABILITIES: ("containers.0.securityContext.capabilities", {"drop": ["ALL"], "add": ["SYS_TIME"]}),
    Rule.HOST_PATH: ("volumes", [{"name": "log", "hostPath": {"path": "/var/log"}}]),
    Rule.VOLUME_TYPES: ("volumes", [{"name": "share", "nfs": {"server": "x", "path": "/"}}]),
    Rule.HOST_PORTS: ("containers.0.ports", [{"containerPort": 80, "hostPort": 80}]),
    Rule.HOST_HANDLERS: ("containers.0.livenessProbe", {"httpGet": {"host": "10.0.0.1", "port": 80}}),
    Rule.APP_ARMOR: ("securityContext.appArmorProfile", {"type": "Unconfined"}),
    Rule.SELINUX: ("securityContext.seLinuxOptions", {"type": "spc_t"}),
    Rule.PROC_MOUNT: ("containers.0.securityContext.procMount", "Unmasked"),
    Rule.SYSCTLS: ("securityContext.sysctls", [{"name": "kernel.msgmax", "value": "1"}]),
    Rule.PRIVILEGE_ESCALATION: ("containers.0.securityContext.allowPrivilegeEscalation", True),
    Rule.RUN_AS_ROOT: ("securityContext.runAsNonRoot", None),
    Rule.SECCOMP: ("securityContext.seccompProfile", {"type": "Unconfined"}),
}


def broken(rule: Rule) -> dict[str, Any]:
    """The sound pod with one thing changed."""
    spec = copy.deepcopy(SOUND)
    path, value = BROKEN[rule]
    *above, last = path.split(".")
    holder: Any = spec
    for key in above:
        holder = holder[int(key)] if key.isdigit() else holder.setdefault(key, {})
    holder[last] = value
    return spec
