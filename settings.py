"""The stack's settings: the only reader of ``pulumi.Config``.

Top-level defaults are in Pulumi.yaml, where Pulumi applies them; those of parts are in the parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import pulumi
from pulumi.runtime import config as runtime_config
from pydantic import Field, SerializeAsAny, ValidationError, field_validator, model_validator

import systems as systems_room
from alerting.settings import AlertingSettings
from model.config import Duration, Part, Quantity
from model.problems import describe, did_you_mean
from systems.base import SystemSettings

Environment = Literal["production", "staging", "development", "local"]
Size = Literal["small", "medium", "large"]
Name = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]


class ClusterSettings(Part):
    """The cluster: its labels on everything it sends, and what its API offers.

    ``api_versions`` are API versions that the cluster has beside Kubernetes' own and the operator's, for
    charts that ask (``group/version`` or ``group/version/Kind``). ``context`` is the kubeconfig context to
    deploy with (unset: the current one).
    """

    name: Name
    environment: Environment
    platform: Name = "dataops"
    kubernetes_version: Annotated[str, Field(pattern=r"^1\.\d{2,}(\.\d+)?$")] = "1.31"
    api_versions: tuple[str, ...] = ()
    context: str | None = None

    @field_validator("kubernetes_version")
    @classmethod
    def _supported(cls, version: str) -> str:
        if int(version.split(".")[1]) < 25:
            raise ValueError("must be 1.25 or newer: the charts refuse older clusters")
        return version


class ResourceSettings(Part):
    cpu: Quantity | None = None
    memory: Quantity | None = None


class PrometheusSettings(Part):
    """Overrides of what ``size`` chooses; ``retention`` is the time kept locally."""

    replicas: int | None = Field(default=None, ge=1, le=10)
    retention: Duration = "15d"
    storage: Quantity | None = None
    requests: ResourceSettings = ResourceSettings()
    limits: ResourceSettings = ResourceSettings()


class AlertmanagerSettings(Part):
    replicas: int | None = Field(default=None, ge=1, le=10)
    storage: Quantity | None = None


class GrafanaSettings(Part):
    """``url`` is where people reach Grafana: links in alerts start with it."""

    url: Annotated[str, Field(pattern=r"^https?://[^/\s]+(/\S*)?$")]
    storage: Quantity | None = None


class Settings(Part):
    """One stack. Read with :func:`load`; in tests, build from plain values."""

    cluster: ClusterSettings
    size: Size
    namespace: Name
    storage_class: str
    workload_namespaces: tuple[str, ...] = Field(min_length=1)
    prometheus: PrometheusSettings
    alertmanager: AlertmanagerSettings
    grafana: GrafanaSettings
    systems: dict[str, SerializeAsAny[SystemSettings]]
    alerting: AlertingSettings
    runbooks_url: Annotated[str, Field(pattern=r"^https?://\S+$")]
    chart_source: Annotated[str, Field(pattern=r"^(repositories|cache|(oci|https?)://\S+|/\S+|\./\S+)$")]

    @field_validator("systems", mode="before")
    @classmethod
    def _known_systems(cls, value: object) -> object:
        if not isinstance(value, Mapping):
            raise ValueError("must be an object: system name -> its settings")  # noqa: TRY004 - pydantic wants ValueError
        problems, parsed = [], {}
        for name, part in value.items():
            if name not in systems_room.available():
                problems.append(f"unknown system {name!r}{did_you_mean(name, systems_room.available())}")
                continue
            try:
                parsed[name] = systems_room.settings_class(name).model_validate(part or {})
            except ValidationError as error:
                problems += [f"{name}.{line}" for line in describe(error, systems_room.settings_class(name))]
        if problems:
            raise ValueError("; ".join(problems))
        return parsed

    @model_validator(mode="after")
    def _pages_only_in_production(self) -> Settings:
        if self.alerting.pages and self.cluster.environment != "production":
            raise ValueError("alerting: a pagerduty receiver is for production only")
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
    needed = settings.alerting.secret_keys
    problems += [
        f"{key}: unknown key{did_you_mean(key, [*_keys(), *needed])}; no setting and no receiver uses it"
        for key in raw
        if key not in _keys() and key not in needed
    ]
    problems += [
        f"{key}: is stored as plain text; set it with `pulumi config set --secret {key}`"
        for key in needed
        if key in raw and not _is_secret(key)
    ]
    refuse(problems)
    config = pulumi.Config()
    secrets = Secrets(
        {key: config.require_secret(key) for key in needed if raw.get(key)},
        tuple(key for key in needed if not raw.get(key)),
    )
    _report_missing(secrets)
    return settings, secrets


def _validated(raw: Mapping[str, Any], problems: list[str]) -> Settings:
    try:
        return Settings.model_validate({key: value for key, value in raw.items() if key in _keys()})
    except ValidationError as error:
        invalid = [_without_secrets(line) for line in describe(error, Settings)]
        raise refusal([*problems, *invalid]) from None


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
    """Every value of this project's config namespace, parsed where its field is not a string."""
    prefix = f"{pulumi.get_project()}:"
    texts = {k.removeprefix(prefix): v for k, v in runtime_config.CONFIG.get().items() if k.startswith(prefix)}
    values: dict[str, Any] = {}
    problems = []
    for key, text in texts.items():
        field = Settings.model_fields.get(_keys().get(key, ""))
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


def _without_secrets(line: str) -> str:
    key = line.split(":", 1)[0].split(".", 1)[0].split("[", 1)[0]
    return f"{key}: is not valid (its value is secret and not shown)" if _is_secret(key) else line


def refuse(problems: list[str]) -> None:
    """Stops the program with one error for all problems, if there are any."""
    if problems:
        raise refusal(problems)


def refusal(problems: list[str]) -> pulumi.RunError:
    """One error without traceback: a line per problem."""
    lines = "\n".join(f"  {problem}" for problem in problems)
    return pulumi.RunError(f"the settings of stack {pulumi.get_stack()} are not valid:\n{lines}")
