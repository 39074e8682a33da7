"""security/pod, security/exception, security/resources: what each pod may do, and how much it may take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from components.pod_security import Level, PodException, level_of
from obs.check.finding import Finding
from obs.check.rendered import Item, Rendered, dig, mapping
from obs.check.security.operated import OPERATED, pod_spec
from obs.check.security.pod_standard import containers, violations
from obs.check.wiring.pods import WORKLOADS

_NEEDED = (("requests", "cpu"), ("requests", "memory"), ("limits", "memory"))


def pod_specs(rendered: Rendered) -> Iterator[tuple[Item, Mapping[str, Any]]]:
    """Every workload with the spec of its pods; of the operator's resources what is known of it."""
    for kind, path in WORKLOADS.items():
        yield from ((item, mapping(dig(item.manifest, *path, "spec"))) for item in rendered.of(kind))
    yield from ((item, pod_spec(item, rendered)) for item in rendered.of(*OPERATED))


def check_pods(rendered: Rendered, exceptions: Iterable[PodException]) -> Iterator[Finding]:
    allowed = {one.workload: one for one in exceptions}
    for item, spec in pod_specs(rendered):
        broken: dict[str, list[str]] = {}
        for rule, text in violations(spec):
            broken.setdefault(rule, []).append(text)
        exception = allowed.get(f"{item.kind} {item.name}")
        yield from _pod(item, broken, exception, level_of(rendered.namespaces.get(item.namespace, {})))
        if exception and (idle := sorted(exception.rules - broken.keys())):
            message = f"keeps to {', '.join(idle)}, which components/pod_security.py excepts it from"
            yield item.finding("security/exception", message)
        yield from _resources(item, spec)


def _pod(
    item: Item, broken: Mapping[str, list[str]], exception: PodException | None, level: Level | None
) -> Iterator[Finding]:
    if broken and exception and level is Level.RESTRICTED:
        message = f"is an exception in components/pod_security.py, and namespace {item.namespace} refuses its pods"
        yield item.finding("security/exception", message)
    for rule, texts in broken.items():
        if exception is None or rule not in exception.rules:
            yield item.finding("security/pod", f"breaks the standard restricted ({rule}): {'; '.join(texts)}")


def _resources(item: Item, spec: Mapping[str, Any]) -> Iterator[Finding]:
    lacking = []
    for where, container in containers(spec):
        given = mapping(container.get("resources"))
        missing = [f"{kind}.{name}" for kind, name in _NEEDED if not mapping(given.get(kind)).get(name)]
        if missing:
            lacking.append(f"{where} has no {', '.join(missing)}")
    if lacking:
        yield item.finding("security/resources", "; ".join(lacking))
