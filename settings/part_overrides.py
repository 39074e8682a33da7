"""Overrides of single parts that would do nothing, or harm: each with the reason, so that none is ignored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from settings.parts import OWN_KEY, PartName, PartSettings

if TYPE_CHECKING:
    from settings.stack import Settings

_P = PartName
# Parts whose replicas nobody may choose, and why.
_FIXED_REPLICAS = {
    _P.GRAFANA: "there is one; its database is on its volume",
    _P.OPERATOR: "there is one, which leads alone",
    _P.STATE_METRICS: "there is one; a second shows the same again",
    _P.NODE_EXPORTER: "there is one on each node",
    _P.ALLOY: "there is one on each node",
    _P.THANOS_SIDECAR: "there is one beside each Prometheus; set prometheus.replicas",
    _P.THANOS_COMPACTOR: "there is one for each retention class; two would damage the bucket",
    _P.LOKI_COMPACTOR: "there is one, which alone deletes",
    _P.TEMPO: "there is one, which does not share its memory with others; use traces.mode distributed",
    _P.TEMPO_BLOCK_BUILDER: "there is one for each partition; set traces.kafka.partitions",
    _P.TEMPO_LIVE_STORE: "there is one for each partition; set traces.kafka.partitions",
    _P.TEMPO_BACKEND_SCHEDULER: "there is one; it alone hands out work",
    _P.STATSD_EXPORTER: "there is one; counters are in its memory",
    _P.PUSHGATEWAY: "there is one; what is pushed is on its volume",
    _P.REDIS_EXPORTER: "there is one for each Redis; a second shows the same again",
    _P.ORACLE_EXPORTER: "there is one for each database; a second asks the same queries again",
    _P.ICEBERG_EXPORTER: "there is one for each catalog; a second reads the same again",
    _P.ISILON_EXPORTER: "there is one for each cluster; a second reads the same again",
    _P.BITBUCKET_EXPORTER: "there is one for each Bitbucket; counters are in its memory",
}
VOLUMES = (
    _P.PROMETHEUS,
    _P.ALERTMANAGER,
    _P.GRAFANA,
    _P.THANOS_STORE_GATEWAY,
    _P.THANOS_COMPACTOR,
    _P.THANOS_RECEIVE,
    _P.THANOS_RULER,
    _P.LOKI,
    _P.LOKI_INGESTER,
    _P.LOKI_INDEX_GATEWAY,
    _P.LOKI_COMPACTOR,
    _P.TEMPO,
    _P.TEMPO_METRICS_GENERATOR,
    _P.COLLECTOR_SAMPLER,
    _P.PUSHGATEWAY,
)
"""The parts that have one."""
# All of them use the one volume of Thanos, which is attached to one node.
_SHARE_A_VOLUME = (_P.PROMETHEUS, _P.THANOS_STORE_GATEWAY, _P.THANOS_RECEIVE, _P.THANOS_RULER)


def given_overrides(s: Settings) -> dict[PartName, PartSettings]:
    """Every part that the settings speak of, also under a key of its own."""
    named = {PartName(name): part for name, part in s.parts.items()}
    return {_P.PROMETHEUS: s.prometheus, _P.ALERTMANAGER: s.alertmanager, **named}


def ignored_overrides(s: Settings) -> Iterator[str]:
    """A line for each override that the stack would not show, and for replicas that there cannot be."""
    absent = _absent(s)
    for part, given in given_overrides(s).items():
        key = part.value if part in OWN_KEY else f"parts.{part.value}"
        if part in absent:
            yield f"{key}: the stack has none, as {absent[part]}; leave it out"
            continue
        if given.replicas is not None and part in _FIXED_REPLICAS:
            yield f"{key}.replicas: {_FIXED_REPLICAS[part]}"
        if given.storage is not None and part not in VOLUMES:
            yield f"{key}.storage: it has no volume; volumes have {', '.join(_with_volumes(absent))}"
        elif given.storage is not None and part is _P.COLLECTOR_SAMPLER and not s.traces.enabled:
            yield f"{key}.storage: its volume is the queue of traces, which are off"


def file_system_is_of_one_node(s: Settings) -> Iterator[str]:
    """What kind filesystem cannot do: its volume is one node's, and Loki's files are those of one process."""
    if s.object_storage is None or s.object_storage.kind != "filesystem":
        return
    if s.cluster.environment == "production":
        yield "objectStorage.kind: filesystem has one copy of everything, which is not for production; use s3 or gcs"
    if s.size != "small":
        yield f"objectStorage.kind: filesystem is a volume of one node, and size {s.size} is of many; use s3 or gcs"
    modes = {
        "logs.mode distributed": s.logs_mode == "distributed",
        "traces.mode distributed": s.traces_mode == "distributed",
    }
    yield from (f"objectStorage.kind: filesystem cannot be shared by {mode}" for mode, on in modes.items() if on)
    alone = {_P.LOKI: "each would have files of its own"}
    if s.thanos_mode:
        alone |= dict.fromkeys(_SHARE_A_VOLUME, "all replicas would have to be on the node of the one volume")
    for part, given in given_overrides(s).items():
        if (given.replicas or 1) > 1 and part in alone:
            key = part.value if part in OWN_KEY else f"parts.{part.value}"
            yield f"{key}.replicas: must be 1 with objectStorage.kind filesystem: {alone[part]}"


def _with_volumes(absent: dict[PartName, str]) -> list[str]:
    return [part.value for part in VOLUMES if part not in absent]


def _absent(s: Settings) -> dict[PartName, str]:
    """Part -> why this stack does not have it."""
    off: dict[str, tuple[bool, list[PartName]]] = {
        "systems has no kubernetes": ("kubernetes" not in s.systems, [_P.STATE_METRICS]),
        "systems has no nodes": ("nodes" not in s.systems, [_P.NODE_EXPORTER]),
        "metricsStore.kind is remoteWrite": (s.thanos_mode is None, _begin("thanos")),
        "metricsStore.mode is sidecar": (s.thanos_mode == "sidecar", _begin("thanosReceive")),
        "metricsStore.mode is receive": (s.thanos_mode == "receive", [_P.THANOS_SIDECAR]),
        "logs are off": (s.logs_mode is None, [*_begin("loki"), _P.ALLOY]),
        "logs.mode is monolithic": (s.logs_mode == "monolithic", _begin("loki")[1:]),
        "logs.mode is distributed": (s.logs_mode == "distributed", [_P.LOKI]),
        "traces are off": (s.traces_mode is None, _begin("tempo")),
        "traces.mode is single": (s.traces_mode == "single", _begin("tempo")[1:]),
        "traces.mode is distributed": (s.traces_mode == "distributed", [_P.TEMPO]),
        "the collector is off": (not s.collector.enabled, _begin("collector")),
        "exporters does not name it": (True, [part for part, named in _exporters(s).items() if not named]),
    }
    return {part: why for why, (holds, parts) in off.items() if holds for part in parts}


def _begin(word: str) -> list[PartName]:
    """In the order of PartName: of Loki and Tempo the one process comes first."""
    return [part for part in PartName if part.value.startswith(word)]


def _exporters(s: Settings) -> dict[PartName, bool]:
    wanted = s.exporters
    return {
        _P.STATSD_EXPORTER: wanted.statsd is not None,
        _P.REDIS_EXPORTER: bool(wanted.redis),
        _P.BLACKBOX_EXPORTER: wanted.blackbox is not None,
        _P.PUSHGATEWAY: wanted.pushgateway is not None,
        _P.ORACLE_EXPORTER: bool(wanted.oracle),
        _P.ICEBERG_EXPORTER: bool(wanted.iceberg),
        _P.ISILON_EXPORTER: bool(wanted.isilon),
        _P.BITBUCKET_EXPORTER: bool(wanted.bitbucket),
    }
