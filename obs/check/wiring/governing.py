"""wiring/service: the Service that a StatefulSet names, by which its pods have names in DNS, is there."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from obs.check.finding import Finding
from obs.check.wiring.stack import Stack

# (chart, serviceName) that the chart itself leaves out. Kubernetes runs such a StatefulSet; its pods have no names of
# their own in DNS, and nobody calls these by one: Tempo's find each other by gossip, and a finding of
# wiring/service names whoever would.
_LEFT_OUT = {
    ("tempo", "tempo-headless"),
    *(
        ("tempo-distributed", component)
        for component in ("backend-scheduler", "backend-worker", "block-builder", "live-store", "metrics-generator")
    ),
}


def check_governing(stack: Stack) -> Iterator[Finding]:
    for pods in stack.pods:
        there = (pods.namespace, pods.service) in stack.services
        if not pods.service or there or (pods.item.object.origin, pods.service) in _LEFT_OUT:
            continue
        names = sorted(name for namespace, name in stack.services if namespace == pods.namespace)
        message = f"serviceName is {pods.service}, and no such Service is rendered in namespace {pods.namespace}"
        near = next(iter(get_close_matches(pods.service, names, n=1)), None)
        yield pods.item.finding("wiring/service", f"{message}: its pods have no names in DNS", suggestion=near)
