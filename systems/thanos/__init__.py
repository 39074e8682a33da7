"""Thanos: whether metrics reach the bucket, are kept as long as they should be, and can be read.

Which parts there are depends on how Thanos gets its blocks (``metricsStore.mode``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from model.dashboard import PanelKind
from model.rule import Severity
from model.scrape import Scrape
from model.system import RetentionClass, System
from systems.base import Context, SystemSettings
from systems.own import KUBE_PROMETHEUS, part, section, silent_jobs
from systems.thanos.alerts import alerts
from systems.thanos.reading import reading_signals
from systems.thanos.signals import RULER_JOB, compactor_signals, receive_signals, ruler_signals, upload_signals

_SIDECAR_JOB = f"{KUBE_PROMETHEUS}-thanos-discovery"
_STAT, _TIME = PanelKind.STAT, PanelKind.TIMESERIES


class Settings(SystemSettings):
    """Nothing to choose: its parts follow from ``metricsStore``."""

    needs: ClassVar[Mapping[str, str]] = {
        "thanosMode": "the stack has no Thanos, as metricsStore.kind is remoteWrite; leave systems.thanos out"
    }


def system(settings: Settings, context: Context) -> System:
    receives = context.thanos_mode == "receive"
    scrapes = (*_reading(), *_compactors(context), *(_receivers() if receives else _sidecars()))
    storing = (*compactor_signals(), *ruler_signals(), *upload_signals(sidecars=not receives))
    signals = {s.name: s for s in (*storing, *reading_signals(), *(receive_signals() if receives else ()))}
    silent, silent_alert = silent_jobs(
        context,
        tuple(scrape.job for scrape in scrapes),
        title="Thanos",
        name="ThanosPartSilent",
        component="thanos",
        severity=Severity.HIGH,
        hides="no alert on its faults can fire, and what it does may not be done",
    )
    signals[silent.name] = silent
    layout = tuple((_STAT if name in _STATES else _TIME, name) for name in signals)
    return System(
        name="thanos",
        title="Thanos",
        interval="30s",
        retention=RetentionClass.INFRASTRUCTURE,
        scrapes=scrapes,
        signals=tuple(signals.values()),
        alerts=(*alerts(signals), silent_alert),
        sections=(section("Thanos", signals, layout),),
    )


_STATES = ("compactor_halted", "sidecar_disconnected", "hashring_rejected", "thanos_silent")


def _reading() -> tuple[Scrape, ...]:
    # Jobs are the value of app.kubernetes.io/component-instance (chart stevehipwell/thanos).
    return (
        part("thanos-query", "http", "thanos", component="query"),
        part("thanos-query-frontend", "http", "thanos", component="query-frontend"),
        part("thanos-store-gateway", "http", "thanos", component="store"),
        part(RULER_JOB, "web", "thanos", component="ruler"),
    )


def _compactors(context: Context) -> tuple[Scrape, ...]:
    """One for each retention class."""
    classes = context.retention_classes or ("infrastructure",)
    return tuple(part(f"thanos-{name}-compact", "http", "thanos", component="compact") for name in classes)


def _sidecars() -> tuple[Scrape, ...]:
    return (part(_SIDECAR_JOB, "http", "thanos", component="sidecar"),)


def _receivers() -> tuple[Scrape, ...]:
    return (
        part("thanos-receive-router", "http", "thanos", component="receive"),
        part("thanos-receive-ingestor", "http", "thanos", component="receive"),
    )
