"""What must fit together among parts of the settings; a rule gives lines ``key: what is wrong, what is allowed``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from pydantic.alias_generators import to_snake

from settings.part_overrides import file_system_is_of_one_node, ignored_overrides

if TYPE_CHECKING:
    from settings.stack import Settings
    from systems.base import SystemSettings


def inconsistencies(settings: Settings) -> Iterator[str]:
    """Every problem of parts that are valid by themselves."""
    return (line for rule in _RULES for line in rule(settings))


def _pages_only_in_production(s: Settings) -> Iterator[str]:
    """A webhook is refused where nobody has said what it does: its URL is a secret, and may be that of a pager."""
    if s.cluster.environment == "production":
        return
    for receiver in s.alerting.receivers:
        where = f"alerting.receivers.{receiver.name}"
        if receiver.wakes:
            yield f"{where}: pages, and only production does; cluster.environment is {s.cluster.environment}"
        elif receiver.may_wake and receiver.name in s.alerting.told:
            yield f"{where}: a webhook may page, which only production does; say `pages: false` if it does not"


def _own_pace_only_locally(s: Settings) -> Iterator[str]:
    if s.time_compression != 1 and s.cluster.environment != "local":
        yield "timeCompression: must be 1 unless cluster.environment is local"


def _storage_where_needed(s: Settings) -> Iterator[str]:
    users = [name for name, on in _storage_users(s).items() if on]
    if users and s.object_storage is None:
        yield f"objectStorage: is missing; {', '.join(users)} keep their data there (kind s3, gcs or filesystem)"
    if not users and s.object_storage is not None:
        yield "objectStorage: nobody uses it; leave it out, or switch on Thanos, logs or traces"


def _storage_users(s: Settings) -> dict[str, bool]:
    return {"metricsStore": bool(s.thanos_mode), "logs": s.logs.enabled, "traces": s.traces.enabled}


def _classes_need_tenants(s: Settings) -> Iterator[str]:
    if s.thanos_mode != "sidecar":
        return
    for name in ("application", "business"):
        if getattr(s.metrics_store.retention, name) is not None:
            yield (
                f"metricsStore.retention.{name}: with mode sidecar all series share their blocks, so one compactor "
                "keeps or deletes them together and there is one class, infrastructure; use mode receive"
            )


def _distributed_traces_need_kafka(s: Settings) -> Iterator[str]:
    if s.traces_mode == "distributed" and s.traces.kafka is None:
        yield (
            "traces.kafka: is missing; distributed Tempo 3 takes spans in through Kafka (address, topic). "
            "Without Kafka set traces.mode: single"
        )
    if s.traces_mode == "single" and s.traces.kafka is not None:
        yield "traces.kafka: is for mode distributed, and the mode is single"


def _shards_need_a_ruler(s: Settings) -> Iterator[str]:
    if s.shards > 1 and not s.thanos_mode:
        yield (
            "prometheus.shards: each shard sees a part of the series, so rules need the Ruler of Thanos, and "
            "metricsStore.kind is remoteWrite; use 1"
        )


def _traces_come_by_the_collector(s: Settings) -> Iterator[str]:
    if s.traces.enabled and not s.collector.enabled:
        yield "traces: need the collector, which is off: it alone samples them and removes personal data"


def _sampling_is_of_traces(s: Settings) -> Iterator[str]:
    if "sampling" in s.collector.model_fields_set and s.collector.enabled and not s.traces.enabled:
        yield "collector.sampling: is for traces, which are off; leave it out"


def _logging_in_is_private(s: Settings) -> Iterator[str]:
    """Passwords, sessions and the client's secret travel through these addresses."""
    grafana = s.grafana
    if not grafana.url.startswith("https://"):
        if s.cluster.environment == "production":
            yield "grafana.url: must begin with https:// in production"
        elif grafana.oidc and s.cluster.environment != "local":
            yield "grafana.url: must begin with https:// where oidc is on, unless cluster.environment is local"
    for name, url in (grafana.oidc.endpoints if grafana.oidc else {}).items():
        if not url.startswith("https://") and s.cluster.environment != "local":
            yield f"grafana.oidc.{name}: must begin with https:// unless cluster.environment is local"


def _images_are_somewhere(s: Settings) -> Iterator[str]:
    if s.image_registry:
        return
    for (kind, name), exporter in s.exporters.own.items():
        if exporter.image is None:
            yield (
                f"exporters.{kind}.{name}.image: is missing; nobody publishes this exporter. Build it "
                "(make exporters-images), push it, and name it here, or set imageRegistry"
            )


def _systems_have_their_source(s: Settings) -> Iterator[str]:
    for name, system in s.systems.items():
        yield from (f"systems.{name}: needs {path}: {system.needs[path]}" for path in unmet(s, system))


def unmet(s: Settings, system: SystemSettings) -> list[str]:
    """Paths of the settings that the system needs and the stack does not have."""
    return [path for path in system.needs if not _at(s, path)]


def _at(part: object, path: str) -> object:
    for key in path.split("."):
        part = part.get(key) if isinstance(part, Mapping) else getattr(part, to_snake(key), None)
    return part


_RULES: tuple[Callable[[Settings], Iterator[str]], ...] = (
    _pages_only_in_production,
    _own_pace_only_locally,
    _storage_where_needed,
    file_system_is_of_one_node,
    _classes_need_tenants,
    _shards_need_a_ruler,
    _distributed_traces_need_kafka,
    ignored_overrides,
    _traces_come_by_the_collector,
    _sampling_is_of_traces,
    _logging_in_is_private,
    _systems_have_their_source,
    _images_are_somewhere,
)
