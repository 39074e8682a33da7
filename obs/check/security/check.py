"""All security checks of one stack."""

from __future__ import annotations

from collections.abc import Iterable

from components.pod_security import EXCEPTIONS, PodException
from obs.check.finding import Finding
from obs.check.rendered import Rendered
from obs.check.security.grants import check_grants, check_tokens
from obs.check.security.pods import check_pods
from obs.check.security.policies import check_network_policies


def check_security(rendered: Rendered, exceptions: Iterable[PodException] = EXCEPTIONS) -> list[Finding]:
    """Every finding about what the pods and accounts of a stack may do. Needs all of its charts."""
    return [
        *check_pods(rendered, exceptions),
        *check_grants(rendered),
        *check_tokens(rendered),
        *check_network_policies(rendered),
    ]
