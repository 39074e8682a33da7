"""network: who may call whom that might not before, and what is reached from outside of the cluster now."""

from __future__ import annotations

from collections.abc import Iterator

from obs.check.rendered import Item, Rendered, dig, entries
from obs.diff.entry import Entry, Level, listed
from obs.diff.flows import Flow, flows
from obs.diff.pair import Change, Pair

_POLICIES = "the NetworkPolicies of both sides"
_OPEN = ("LoadBalancer", "NodePort")


def loosened(pair: Pair) -> Iterator[Entry]:
    for change in pair.of("NetworkPolicy"):
        if change.before is not None and _denies(change.before) and (change.after is None or not _denies(change.after)):
            yield _entry(change.subject, "no longer refuses everything by default", Level.HIGH)
        elif change.before is not None and change.after is None and not _guarded(pair.after.rendered, change.before):
            yield _entry(
                change.subject, "is gone and no other policy selects its pods: anyone may call them", Level.HIGH
            )
    before, after = (flows(side.rendered) for side in (pair.before, pair.after))
    selected = {(flow.namespace, flow.pods) for flow in before}
    fresh = [flow for flow in sorted(after - before) if not any(old.covers(flow) for old in before)]
    for namespace, pods in sorted({(flow.namespace, flow.pods) for flow in fresh}):
        new = [flow for flow in fresh if (flow.namespace, flow.pods) == (namespace, pods)]
        known = (namespace, pods) in selected
        open_to_all = any(flow.peer.everyone for flow in new)
        level = Level.HIGH if open_to_all and known else Level.MEDIUM if known else Level.LOW
        yield _entry(f"pods {pods or 'all'} of {namespace}", "; ".join(_said(new, known)), level)


def _said(new: list[Flow], known: bool) -> Iterator[str]:
    for direction, words in (("ingress", "let in"), ("egress", "call")):
        if those := [f"{flow.peer} at {flow.ports}" for flow in new if flow.direction == direction]:
            yield f"{f'{words} now' if known else f'are new and {words}'}: {listed(those, 4)}"


def exposed(pair: Pair) -> Iterator[Entry]:
    """Services and Ingresses that lead into the cluster, which no NetworkPolicy of ours is asked about first."""
    for change in pair.of("Service"):
        before, after = (_ways(item) for item in (change.before, change.after))
        if new := sorted(after - before):
            text = f"is reached from outside of the cluster now: {', '.join(new)}"
            yield _entry(change.subject, text, Level.HIGH, change, "it leads from outside into the cluster")
    for change in pair.of("Ingress"):
        before, after = (_paths(item) for item in (change.before, change.after))
        if new := sorted(after - before):
            words = "leads now to" if change.before else "is new and leads to"
            yield _entry(change.subject, f"{words} {listed(new, 4)}", Level.HIGH, change, "whoever reaches it gets in")


def _ways(item: Item | None) -> set[str]:
    """How a Service is reached from outside: its type and addresses, each with whom it lets in."""
    spec = item.spec if item else {}
    ways = {f"external address {address}" for address in spec.get("externalIPs") or ()}
    if spec.get("type") in _OPEN:
        allowed = spec.get("loadBalancerSourceRanges") if spec["type"] == "LoadBalancer" else None
        ways |= {f"{spec['type']} for {block}" for block in allowed or ("everyone",)}
    return ways


def _paths(item: Item | None) -> set[str]:
    """HOST/PATH → Service of an Ingress."""
    spec = item.spec if item else {}
    found = set()
    for rule in entries(spec.get("rules")):
        for path in entries(dig(rule, "http", "paths")):
            service = dig(path, "backend", "service", "name")
            found.add(f"Service {service} at {rule.get('host') or 'any host'}{path.get('path') or '/'}")
    if default := dig(spec, "defaultBackend", "service", "name"):
        found.add(f"Service {default} at whatever else")
    return found


def _entry(subject: str, text: str, level: Level, change: Change | None = None, why: str = _POLICIES) -> Entry:
    where = change.where if change else ""
    return Entry(topic="network", subject=subject, text=text, level=level, where=where, why=why)


def _denies(item: Item) -> bool:
    """Selects every pod and lets nobody in."""
    return not item.spec.get("podSelector") and not item.spec.get("ingress")


def _guarded(rendered: Rendered, gone: Item) -> bool:
    return any(
        one.namespace == gone.namespace
        and (_denies(one) or one.spec.get("podSelector") == gone.spec.get("podSelector"))
        for one in rendered.of("NetworkPolicy")
    )
