"""Exporters that are deployed because a system cannot be scraped by itself. None is, unless it is named."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from alerting.settings import SecretKey
from model.config import Name, Part

_ADDRESS = "host:port"
_CONNECT = "an Oracle connect string such as host:1521/service"


class StatsdSettings(Part):
    """The StatsD exporter of one sender, such as Airflow."""


class RedisSettings(Part):
    """One Redis. The password is a Pulumi secret, or the key ``password`` of an existing Secret."""

    address: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]*:\d{1,5}$", description=_ADDRESS)]
    secret: SecretKey | None = None
    existing_secret: Name | None = None


class BlackboxSettings(Part):
    """``targets``: name -> http(s) address that is looked at from outside."""

    targets: dict[Name, Annotated[str, Field(pattern=r"^https?://\S+$")]] = Field(default_factory=dict)


class PushgatewaySettings(Part):
    """For true batch jobs only."""


class OracleSettings(Part):
    """One database. User and password are Pulumi secrets, or the keys of an existing Secret."""

    connect_string: Annotated[str, Field(pattern=r"^[^\s@]+:\d{1,5}/\S+$", description=_CONNECT)]
    username_secret: SecretKey | None = None
    password_secret: SecretKey | None = None
    existing_secret: Name | None = None


class ExportersSettings(Part):
    """What is not named is not deployed."""

    statsd: StatsdSettings | None = None
    redis: dict[Name, RedisSettings] = Field(default_factory=dict)
    blackbox: BlackboxSettings | None = None
    pushgateway: PushgatewaySettings | None = None
    oracle: dict[Name, OracleSettings] = Field(default_factory=dict)

    @property
    def secret_keys(self) -> tuple[str, ...]:
        named = [r.secret for r in self.redis.values()]
        for oracle in self.oracle.values():
            named += [oracle.username_secret, oracle.password_secret]
        return tuple(dict.fromkeys(key for key in named if key))

    @property
    def external_secrets(self) -> dict[str, tuple[str, ...]]:
        """Name -> keys of the Secrets that must be there already."""
        found = {r.existing_secret: ("password",) for r in self.redis.values() if r.existing_secret}
        return found | {o.existing_secret: ("username", "password") for o in self.oracle.values() if o.existing_secret}
