"""The stack's settings: the only reader of ``pulumi.Config``.

Top-level defaults are in Pulumi.yaml, where Pulumi applies them; those of parts are in the parts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Literal

import pulumi
from pulumi.runtime import config as runtime_config
from pydantic import Field, SerializeAsAny, ValidationError, field_validator, model_validator

import systems as systems_room
from alerting.settings import AlertingSettings
from model.config import Duration, Name, NamespacePattern, Part, Quantity
from model.problems import describe, did_you_mean
from model.quantity import quantity
from systems.base import SystemSettings

Environment = Literal["production", "staging", "development", "local"]
_DNS = "lower-case letters, digits, '-' and '.'"
_VERSION = 'a quoted version such as "1.31"'
_URL = "an http:// or https:// address"
_SOURCE = (
    "repositories, cache, oci://HOST/PREFIX, https://HOST/INDEX (without credentials) or a directory such as ./charts"
)
Replicas = Annotated[int, Field(strict=True, ge=1, le=10)]
Size = Literal["small", "medium", "large"]


class ClusterSettings(Part):
    """The cluster: its labels on everything it sends, and what its API offers.

    ``api_versions`` are API versions that the cluster has beside Kubernetes' own and the operator's, for
    charts that ask (``group/version`` or ``group/version/Kind``). ``context`` is the kubeconfig context to
    deploy with (unset: the current one).
    """

    name: Name
    environment: Environment
    platform: Name = "dataops"
    kubernetes_version: Annotated[str, Field(pattern=r"^1\.\d{2,}(\.\d+)?$", description=_VERSION)] = "1.31"
    api_versions: tuple[Annotated[str, Field(pattern=r"^[a-z0-9./]+(/[A-Z]\w+)?$")], ...] = ()
    context: str | None = None


class ResourceSettings(Part):
    cpu: Quantity | None = None
    memory: Quantity | None = None


class PrometheusSettings(Part):
    """Overrides of what ``size`` chooses; ``retention`` is the time kept locally."""

    replicas: Replicas | None = None
    retention: Duration = "15d"
    storage: Quantity | None = None
    requests: ResourceSettings = ResourceSettings()
    limits: ResourceSettings = ResourceSettings()

    @model_validator(mode="after")
    def _requests_fit(self) -> PrometheusSettings:
        for name in ("cpu", "memory"):
            asked, allowed = getattr(self.requests, name), getattr(self.limits, name)
            if asked and allowed and quantity(asked) > quantity(allowed):
                raise ValueError(f"requests.{name} must not be above limits.{name}")
        return self


class AlertmanagerSettings(Part):
    replicas: Replicas | None = None
    storage: Quantity | None = None


class GrafanaSettings(Part):
    """``url`` is where people reach Grafana: links in alerts start with it."""

    url: Annotated[str, Field(pattern=r"^https?://[^/\s]+(/\S*)?$", description=_URL)]
    storage: Quantity | None = None


class Settings(Part):
    """One stack. Read with :func:`load`; in tests, build from plain values."""

    cluster: ClusterSettings
    size: Size
    namespace: Name
    storage_class: Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", description=_DNS)]
    workload_namespaces: tuple[NamespacePattern, ...] = Field(min_length=1)
    prometheus: PrometheusSettings
    alertmanager: AlertmanagerSettings
    grafana: GrafanaSettings
    systems: dict[str, SerializeAsAny[SystemSettings]]
    alerting: AlertingSettings
    runbooks_url: Annotated[str, Field(pattern=r"^https?://\S+$", description=_URL)]
    time_compression: Annotated[int, Field(strict=True, ge=1, le=60)]
    chart_source: Annotated[
        str, Field(pattern=r"^(repositories|cache|(oci|https?)://[^\s@]+|/\S+|\./\S+)$", description=_SOURCE)
    ]

    @field_validator("systems", mode="before")
    @classmethod
    def _known_systems(cls, value: object) -> object:
        if not isinstance(value, Mapping):
            raise ValueError("must be an object: system name -> its settings")  # noqa: TRY004 - pydantic wants ValueError
        problems, parsed = [], {}
        for name, part in value.items():
            if name not in systems_room.available():
                problems.append(f".{name}: unknown system{did_you_mean(name, systems_room.available())}")
                continue
            try:
                parsed[name] = systems_room.settings_class(name).model_validate({} if part is None else part)
            except ValidationError as error:
                problems += describe(error, systems_room.settings_class(name), at=f".{name}")
        if problems:
            raise ValueError("\n".join(problems))
        return parsed

    @model_validator(mode="after")
    def _pages_only_in_production(self) -> Settings:
        if self.alerting.pages and self.cluster.environment != "production":
            raise ValueError("alerting: a pagerduty receiver is for production only")
        return self

    @model_validator(mode="after")
    def _own_pace_only_locally(self) -> Settings:
        if self.time_compression != 1 and self.cluster.environment != "local":
            raise ValueError("timeCompression: must be 1 unless cluster.environment is local")
        return self


class Secrets:
    """Secrets of the stack by config key. ``missing`` are needed but not set."""

    def __init__(self, values: Mapping[str, pulumi.Output[str]], missing: tuple[str, ...]) -> None:
        self.values = dict(values)
        self.missing = missing

    def how_to_set(self) -> list[str]:
        return [f"pulumi config set --secret {key}" for key in self.missing]


def load() -> tuple[Settings, Secrets]:
    """Settings and secrets of the running stack.

    Raises pulumi.RunError that lists every problem as ``key: what is wrong, what is allowed``. A
    missing secret stops ``pulumi up`` only: a preview warns and goes on.
    """
    raw, problems = _raw_values()
    settings = _validated(raw, problems)
    alerting = settings.alerting if settings else _alerting(raw)
    if alerting is not None:
        problems += _secret_problems(raw, alerting.secret_keys)
    if settings is None or problems:
        raise refusal(problems)
    needed = settings.alerting.secret_keys
    config = pulumi.Config()
    secrets = Secrets(
        {key: config.require_secret(key) for key in needed if raw.get(key)},
        tuple(key for key in needed if not raw.get(key)),
    )
    _report_missing(secrets)
    return settings, secrets


def _validated(raw: Mapping[str, Any], problems: list[str]) -> Settings | None:
    """The settings; None where they are not valid, with the reasons added to ``problems``."""
    try:
        return Settings.model_validate({key: value for key, value in raw.items() if key in _keys()})
    except ValidationError as error:
        refused = {problem.partition(":")[0] for problem in problems}  # not missing: left out by _raw_values
        problems += [line for line in describe(error, Settings) if line.partition(":")[0] not in refused]
        return None


def _alerting(raw: Mapping[str, Any]) -> AlertingSettings | None:
    """The alerting part alone: it tells which secrets are used, also where another part is not valid."""
    try:
        return AlertingSettings.model_validate(raw.get("alerting"))
    except ValidationError:
        return None


def _secret_problems(raw: Mapping[str, Any], needed: tuple[str, ...]) -> Iterator[str]:
    for key in raw:
        if key not in _keys() and key not in needed:
            meant = did_you_mean(key, [*_keys(), *needed])
            yield f"{key}: unknown key{meant}; no setting and no receiver uses it"
    for key in needed:
        if key in raw and not _is_secret(key):
            yield f"{key}: is stored as plain text; set it with `pulumi config set --secret {key}`"


def _report_missing(secrets: Secrets) -> None:
    if not secrets.missing:
        return
    lines = ["secrets are not set; set them with:", *(f"  {line}" for line in secrets.how_to_set())]
    if not pulumi.runtime.is_dry_run():
        raise pulumi.RunError("\n".join(lines))
    pulumi.log.warn("\n".join(lines))


def _keys() -> dict[str, str]:
    """Config key -> field name."""
    return {field.alias or name: name for name, field in Settings.model_fields.items()}


def _raw_values() -> tuple[dict[str, Any], list[str]]:
    """Every value of this project's config namespace, parsed where its field is not a string.

    With it what cannot be read. A setting that is marked secret is left out, so that no error can repeat it.
    """
    prefix = f"{pulumi.get_project()}:"
    config = runtime_config.CONFIG.get()
    texts = {k.removeprefix(prefix): v for k, v in config.items() if k.startswith(prefix)}
    values: dict[str, Any] = {}
    namespaces = {key.partition(":")[0] for key in config}
    problems = [
        f"{near}: unknown namespace of configuration; did you mean {pulumi.get_project()!r}?"
        for near in get_close_matches(pulumi.get_project(), namespaces - {pulumi.get_project()}, cutoff=0.8)
    ]
    for key, text in texts.items():
        field = Settings.model_fields.get(_keys().get(key, ""))
        if field is not None and _is_secret(key):
            problems.append(f"{key}: must not be secret, it would stand in objects in plain text")
            continue
        if field is None or field.annotation in (str, Size):
            values[key] = text
            continue
        try:
            values[key] = pulumi.Config().get_object(key)
        except pulumi.ConfigTypeError:
            problems.append(f"{key}: must be a structured value (an object or a list)")
    return values, problems


def _is_secret(key: str) -> bool:
    return bool(runtime_config.is_config_secret(f"{pulumi.get_project()}:{key}"))


def refuse(problems: list[str]) -> None:
    """Stops the program with one error for all problems, if there are any."""
    if problems:
        raise refusal(problems)


def refusal(problems: list[str]) -> pulumi.RunError:
    """One error without traceback: a line per problem."""
    lines = "\n".join(f"  {problem}" for problem in problems)
    return pulumi.RunError(f"the settings of stack {pulumi.get_stack()} are not valid:\n{lines}")
