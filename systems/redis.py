"""Redis: each that ``exporters.redis`` of the stack names, told apart by the label ``redis``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import ClassVar

from pydantic import Field

from model.config import Part
from model.dashboard import PanelKind
from model.expr import Expr
from model.promql import increase, max_by, metric, rate
from model.rule import Alert, Severity, Signal
from model.scrape import Endpoint, Relabeling, Scrape, ScrapeKind
from model.system import Domain, Section, System
from systems.base import Context, SystemSettings, above, panels, silence

JOB = "redis"
_NAME = "redis"
_REPLICA = "only a replica has it"


class Thresholds(Part):
    """Share of ``maxmemory``, and share of ``maxclients``."""

    memory: float = Field(default=0.90, gt=0, lt=1)
    connections: float = Field(default=0.80, gt=0, lt=1)


class Settings(SystemSettings):
    """What there is to watch is named by ``exporters.redis``."""

    needs: ClassVar[Mapping[str, str]] = {"exporters.redis": "an exporter asks each Redis; Prometheus cannot"}
    thresholds: Thresholds = Thresholds()


def system(settings: Settings, context: Context) -> System:
    signals = {s.name: s for s in (*_state_signals(), *_load_signals())}
    silent, silent_alert = silence(
        context,
        job=JOB,
        title="Redis exporters",
        name="RedisExporterSilent",
        component="redis",
        severity=Severity.HIGH,
        hides="no alert on any Redis can fire",
    )
    shown = panels({**signals, silent.name: silent}, *_PANELS, (PanelKind.STAT, silent.name))
    return System(
        name="redis",
        title="Redis",
        interval="30s",
        scrapes=(_scrape(),),
        signals=(*signals.values(), silent),
        alerts=(*_alerts(signals, settings.thresholds), silent_alert),
        sections=(Section(domain=Domain.WORKLOAD, title="Redis", panels=shown),),
    )


def _scrape() -> Scrape:
    # components/exporters/redis.py: each monitor sets the label to the name that the settings give.
    name = Relabeling(target_label=_NAME, replacement="<name>")
    return Scrape(
        name="redis",
        kind=ScrapeKind.PART,
        job=JOB,
        endpoints=(Endpoint(port="metrics", contract="redis-exporter", relabelings=(name,)),),
    )


def _each(name: str, why: str | None = None) -> Expr:
    # Two pods of an exporter, during a rollout, ask the same Redis.
    return max_by(metric(name, may_be_absent=why), _NAME)


def _per_second(name: str) -> Expr:
    return max_by(rate(metric(name), "5m"), _NAME)


def _state_signals() -> tuple[Signal, ...]:
    return (
        Signal(
            name="down",
            title="Redis that does not answer",
            description="1 while the exporter gets no answer from this Redis.",
            good="0.",
            unit="short",
            expr=1 - _each("redis_up"),
            legend="{{redis}}",
        ),
        Signal(
            name="memory_usage",
            title="Memory use",
            description="Share of maxmemory in use. A Redis without maxmemory is not shown.",
            good="Below 90 %: above it keys are evicted, or writes refused.",
            unit="percentunit",
            expr=_each("redis_memory_used_bytes") / (_each("redis_memory_max_bytes") > 0),
            legend="{{redis}}",
            record="dataops:redis:memory_usage_ratio",
            maximum=1,
        ),
        Signal(
            name="connection_usage",
            title="Connections in use",
            description="Share of maxclients that is connected.",
            good="Below 80 %: at the limit Redis refuses clients.",
            unit="percentunit",
            expr=_each("redis_connected_clients") / (_each("redis_max_clients") > 0),
            legend="{{redis}}",
            record="dataops:redis:connection_usage_ratio",
            maximum=1,
        ),
        Signal(
            name="replication_broken",
            title="Replicas without their primary",
            description="1 for a replica that has lost its primary.",
            good="0. Nothing is shown for a primary.",
            unit="short",
            expr=1 - _each("redis_master_link_up", _REPLICA),
            legend="{{redis}}",
        ),
        Signal(
            name="save_failed",
            title="Failed saves",
            description="1 while the last save to disk failed.",
            good="0.",
            unit="short",
            expr=1 - _each("redis_rdb_last_bgsave_status"),
            legend="{{redis}}",
        ),
    )


def _load_signals() -> tuple[Signal, ...]:
    hits, misses = _per_second("redis_keyspace_hits_total"), _per_second("redis_keyspace_misses_total")
    return (
        Signal(
            name="commands",
            title="Commands",
            description="Commands a second, over 5 minutes.",
            good="Follows the load.",
            unit="ops",
            expr=_per_second("redis_commands_processed_total"),
            legend="{{redis}}",
        ),
        Signal(
            name="hit_ratio",
            title="Hits",
            description="Share of the look-ups of 5 minutes that found their key.",
            good="As usual; a fall means that a cache is cold or too small.",
            unit="percentunit",
            expr=hits / (hits + misses > 0),
            legend="{{redis}}",
            maximum=1,
        ),
        Signal(
            name="evictions",
            title="Evicted keys",
            description="Keys a second that were removed to stay below maxmemory.",
            good="0, unless it is a cache.",
            unit="ops",
            expr=_per_second("redis_evicted_keys_total"),
            legend="{{redis}}",
        ),
        Signal(
            name="rejected_connections",
            title="Refused connections in an hour",
            description="Connections that Redis refused because maxclients was reached.",
            good="0.",
            unit="short",
            expr=max_by(increase(metric("redis_rejected_connections_total"), "1h"), _NAME),
            legend="{{redis}}",
        ),
    )


_PANELS: tuple[tuple[PanelKind, *tuple[str, ...]], ...] = (
    (PanelKind.STAT, "down"),
    (PanelKind.TIMESERIES, "memory_usage"),
    (PanelKind.TIMESERIES, "connection_usage"),
    (PanelKind.TIMESERIES, "commands"),
    (PanelKind.TIMESERIES, "hit_ratio"),
    (PanelKind.TIMESERIES, "evictions"),
    (PanelKind.TIMESERIES, "rejected_connections"),
    (PanelKind.STAT, "replication_broken"),
    (PanelKind.STAT, "save_failed"),
)


def _alerts(signals: dict[str, Signal], limits: Thresholds) -> tuple[Alert, ...]:
    """Spec 30-rules N23, which names Redis without thresholds."""
    redis = partial(above, component="redis")
    of = "Redis {{ $labels.redis }}"
    return (
        redis(
            "RedisDown",
            signals["down"],
            0,
            for_="2m",
            severity=Severity.HIGH,
            summary=f"{of} does not answer",
            description="The exporter has got no answer from this Redis for 2 minutes.",
        ),
        redis(
            "RedisMemoryHigh",
            signals["memory_usage"],
            limits.memory,
            for_="5m",
            severity=Severity.HIGH,
            summary=f"{of} uses {{{{ $value | humanizePercentage }}}} of its memory",
            description=f"More than {limits.memory:.0%} of maxmemory has been in use for 5 minutes.",
        ),
        redis(
            "RedisConnectionsHigh",
            signals["connection_usage"],
            limits.connections,
            for_="5m",
            severity=Severity.MEDIUM,
            summary=f"{of} has {{{{ $value | humanizePercentage }}}} of its connections in use",
            description=f"More than {limits.connections:.0%} of maxclients have been connected for 5 minutes.",
        ),
        redis(
            "RedisReplicationBroken",
            signals["replication_broken"],
            0,
            for_="5m",
            severity=Severity.HIGH,
            summary=f"{of} has lost its primary",
            description="The replica has had no link to its primary for 5 minutes: it shows old data.",
        ),
        redis(
            "RedisSaveFailed",
            signals["save_failed"],
            0,
            for_="15m",
            severity=Severity.MEDIUM,
            summary=f"{of} cannot save to disk",
            description="The last save has failed for 15 minutes. By default Redis refuses writes meanwhile.",
        ),
    )
