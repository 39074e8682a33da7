"""What an exporter exposes: metrics, types and labels, and where that was read or scraped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


class ContractError(ValueError):
    """A contract that is not there, or not one; the message names the file and what is allowed."""


MetricType = Literal["counter", "gauge", "histogram", "summary", "info", "untyped"]
Evidence = Literal["read", "scraped"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Metric:
    """One exposed metric family.

    ``name`` is the exposed name of a counter or gauge and the base name of a histogram or summary.
    ``optin`` says what must be switched on, ``dropped_by`` who drops it before storage,
    ``components`` which processes or endpoints of the exporter expose it (empty: all).
    """

    name: str
    type: MetricType
    labels: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    optin: str | None = None
    dropped_by: str | None = None
    note: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Absent:
    """A name that is often queried and that this version does not expose."""

    name: str
    instead: str | None
    why: str


@dataclass(frozen=True, kw_only=True)
class Contract:
    """One exporter at one version. ``evidence`` tells whether its source was read or it was scraped.

    ``metrics`` is keyed by metric name, or by ``name@component`` where components of one exporter
    expose the same name with other labels: take the name from the metric, not from the key.
    """

    name: str
    exporter: str
    version: str
    source: str
    evidence: Evidence
    metrics: Mapping[str, Metric]
    absent: Mapping[str, Absent] = field(default_factory=dict)
