"""What is scraped, how often, and what of it is stored."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from obs.check.rendered import entries, mapping
from obs.diff.entry import Entry, arrow, listed
from obs.diff.meaning.groups import common
from obs.diff.noise import quiet
from obs.diff.pair import Change, Pair

MONITORS = ("ServiceMonitor", "PodMonitor", "Probe", "ScrapeConfig")
_ENDPOINTS = ("endpoints", "podMetricsEndpoints")
_WHY = "the monitor differs"
_COMMON = {
    "scrapeInterval": "of every monitor without an interval of its own",
    "scrapeTimeout": "of every monitor without a time limit of its own",
}


def scrapes(pair: Pair) -> Iterator[Entry]:
    for change in pair.of(*MONITORS):
        before, after = change.manifests()
        one, other = (mapping(quiet(side).get("spec")) for side in (before, after))
        text = _text(change, one, other)
        if text:
            where = pair.where(f"scrape {change.item.name}") or change.where
            yield Entry(topic="scrapes", subject=change.subject, text=text, where=where, why=_WHY)
    yield from common(pair, "scrapes", _COMMON)


def _text(change: Change, one: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    if change.action == "added":
        return f"added: {_said(other)}"
    if change.action == "removed":
        return f"removed; it was {_said(one)}"
    return "; ".join(_changes(one, other))


def _said(spec: Mapping[str, Any]) -> str:
    every = sorted({str(e.get("interval")) for e in _endpoints(spec).values() if e.get("interval")})
    return f"every {', '.join(every) or 'interval of Prometheus'}"


def _endpoints(spec: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Port and path -> endpoint. A Probe and a ScrapeConfig are one themselves."""
    given = [e for field in _ENDPOINTS for e in entries(spec.get(field))]
    if not given:
        return {"": {**spec, "interval": spec.get("interval") or spec.get("scrapeInterval")}}
    return {f"{e.get('port') or e.get('targetPort') or ''}{e.get('path') or ''}": e for e in given}


def _changes(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[str]:
    before, after = _endpoints(one), _endpoints(other)
    for port in sorted(before.keys() | after.keys()):
        a, b = before.get(port), after.get(port)
        at = f" of {port}" if port and len(after) > 1 else ""
        if a is None or b is None:
            yield f"endpoint {port} {'added' if a is None else 'removed'}"
            continue
        if a.get("interval") != b.get("interval"):
            yield f"interval{at} {arrow(a.get('interval'), b.get('interval'))}"
        yield from (f"{text}{at}" for text in _relabelings(a, b))
        yield from _others(a, b, at, ("interval", "metricRelabelings", "metricRelabelConfigs", *_ENDPOINTS))
    yield from (
        _others(
            one, other, "", ("interval", "scrapeInterval", "metricRelabelings", "metricRelabelConfigs", *_ENDPOINTS)
        )
        if "" not in before
        else ()
    )


def _others(a: Mapping[str, Any], b: Mapping[str, Any], at: str, known: tuple[str, ...]) -> Iterator[str]:
    for field in sorted((a.keys() | b.keys()) - set(known)):
        if a.get(field) != b.get(field):
            yield f"{field}{at} {arrow(_short(a.get(field)), _short(b.get(field)))}"


def _short(value: Any) -> str | None:
    if value is None:
        return None
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return text if len(text) <= 120 else f"{text[:117]}…"


def _relabelings(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[str]:
    """What is kept is told by name; other steps as they are."""
    one, other = (_steps(e) for e in (a, b))
    kept, now = (_kept(steps) for steps in (one, other))
    if kept is not None and now is not None and kept != now:
        if lost := sorted(kept - now):
            yield f"no longer stores {listed(lost)}"
        if won := sorted(now - kept):
            yield f"stores {listed(won)} too"
    elif (kept is None) != (now is None):
        yield "stores everything" if now is None else f"stores {len(now)} names only"
    rest, rest_now = ([s for s in steps if s.get("action") != "keep"] for steps in (one, other))
    for step in rest_now:
        if step not in rest:
            yield f"step added: {_short(step)}"
    for step in rest:
        if step not in rest_now:
            yield f"step removed: {_short(step)}"


def _steps(endpoint: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return entries(endpoint.get("metricRelabelings") or endpoint.get("metricRelabelConfigs"))


def _kept(steps: list[Mapping[str, Any]]) -> set[str] | None:
    for step in steps:
        if step.get("action") == "keep" and step.get("sourceLabels") == ["__name__"]:
            return set(str(step.get("regex", "")).split("|"))
    return None
