"""Settings of an exporter: from the environment, a file, and the files of a Secret; the environment wins.

``<PREFIX>CONFIG`` names the file (YAML), ``<PREFIX>SECRETS`` the folder in which each file is one secret.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

import yaml
from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
    SettingsError,
    YamlConfigSettingsSource,
)

CONFIG, SECRETS = "/etc/exporter/config.yaml", "/run/secrets/exporter"
"""Where the file and the secrets are when the environment does not say."""
Seconds = Annotated[float, Field(gt=0)]


class BadSettings(Exception):
    """Every problem, a line each; without the values, which may be secrets."""


def _readable(path: Path) -> Path:
    if not path.is_file():
        raise ValueError("must be a file that is there")
    return path


ReadableFile = Annotated[Path, AfterValidator(_readable)]


class ScanSettings(BaseSettings):
    """What every exporter has.

    ``name`` is the value of the label that names the source. ``timeout`` is for one part, ``stale_after`` (three
    intervals where it is not given) how long the values of a part that fails are shown, all in seconds.
    """

    model_config = SettingsConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: Annotated[str, Field(min_length=1, max_length=63)]
    address: str = "0.0.0.0"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    interval: Seconds = 300
    timeout: Seconds = 60
    stale_after: Seconds | None = None
    concurrency: Annotated[int, Field(ge=1, le=64)] = 4
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @model_validator(mode="after")
    def _stale_after_a_scan(self) -> Self:
        if self.stale_after is not None and self.stale_after < self.interval:
            raise ValueError("stale_after: must not be below interval, or values would go between two scans")
        return self

    @property
    def stale_seconds(self) -> float:
        return self.stale_after or 3 * self.interval

    @property
    def secrets(self) -> list[str]:
        """Every secret among the settings: none of them may be in a log."""
        values = (getattr(self, name) for name in type(self).model_fields)
        return [text for value in values for text in _secret_texts(value)]

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        file, folder = _place(cls, "CONFIG", CONFIG), secrets_folder(cls)
        # Files are named as the settings, without the prefix of the environment. There need not be a folder.
        secrets = SecretsSettingsSource(settings_cls, folder if folder.is_dir() else None, env_prefix="")
        return init_settings, env_settings, secrets, YamlConfigSettingsSource(settings_cls, file)


def _secret_texts(value: object) -> list[str]:
    if isinstance(value, SecretStr):
        return [value.get_secret_value()]
    return [text for one in value.values() for text in _secret_texts(one)] if isinstance(value, Mapping) else []


def _place(settings: type[ScanSettings], what: str, usual: str) -> Path:
    return Path(os.environ.get(f"{settings.model_config['env_prefix']}{what}", usual))


def secrets_folder(settings: type[ScanSettings]) -> Path:
    return _place(settings, "SECRETS", SECRETS)


S = TypeVar("S", bound=ScanSettings)


def load(settings: type[S], **given: Any) -> S:
    """The settings; ``given`` wins over all. Raises BadSettings."""
    prefix, file = settings.model_config["env_prefix"], _place(settings, "CONFIG", CONFIG)
    if f"{prefix}CONFIG" in os.environ and not file.is_file():
        raise BadSettings(f"{prefix}CONFIG: {file} is not a file")
    try:
        return settings(**given)
    except ValidationError as error:
        lines = (_line(prefix, tuple(map(str, one["loc"])), one["msg"]) for one in error.errors(include_input=False))
        raise BadSettings("\n".join(lines)) from None
    except SettingsError as error:
        raise BadSettings(f"environment: {error}") from None
    except (yaml.YAMLError, TypeError, ValueError):
        raise BadSettings(f"{file}: must be a YAML file of settings") from None


def _line(prefix: str, place: tuple[str, ...], text: str) -> str:
    text = text.removeprefix("Value error, ")
    if not place:
        return text
    return f"{'.'.join(place)}: {text} (in the file, or {prefix}{place[0].upper()})"
