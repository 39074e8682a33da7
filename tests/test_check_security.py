"""The security checks: a sound stack gives nothing, and each way of breaking it gives its finding."""

from __future__ import annotations

import pytest
import yaml
from stacks import ROOT
from wired_stack import changed, rendered

from components.pod_security import PodException, Rule
from obs.check.finding import Finding
from obs.check.security.check import check_security

SAMPLES = ROOT / "tests" / "security"
SOUND = (SAMPLES / "stack.yaml").read_text()
BREAKS = yaml.safe_load((SAMPLES / "breaks.yaml").read_text())
EXCEPTIONS = (PodException("DaemonSet agent", frozenset({Rule.HOST_PATH}), "it reads logs"),)


def findings(text: str) -> list[Finding]:
    return check_security(rendered(text), EXCEPTIONS)


def test_a_sound_stack_has_no_finding() -> None:
    assert findings(SOUND) == []


@pytest.mark.parametrize("name", BREAKS)
def test_a_stack_that_is_broken_in_one_way_has_one_finding(name: str) -> None:
    broken = BREAKS[name]
    (found,) = findings(changed(broken["old"], broken["new"], SOUND))
    assert (found.check, found.subject, found.where) == (broken["check"], broken["subject"], "parts.py:1")
    assert broken["says"] in found.message


def test_without_its_exception_an_agent_is_a_pod_like_others() -> None:
    assert [f.check for f in check_security(rendered(SOUND), ())] == ["security/pod"]


def test_a_binding_of_an_account_that_nobody_makes_is_found() -> None:
    lost = changed(
        "{kind: ServiceAccount, name: main, namespace: monitoring}", "{kind: ServiceAccount, name: x}", SOUND
    )
    assert {f.check for f in findings(lost)} == {"security/grant", "security/token"}


def test_secrets_that_are_named_are_not_those_of_every_namespace() -> None:
    named = changed(
        "resources: [pods, services], verbs: [get, list, watch]",
        "resources: [secrets], verbs: [get], resourceNames: [one]",
        SOUND,
    )
    assert findings(named) == []


def test_where_policies_are_switched_off_none_is_missed() -> None:
    kept = [part for part in SOUND.split("\n---\n") if "kind: NetworkPolicy" not in part]
    assert findings("\n---\n".join(kept)) == []
