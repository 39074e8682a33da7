"""The rules about pods: each has a pod that breaks it and nothing else."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from components.pod_security import Rule
from obs.check.security.pod_standard import violations

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


def rules_of(spec: dict[str, Any]) -> list[Rule]:
    return [rule for rule, _ in violations(spec)]


def test_a_sound_pod_breaks_no_rule() -> None:
    assert rules_of(SOUND) == []


@pytest.mark.parametrize("rule", Rule)
def test_each_rule_is_broken_by_a_pod_that_keeps_the_others(rule: Rule) -> None:
    assert rules_of(broken(rule)) == [rule]


def test_a_container_may_have_what_its_pod_has_not() -> None:
    own = {**CONTAINER["securityContext"], **SOUND["securityContext"]}
    assert rules_of({"containers": [{**CONTAINER, "securityContext": own}]}) == []
    assert rules_of({**SOUND, "containers": [{**CONTAINER, "securityContext": {**own, "runAsNonRoot": False}}]}) == [
        Rule.RUN_AS_ROOT
    ]


def test_init_containers_are_looked_at_as_well() -> None:
    assert rules_of({**SOUND, "initContainers": [{"name": "first"}]}) == [
        Rule.CAPABILITIES,
        Rule.PRIVILEGE_ESCALATION,
    ]


def test_on_the_nodes_network_every_port_is_one_of_the_node() -> None:
    container = {**CONTAINER, "ports": [{"containerPort": 9100}]}
    assert rules_of({**SOUND, "hostNetwork": True, "containers": [container]}) == [
        Rule.HOST_NAMESPACES,
        Rule.HOST_PORTS,
    ]
