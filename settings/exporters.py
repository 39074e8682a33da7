"""Exporters that are deployed because a system cannot be scraped by itself. None is, unless it is named."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from model.config import Address, Duration, Name, Part, SecretKey, form
from model.credentials import CA_KEYS, Named, given, refuse, two_ways
from settings.own_exporters import BitbucketSettings, IcebergSettings, IsilonSettings
from settings.telemetry import Expression, expression

_CONNECT = "an Oracle connect string such as host:1521/service, or with walletSecret an alias of its tnsnames.ora"
_METRIC = "the name of a metric, with $1, $2 ... for what the match captures"
# statsd_exporter pkg/mapper/mapper.go, metricLineRE
_GLOB = re.compile(r"(\*|[a-zA-Z_][a-zA-Z0-9_-]*)(\.(\*|[a-zA-Z0-9_][a-zA-Z0-9_-]*))*")
InstanceName = Annotated[
    str, form(r"[a-z0-9]([a-z0-9-]{0,28}[a-z0-9])?", "a name of lower-case letters, digits and hyphens, 30 at most")
]
"""A name from which those of objects are made."""
LabelName = Annotated[str, form(r"[a-z_][a-z0-9_]+", "the name of a label")]

# Keys of the Secrets, made from Pulumi secrets or there already.
REDIS_KEYS = ("password",)
ORACLE_KEYS = ("username", "password")
WALLET_KEYS = ("cwallet.sso", "tnsnames.ora")


class StatsdMapping(Part):
    """How StatsD names become metrics, before the rules for Airflow: those that match get ``name``, or are dropped."""

    match: Annotated[str, Field(min_length=1)]
    match_type: Literal["glob", "regex"] = "glob"
    name: Annotated[str, form(r"([a-zA-Z_]|\$\{?\d+\}?)([a-zA-Z0-9_]|\$\{?\d+\}?)*", _METRIC)] | None = None
    labels: dict[LabelName, str] = Field(default_factory=dict)
    drop: bool = False

    @model_validator(mode="after")
    def _consistent(self) -> StatsdMapping:
        problems = [] if (self.name is None) == self.drop else ["give either a name or drop: true"]
        if self.match_type == "glob" and _GLOB.fullmatch(self.match) is None:
            problems.append(".match: must be names and * between dots, such as app.*.requests, or matchType regex")
        if self.match_type == "regex":
            try:
                expression(self.match)
            except ValueError as error:
                problems.append(f".match: {error}")
        refuse(problems)
        return self


class StatsdSettings(Part):
    """The StatsD exporter, which understands Airflow. ``relay`` (host:port) gets a copy of everything it receives."""

    mappings: tuple[StatsdMapping, ...] = ()
    relay: Address | None = None


class RedisSettings(Part):
    """One Redis. The password is a Pulumi secret (``secret``), or the key ``password`` of an existing Secret.

    ``username`` is for ACLs of Redis 6 and later. With ``tls`` the server's certificate is checked, against the key
    ``ca.crt`` of the existing Secret ``ca_secret`` where one is named.
    """

    address: Address
    username: Annotated[str, Field(min_length=1)] | None = None
    secret: SecretKey | None = None
    existing_secret: Name | None = None
    tls: bool = False
    ca_secret: Name | None = None

    @model_validator(mode="after")
    def _consistent(self) -> RedisSettings:
        problems = [*two_ways(self.secret, self.existing_secret)]
        if self.username and not (self.secret or self.existing_secret):
            problems.append("username needs a password: secret or existingSecret")
        if self.ca_secret and not self.tls:
            problems.append(".caSecret: is for tls: true")
        refuse(problems)
        return self

    @property
    def secret_keys(self) -> tuple[str, ...]:
        return (self.secret,) if self.secret else ()

    @property
    def secrets_there(self) -> Named:
        return given((self.existing_secret, REDIS_KEYS), (self.ca_secret, CA_KEYS))


class HttpModule(Part):
    """How an address is asked, and what is a good answer: status 2xx where ``status_codes`` names no others."""

    timeout: Duration = "5s"
    method: Literal["GET", "HEAD", "POST"] = "GET"
    status_codes: tuple[Annotated[int, Field(strict=True, ge=100, le=599)], ...] = ()
    body_contains: Expression | None = None
    headers: dict[str, str] = Field(default_factory=dict)


class ProbeTarget(Part):
    """What is looked at: an http(s) address, or host:port with one of the modules of TCP.

    ``module`` is one of BUILT_IN_MODULES or of the stack's own.
    """

    address: Annotated[str, Field(min_length=1, pattern=r"^\S+$")]
    module: str = "http_2xx"
    interval: Duration = "30s"

    @model_validator(mode="after")
    def _address_fits(self) -> ProbeTarget:
        web = self.address.startswith(("http://", "https://"))
        if web == (self.module in TCP_MODULES):
            wanted = "host:port" if self.module in TCP_MODULES else "an http:// or https:// address"
            raise ValueError(f".address: must be {wanted} for module {self.module}")
        return self


HTTP_MODULES = ("http_2xx", "http_401")
"""``http_401``: a page that wants a log-in is well when it asks for one."""
TCP_MODULES = ("tcp_connect", "tcp_tls")
BUILT_IN_MODULES = (*HTTP_MODULES, *TCP_MODULES)


class BlackboxSettings(Part):
    """``targets``: name -> address, or how it is looked at. ``modules``: name -> a further way to ask over HTTP."""

    targets: dict[InstanceName, ProbeTarget] = Field(default_factory=dict)
    modules: dict[Annotated[str, form(r"[a-z][a-z0-9_]*", "a name such as login_page")], HttpModule] = Field(
        default_factory=dict
    )

    @field_validator("targets", mode="before")
    @classmethod
    def _short_form(cls, value: object) -> object:
        if not isinstance(value, Mapping):
            return value
        return {name: {"address": target} if isinstance(target, str) else target for name, target in value.items()}

    @model_validator(mode="after")
    def _modules_exist(self) -> BlackboxSettings:
        known = [*BUILT_IN_MODULES, *self.modules]
        problems = [
            f".modules.{name}: is built in; choose another name" for name in self.modules if known.count(name) > 1
        ]
        problems += [
            f".targets.{name}.module: must be one of {', '.join(dict.fromkeys(known))}"
            for name, target in self.targets.items()
            if target.module not in known
        ]
        refuse(problems)
        return self


class PushgatewaySettings(Part):
    """For true batch jobs only: what is pushed stays until somebody deletes it."""


class OracleSettings(Part):
    """One database, with an exporter of its own.

    The user's password is a Pulumi secret (``secret``), or user and password are the keys of an existing Secret.
    ``wallet_secret`` is an existing Secret with the files of a wallet. Queries run every ``interval``, however often
    Prometheus asks, and ``query_timeout`` seconds at most.
    """

    connect_string: Annotated[str, form(r"[^\s@$'\"]+", _CONNECT)]
    username: Annotated[str, form(r"[A-Za-z][A-Za-z0-9_#]{0,127}", "the name of a user of the database")] | None = None
    secret: SecretKey | None = None
    existing_secret: Name | None = None
    wallet_secret: Name | None = None
    interval: Duration = "1m"
    query_timeout: Annotated[int, Field(strict=True, ge=1, le=60)] = 5

    @model_validator(mode="after")
    def _consistent(self) -> OracleSettings:
        problems = [*two_ways(self.secret, self.existing_secret)]
        if not (self.secret or self.existing_secret):
            problems.append("the password is missing: secret or existingSecret")
        if bool(self.username) != bool(self.secret):
            problems.append(".username: belongs to secret; an existing Secret has the key username")
        if self.wallet_secret is None and not _is_easy_connect(self.connect_string):
            problems.append(f".connectString: must be {_CONNECT}")
        refuse(problems)
        return self

    @property
    def secret_keys(self) -> tuple[str, ...]:
        return (self.secret,) if self.secret else ()

    @property
    def secrets_there(self) -> Named:
        return given((self.existing_secret, ORACLE_KEYS), (self.wallet_secret, WALLET_KEYS))


OwnKind = Literal["iceberg", "isilon", "bitbucket"]
Own = IcebergSettings | IsilonSettings | BitbucketSettings


class ExportersSettings(Part):
    """What is not named is not deployed."""

    statsd: StatsdSettings | None = None
    redis: dict[InstanceName, RedisSettings] = Field(default_factory=dict)
    blackbox: BlackboxSettings | None = None
    pushgateway: PushgatewaySettings | None = None
    oracle: dict[InstanceName, OracleSettings] = Field(default_factory=dict)
    iceberg: dict[InstanceName, IcebergSettings] = Field(default_factory=dict)
    isilon: dict[InstanceName, IsilonSettings] = Field(default_factory=dict)
    bitbucket: dict[InstanceName, BitbucketSettings] = Field(default_factory=dict)

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """Pulumi config keys of the secrets, once each."""
        return tuple(dict.fromkeys(key for part in self._with_secrets for key in part.secret_keys))

    @property
    def own(self) -> dict[tuple[OwnKind, str], Own]:
        """Exporters of our own: (kind, name) -> settings."""
        kinds: dict[OwnKind, Mapping[str, Own]] = {
            "iceberg": self.iceberg,
            "isilon": self.isilon,
            "bitbucket": self.bitbucket,
        }
        return {(kind, name): one for kind, named in kinds.items() for name, one in named.items()}

    @property
    def _with_secrets(self) -> tuple[RedisSettings | OracleSettings | Own, ...]:
        return (*self.redis.values(), *self.oracle.values(), *self.own.values())

    @property
    def secrets_there(self) -> Named:
        """(name, keys) of the Secrets that must be there already, as often as they are named."""
        return (named for part in self._with_secrets for named in part.secrets_there)


def _is_easy_connect(text: str) -> bool:
    address, slash, service = text.removeprefix("//").partition("/")
    host, _, port = address.rpartition(":")
    return bool(host and port.isdigit() and slash and service)
