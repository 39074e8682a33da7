"""The settings of one stack, and what must fit together among them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field, SerializeAsAny, ValidationError, field_validator, model_validator

import systems as systems_room
from alerting.settings import AlertingSettings
from model.config import MetricPattern, Name, NamespacePattern, Part, form
from model.problems import describe, did_you_mean
from model.risks import known_risk
from settings.cluster import ClusterSettings
from settings.consistency import inconsistencies, unmet
from settings.exporters import ExportersSettings
from settings.grafana import GrafanaSettings
from settings.metrics_store import APPLICATION, BUSINESS, MetricsStoreSettings, Retention
from settings.object_storage import ObjectStorageSettings
from settings.parts import (
    OWN_KEY,
    AlertmanagerSettings,
    PartName,
    PartSettings,
    PlatformObjectives,
    PrometheusSettings,
    Size,
)
from settings.telemetry import KAFKA_KEYS, CollectorSettings, LogsSettings, TracesSettings
from systems.base import SystemSettings

_DNS = "lower-case letters, digits, '-' and '.'"
_URL = "an http:// or https:// address"
_SOURCE = (
    "repositories, cache, oci://HOST/PREFIX, https://HOST/INDEX (without credentials) or a directory such as ./charts"
)
_REGISTRY = "the host of a registry, with a path where it has one, such as registry.example.com/mirror"
_OBJECTIVES = "the path of a YAML file below the project, such as objectives/shop.yaml"
_OBJECT = "KIND NAMESPACE/NAME such as StatefulSet monitoring/loki"
_RISK = "RISK SUBJECT as obs diff names it, such as restart StatefulSet monitoring/loki"

ThanosMode = Literal["sidecar", "receive"]
Cardinality = Literal["auto", "lean", "full"]


class Settings(Part):
    """One stack. Read with :func:`settings.load`; in tests, build from plain values."""

    cluster: ClusterSettings
    size: Size
    namespace: Name
    storage_class: Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", description=_DNS)]
    workload_namespaces: tuple[NamespacePattern, ...] = Field(min_length=1)
    prometheus: PrometheusSettings
    alertmanager: AlertmanagerSettings
    grafana: GrafanaSettings
    parts: dict[str, PartSettings]
    object_storage: ObjectStorageSettings | None
    metrics_store: MetricsStoreSettings
    logs: LogsSettings
    traces: TracesSettings
    collector: CollectorSettings
    exporters: ExportersSettings
    systems: dict[str, SerializeAsAny[SystemSettings]]
    objectives: tuple[Annotated[str, form(r"(?!.*\.\.)[\w-][\w./-]*\.ya?ml", _OBJECTIVES)], ...]
    platform_objectives: PlatformObjectives = PlatformObjectives()
    self_monitoring: bool
    alerting: AlertingSettings
    runbooks_url: Annotated[str, Field(pattern=r"^https?://\S+$", description=_URL)]
    network_policies: bool
    image_registry: Annotated[str, form(r"([a-z0-9.-]+(:\d+)?(/[a-z0-9._/-]+)?)?", _REGISTRY)]
    allow_replacements: tuple[Annotated[str, form(r"[A-Z]\w+ [a-z0-9-]+/[a-z0-9.-]+", _OBJECT)], ...]
    allow_risks: tuple[Annotated[str, form(r"[a-z]+(-[a-z]+)* \S.*", _RISK), AfterValidator(known_risk)], ...]
    cardinality: Cardinality
    keep_metrics: tuple[MetricPattern, ...]
    time_compression: Annotated[int, Field(strict=True, ge=1, le=60)]
    chart_source: Annotated[
        str, Field(pattern=r"^(repositories|cache|(oci|https?)://[^\s@]+|/\S+|\./\S+)$", description=_SOURCE)
    ]

    @field_validator("systems", mode="before")
    @classmethod
    def _known_systems(cls, value: object) -> object:
        return _by_name(value, systems_room.available(), systems_room.settings_class, "system")

    @field_validator("parts", mode="before")
    @classmethod
    def _known_parts(cls, value: object) -> object:
        return _by_name(value, [p.value for p in PartName if p not in OWN_KEY], lambda _: PartSettings, "part")

    @field_validator("object_storage", mode="before")
    @classmethod
    def _none_given(cls, value: object) -> object:
        return None if value == {} else value

    @model_validator(mode="after")
    def _fits_together(self) -> Settings:
        if problems := list(inconsistencies(self)):
            raise ValueError("\n".join(problems))
        return self

    # --- what size and settings choose together

    @property
    def thanos_mode(self) -> ThanosMode | None:
        """How Thanos gets its blocks; None where the stack has no Thanos."""
        if self.metrics_store.kind != "thanos":
            return None
        return self.metrics_store.mode or ("receive" if self.size == "large" else "sidecar")

    @property
    def retention_classes(self) -> dict[str, Retention]:
        """Class -> retention, as the stack really has them: one class in mode sidecar, none without Thanos."""
        given = self.metrics_store.retention
        if self.thanos_mode == "receive":
            return {
                "infrastructure": given.infrastructure,
                "application": given.application or APPLICATION,
                "business": given.business or BUSINESS,
            }
        return {"infrastructure": given.infrastructure} if self.thanos_mode else {}

    @property
    def logs_mode(self) -> Literal["monolithic", "distributed"] | None:
        """None where the stack keeps no logs."""
        if not self.logs.enabled:
            return None
        return self.logs.mode or ("distributed" if self.size == "large" else "monolithic")

    @property
    def traces_mode(self) -> Literal["single", "distributed"] | None:
        """None where the stack keeps no traces."""
        if not self.traces.enabled:
            return None
        return self.traces.mode or ("distributed" if self.size == "large" else "single")

    @property
    def shards(self) -> int:
        """Prometheus servers among which the targets are split; each has its replicas.

        More than one only where a Ruler sees the whole: each shard by itself would evaluate rules on a part.
        """
        return self.prometheus.shards or (2 if self.size == "large" and self.thanos_mode else 1)

    @property
    def lean(self) -> bool:
        """Whether only those metrics are stored that something reads."""
        return self.cardinality == "lean" or (self.cardinality == "auto" and self.cluster.environment == "production")

    @property
    def monitored(self) -> dict[str, SystemSettings]:
        """The systems that are named, and those parts of the stack itself that it has: a stack must watch itself."""
        own = {name: systems_room.settings_class(name)() for name in systems_room.OWN if self.self_monitoring}
        return {name: part for name, part in own.items() if not unmet(self, part)} | self.systems

    # --- secrets

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """Pulumi config keys of every secret that the stack needs, once each."""
        parts = [getattr(self, n) for n, field in type(self).model_fields.items() if field.alias in SECRET_PARTS]
        parts += self.systems.values()
        return tuple(dict.fromkeys(key for part in parts if part is not None for key in secret_keys(part)))

    @property
    def external_secrets(self) -> dict[str, tuple[str, ...]]:
        """Name -> keys of the Secrets of the stack's namespace that the settings name and the program does not make."""
        named: list[tuple[str, tuple[str, ...]]] = [*self.exporters.secrets_there]
        if self.object_storage:
            named += self.object_storage.external_secret.items()
        remote = self.metrics_store.remote_write
        if remote and remote.existing_secret:
            named.append((remote.existing_secret, ("credential",)))
        if self.grafana.ingress and self.grafana.ingress.tls_secret:
            named.append((self.grafana.ingress.tls_secret, ("tls.crt", "tls.key")))
        if self.traces.kafka and self.traces.kafka.existing_secret:
            named.append((self.traces.kafka.existing_secret, KAFKA_KEYS))
        for system in self.systems.values():
            named += system.external_secrets
        found: dict[str, tuple[str, ...]] = {}
        for name, keys in named:
            # One Secret may serve several parts: it has the keys of them all.
            found[name] = tuple(dict.fromkeys((*found.get(name, ()), *keys)))
        return found


