"""A contract file with what was scraped taken into it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from model.contract import Contract, Metric
from obs import atomic
from obs.contracts.compare import ALLOW_LISTED, Comparison, Component, Scraped, evidence, look_up, names
from obs.contracts.exposition import Family

Entry = dict[str, Any]
_REST = "; read, for what is marked so: "
_HEAD = ("exporter", "version", "source", "evidence", "includes")


def update(file: Mapping[str, Any], contract: Contract, scraped: Scraped, compared: Comparison) -> dict[str, Any]:
    """The file as data, with what was seen as it was seen.

    A metric that was not seen stays and is marked as read; one that only an earlier version showed goes. What the
    contract does not know is added.
    """
    metrics: dict[str, Entry] = {}
    for key, entry in file["metrics"].items():
        metric = contract.metrics[key]
        if key in compared.seen:
            metrics |= _split(key, entry, metric, _by_labels(metric, compared.seen[key], scraped), scraped)
        elif not scraped.owns(metric.name):
            metrics[key] = dict(entry)
        elif key not in compared.unseen or _stays(contract, metric, scraped):
            metrics[key] = {**entry, "evidence": "read"}
    for key, entry in _added(contract, scraped, compared):
        _add(metrics, key, entry)
    read = str(file["source"]).rpartition(_REST)[2] if file["evidence"] == "scraped" else file["source"]
    rest = f"{_REST}{read}" if any(e.get("evidence") == "read" for e in metrics.values()) else ""
    head = {"version": scraped.version, "source": scraped.how + rest, "evidence": "scraped"}
    return {**file, **head, "metrics": dict(sorted(metrics.items()))}


def _stays(contract: Contract, metric: Metric, scraped: Scraped) -> bool:
    """Whether a metric that was not seen is still one. Another run of the same version had it: it comes and goes."""
    return evidence(contract, metric) == "read" or metric.optin is not None or contract.version == scraped.version


def _add(metrics: dict[str, Entry], key: str, entry: Entry) -> None:
    known = metrics.get(key)
    if known is None:
        metrics[key] = entry
    elif "components" in known and _alike(known, entry):
        known["components"] = sorted({*known["components"], *entry["components"]})
    else:
        metrics[f"{key.partition('@')[0]}@{entry['components'][0]}"] = entry


def _alike(one: Entry, other: Entry) -> bool:
    return one["type"] == other["type"] and {*one.get("labels", ())} == {*other.get("labels", ())}


def _by_labels(metric: Metric, seen: Sequence[Component], scraped: Scraped) -> list[dict[Component, Family]]:
    """The components that showed a metric, together where it has the same labels there."""
    groups: dict[frozenset[str], dict[Component, Family]] = {}
    for component in seen:
        family = look_up(scraped.components[component], metric)
        if family is not None:
            groups.setdefault(family.labels | family.some, {})[component] = family
    return list(groups.values())


def _split(
    key: str, entry: Entry, metric: Metric, groups: Sequence[Mapping[Component, Family]], scraped: Scraped
) -> dict[str, Entry]:
    """One entry, or one for each group of components: ``name@component`` from the second on."""
    if len(groups) == 1:
        return {key: _seen(entry, metric, [*groups[0].values()], scraped)}
    shown = {component for group in groups for component in group}
    result: dict[str, Entry] = {}
    for group in groups:
        own = sorted(str(component) for component in group)
        if not result:  # those that did not show it stay with the first
            own += sorted(component for component in metric.components if component not in shown)
        result[key if not result else f"{metric.name}@{own[0]}"] = _seen(
            {**entry, "components": own}, metric, [*group.values()], scraped
        )
    return result


def _seen(entry: Entry, metric: Metric, found: list[Family], scraped: Scraped) -> Entry:
    exposed = frozenset().union(*(family.labels | family.some for family in found))
    kept = [
        label
        for label in metric.labels
        if label in exposed or label in scraped.sometimes or ALLOW_LISTED.fullmatch(label) or label == "quantile"
    ]
    open_ended = any(ALLOW_LISTED.fullmatch(label) for label in kept)
    labels = kept if open_ended else [*kept, *sorted(exposed - set(kept))]
    told = next((family.type for family in found if family.type != "untyped"), metric.type)
    kind = metric.type if (metric.type, told) in {("info", "gauge"), ("gauge", "info")} else told
    note = re.sub(r"^low confidence(; |$)", "", entry.get("note", ""))
    return _entry({**entry, "labels": labels, "type": kind, "evidence": None, "note": note or None})


def _added(contract: Contract, scraped: Scraped, compared: Comparison) -> list[tuple[str, Entry]]:
    """New metrics: one entry for the components that have it alike."""
    found: dict[str, tuple[str, Entry]] = {}
    for component, exposed in scraped.components.items():
        known = _known(contract, scraped, compared, component)
        for name, family in exposed.items():
            if name in known or not scraped.counts(name):
                continue
            labels = sorted(family.labels | family.some)
            alike = f"{name} {family.type} {labels}"
            if alike not in found:
                key = name if all(name != other for other, _ in found.values()) else f"{name}@{component}"
                found[alike] = (key, _entry({"labels": labels, "type": family.type}))
            if component is not None:
                found[alike][1].setdefault("components", []).append(component)
    return list(found.values())


def _known(contract: Contract, scraped: Scraped, compared: Comparison, component: Component) -> set[str]:
    known: set[str] = set()
    for key, components in compared.seen.items():
        metric = contract.metrics[key]
        if component in components and (family := look_up(scraped.components[component], metric)) is not None:
            known |= names(family, metric)
    return known


def _entry(data: Mapping[str, Any]) -> Entry:
    return {key: value for key, value in data.items() if value not in (None, [], ())}


def dump(file: Mapping[str, Any]) -> str:
    """The form of every contract: a line for each metric, with its keys in order."""
    lines = [_line(key, file[key]) for key in _HEAD if key in file]
    for part in ("metrics", "absent"):
        if entries := file.get(part):
            lines += [f"{part}:", *(f"  {_line(name, entry)}" for name, entry in entries.items())]
    return "\n".join(lines) + "\n"


def _line(key: str, value: Any) -> str:
    """``key: value`` on one line, in flow style. PyYAML would write a key of more than 128 characters over two."""
    return key + yaml.safe_dump({"k": value}, default_flow_style=True, width=10**6, allow_unicode=True).strip()[2:-1]


def write(path: Path, file: Mapping[str, Any]) -> None:
    atomic.write(path, dump(file).encode())
