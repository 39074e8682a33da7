"""The rules about pods: each has a pod that breaks it and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from sample_pods import CONTAINER, SOUND, broken

from components.pod_security import Rule
from obs.check.security.pod_standard import violations


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