SECRET_PARTS: Mapping[str, type[BaseModel]] = {
    "alerting": AlertingSettings,
    "objectStorage": ObjectStorageSettings,
    "metricsStore": MetricsStoreSettings,
    "traces": TracesSettings,
    "grafana": GrafanaSettings,
    "exporters": ExportersSettings,
}
"""Config key -> model of every part that may name secrets."""


def secret_keys(part: BaseModel) -> tuple[str, ...]:
    """Pulumi config keys that a part of the settings names, however deep."""
    if isinstance(part, AlertingSettings | ExportersSettings | SystemSettings):
        return part.secret_keys
    if isinstance(part, ObjectStorageSettings):
        return tuple(part.credential_keys.values())
    if isinstance(part, MetricsStoreSettings):
        remote = part.remote_write
        return (remote.secret,) if remote and remote.secret else ()
    if isinstance(part, TracesSettings):
        return (part.kafka.secret,) if part.kafka and part.kafka.secret else ()
    if isinstance(part, GrafanaSettings):
        return (part.oidc.secret,) if part.oidc else ()
    return ()


def _by_name(value: object, known: list[str], model: Callable[[str], type[BaseModel]], what: str) -> object:
    """An object name -> part, each part validated by its own model, unknown names answered with the nearest."""
    if not isinstance(value, Mapping):
        raise ValueError(f"must be an object: {what} name -> its settings")  # noqa: TRY004 - pydantic wants ValueError
    problems, parsed = [], {}
    for name, part in value.items():
        if name not in known:
            problems.append(f".{name}: unknown {what}{did_you_mean(name, known)}")
            continue
        try:
            parsed[name] = model(name).model_validate({} if part is None else part)
        except ValidationError as error:
            problems += describe(error, model(name), at=f".{name}")
    if problems:
        raise ValueError("\n".join(problems))
    return parsed
