"""Prometheus, watching itself and whether targets answer at all.

Two replicas scrape each other: what stops one is told by the other. What stops all of them only the heartbeat tells.
"""

from __future__ import annotations

from dataclasses import replace

from pydantic import Field

from model.dashboard import PanelKind
from model.promql import eq
from model.rule import Severity
from model.scrape import Endpoint, Scrape, ScrapeKind
from model.system import RetentionClass, System
from systems.base import Context, SystemSettings, silence
from systems.own import section
from systems.prometheus.alerts import alerts
from systems.prometheus.signals import JOB, storage_signals, target_signals, work_signals, write_signals

_STAT, _TIME, _TABLE = PanelKind.STAT, PanelKind.TIMESERIES, PanelKind.TABLE
_LAYOUT = (
    (_TABLE, "targets_down"),
    (_TIME, "series"),
    (_TIME, "samples"),
    (_TIME, "rule_failures"),
    (_TIME, "rule_iterations_missed"),
    (_TIME, "rule_group_duration"),
    (_TIME, "alerts_refused"),
    (_TIME, "alerts_dropped"),
    (_STAT, "alertmanagers"),
    (_TIME, "storage_failures"),
    (_TIME, "scrapes_rejected"),
    (_TIME, "samples_unusable"),
    (_TIME, "discovery_failures"),
    (_STAT, "configuration_rejected"),
    (_STAT, "reloader_failing"),
)
_WRITES = ((_TIME, "remote_write_delay"), (_TIME, "remote_write_lost"))
# Series that one Prometheus of a size is made for (docs/sizes.md); large has shards.
_CAPACITY = {"small": 100_000, "medium": 500_000, "large": 2_000_000}


class Settings(SystemSettings):
    """``series`` is how many active series each Prometheus has room for; unset, what its size is made for."""

    series: int | None = Field(default=None, ge=1000)


def system(settings: Settings, context: Context) -> System:
    # The side car uploads; everything else is written by remote write.
    writes = write_signals() if context.thanos_mode != "sidecar" else ()
    capacity = settings.series or _CAPACITY[context.size]
    signals = {s.name: s for s in (*work_signals(), *storage_signals(capacity), *target_signals(), *writes)}
    silent, silent_alert = silence(
        context,
        job=JOB,
        title="Prometheus",
        name="PrometheusSilent",
        component="prometheus",
        severity=Severity.HIGH,
        hides="nothing tells that rules, storage or notifications of Prometheus fail",
        only=(eq("container", "prometheus"),),
    )
    silent = replace(silent, name="prometheus_silent")
    silent_alert = replace(silent_alert, signal=silent)
    signals[silent.name] = silent
    layout = (*_LAYOUT, *(_WRITES if writes else ()), (_STAT, silent.name))
    return System(
        name="prometheus",
        title="Prometheus",
        interval="30s",
        retention=RetentionClass.INFRASTRUCTURE,
        scrapes=(_scrape(),),
        signals=tuple(signals.values()),
        alerts=(*alerts(signals), silent_alert),
        sections=(section("Prometheus", signals, layout),),
    )


def _scrape() -> Scrape:
    return Scrape(
        name="prometheus",
        kind=ScrapeKind.PART,
        job=JOB,
        endpoints=(
            Endpoint(port="http-web", contract="prometheus"),
            Endpoint(port="reloader-web", contract="prometheus-config-reloader"),
        ),
    )
