"""restart: pods that are replaced, and by which part of their template."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from obs.check.rendered import Item, dig, mapping
from obs.check.security.operated import OPERATED
from obs.diff.entry import Entry, Level, listed
from obs.diff.pair import Change, Pair
from obs.diff.workloads import MADE

# Fields of the operator's resources (v0.93) that it writes into the configuration, which is reloaded, or that scale.
_RELOADED = frozenset(
    (
        "additionalScrapeConfigs",
        "alerting",
        "evaluationInterval",
        "externalLabels",
        "podMonitorNamespaceSelector",
        "podMonitorSelector",
        "probeNamespaceSelector",
        "probeSelector",
        "remoteRead",
        "remoteWrite",
        "replicas",
        "ruleNamespaceSelector",
        "ruleSelector",
        "sampleLimit",
        "scrapeClasses",
        "scrapeConfigNamespaceSelector",
        "scrapeConfigSelector",
        "scrapeInterval",
        "scrapeTimeout",
        "serviceMonitorNamespaceSelector",
        "serviceMonitorSelector",
        "shards",
        "storage",
        "version",
        "alertmanagerConfigNamespaceSelector",
        "alertmanagerConfigSelector",
        "podDisruptionBudget",
    )
)


def restarts(pair: Pair) -> Iterator[Entry]:
    for change in _running(pair):
        if reasons := _reasons(change):
            pods = pair.after.workloads[change.subject].pods
            who, interrupts = _who(change.item, pods)
            yield Entry(
                topic="restart",
                subject=change.subject,
                text=f"restarts {who}: {listed(reasons, 4)}",
                level=Level.MEDIUM if interrupts else Level.LOW,
                where=change.where,
                why="the template of its pods differs",
            )


def _who(item: Item, pods: int) -> tuple[str, bool]:
    """Which pods restart and how, and whether for a while none of them is there."""
    if item.kind == "DaemonSet":
        most = dig(item.spec, "updateStrategy", "rollingUpdate", "maxUnavailable")
        whole = most == "100%"
        return ("a pod on each node, all at once", True) if whole else ("a pod on each node, one after another", False)
    several = f"all {pods} pods"
    if item.kind == "Deployment" and _replaced_first(item, pods):
        return (f"{several}, one after another" if pods > 1 else "its pod, once another is ready"), False
    if item.kind == "Deployment":
        return (f"{several}, at once" if pods > 1 else "its pod, which ends before another starts"), True
    return (f"{several}, one after another", False) if pods > 1 else ("its pod", True)


def _replaced_first(deployment: Item, pods: int) -> bool:
    """Whether a pod is left while others are replaced. Kubernetes' defaults are 25 % each: of one pod that is none
    less and one more (shares of maxUnavailable are rounded down, which leaves one where it is no 100 %)."""
    strategy = mapping(deployment.spec.get("strategy"))
    if strategy.get("type") == "Recreate":
        return False
    most = mapping(strategy.get("rollingUpdate")).get("maxUnavailable", "25%")
    return most < pods if isinstance(most, int) else str(most) != "100%"


def _running(pair: Pair) -> Iterator[Change]:
    """What makes pods on both sides. Noise counts here: a checksum or a label in the template is another template."""
    for key, item in pair.after.items.items():
        before = pair.before.items.get(key)
        if item.kind in MADE and before is not None and (item.object.text is None or _texts_differ(before, item)):
            yield Change(before, item)


def _texts_differ(one: Item, other: Item) -> bool:
    """Asked first: parsing what is equal would cost seconds."""
    return one.object.text != other.object.text


def _reasons(change: Change) -> list[str]:
    one, other = change.manifests()
    if change.kind in OPERATED:
        a, b = mapping(one.get("spec")), mapping(other.get("spec"))
        return sorted(f"spec.{key}" for key in (a.keys() | b.keys()) - _RELOADED if a.get(key) != b.get(key))
    if change.kind in ("Deployment", "StatefulSet", "DaemonSet"):
        return list(_paths(dig(one, "spec", "template"), dig(other, "spec", "template"), ""))
    return []


def _paths(one: Any, other: Any, path: str) -> Iterator[str]:
    """Where two templates differ, in words a person looks for."""
    if one == other:
        return
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for key in sorted(one.keys() | other.keys()):
            if one.get(key) != other.get(key):
                yield from _paths(one.get(key), other.get(key), f"{path}.{key}".lstrip("."))
    elif isinstance(one, list) and isinstance(other, list) and _named(one) and _named(other):
        a, b = ({str(entry["name"]): entry for entry in given} for given in (one, other))
        for name in sorted(a.keys() | b.keys()):
            yield from _paths(a.get(name), b.get(name), f"{path}[{name}]")
        if a == b:
            yield f"order of {_last(path)}"
    else:
        yield _words(path)


def _named(entries: list[Any]) -> bool:
    return all(isinstance(entry, Mapping) and "name" in entry for entry in entries)


def _last(path: str) -> str:
    return path.rpartition(".")[2]


def _words(path: str) -> str:
    """``metadata.annotations.checksum/config`` is a configuration that changed."""
    if ".annotations.checksum/" in f".{path}":
        return f"its configuration changed ({path.partition('annotations.')[2]})"
    return path.removeprefix("spec.")
