"""What an exporter shows, as values and as a contract."""

from __future__ import annotations

import time
import urllib.request
from dataclasses import dataclass, field
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from scanning.process import Exporter


@dataclass
class Scraped:
    """``values``: (metric, its labels as sorted pairs) -> value. ``metrics``: name -> type and label names."""

    values: dict[tuple[str, tuple[tuple[str, str], ...]], float] = field(default_factory=dict)
    metrics: dict[str, tuple[str, frozenset[str]]] = field(default_factory=dict)

    def value(self, name: str, /, **labels: str) -> float:
        """The one series of that name with these labels among its own."""
        found = [
            value
            for (metric, own), value in self.values.items()
            if metric == name and labels.items() <= dict(own).items()
        ]
        assert len(found) == 1, f"{name}{labels}: {len(found)} series"
        return found[0]

    def labels(self, name: str, label: str) -> set[str]:
        return {dict(own)[label] for metric, own in self.values if metric == name}

    def has(self, name: str, /, **labels: str) -> bool:
        return any(metric == name and labels.items() <= dict(own).items() for metric, own in self.values)


def parsed(text: bytes) -> Scraped:
    """Fails where a series is there twice, or a metric's series differ in their labels."""
    scraped = Scraped()
    for family in text_string_to_metric_families(text.decode()):
        for sample in family.samples:
            key = (sample.name, tuple(sorted(sample.labels.items())))
            assert key not in scraped.values, f"twice: {key}"
            scraped.values[key] = sample.value
            shape = (family.type, frozenset(sample.labels))
            assert scraped.metrics.setdefault(sample.name, shape) == shape, sample.name
    return scraped


class Clock:
    """The time of an exporter's cache, which passes when it is told to."""

    def __init__(self, exporter: Exporter[Any]) -> None:
        self._now = time.monotonic()
        exporter.cache._clock = lambda: self._now

    def passes(self, seconds: float) -> None:
        self._now += seconds


def scan(exporter: Exporter[Any]) -> Scraped:
    """One scan, and what a scrape gets after it."""
    exporter.scanner.scan()
    return parsed(exporter.text())


def get(exporter: Exporter[Any], path: str) -> tuple[int, bytes]:
    """Status and body over HTTP, of a server that runs."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{exporter.server.port}{path}", timeout=5) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
