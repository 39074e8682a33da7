"""Exporters of our own (folder exporters/). What is left out here is what the exporter itself takes."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, model_validator

from model.config import Duration, Name, Part, Quantity, SecretKey, form
from model.credentials import CA_KEYS, Named, given, refuse, two_ways

ISILON_KEYS = ("username", "password")
BITBUCKET_KEYS = ("token",)
_SECRET_PROPERTY = re.compile(r"(password|secret|token|credential|(access|account|private)-key|sas-)", re.IGNORECASE)
_NAMES_NO_SECRET = re.compile(r"-(url|uri|endpoint|enabled|region|type|expires\S*)$", re.IGNORECASE)
_USER_INFO = re.compile(r"://[^/@\s]+@")
_PROPERTY = "the name of a property of pyiceberg, such as s3.endpoint"
_IMAGE = r"[a-z0-9][^\s@]*(:[\w.-]+(@sha256:[0-9a-f]{64})?|@sha256:[0-9a-f]{64})"
Image = Annotated[str, form(_IMAGE, "an image with a tag or a digest")]
Property = Annotated[str, form(r"[A-Za-z0-9][A-Za-z0-9._-]*", _PROPERTY)]
Https = Annotated[str, form(r"https://[^\s/@?#]+", "an address https://host or https://host:port")]
HttpsPath = Annotated[str, form(r"https://[^\s@?#]*[^\s@?#/]", "an address https://host, maybe with a path")]
Count = Annotated[int, Field(strict=True, ge=1)]
Share = Annotated[float, Field(gt=0, le=1)]


class OwnExporter(Part):
    """``image`` is where it was pushed; with the stack's ``imageRegistry`` it is dataops/<name>-exporter there.

    A scan runs every ``interval``, each part of it for ``timeout`` at most and ``concurrency`` of them at a time.
    """

    image: Image | None = None
    interval: Duration = "5m"
    timeout: Duration | None = None
    concurrency: Annotated[int, Field(strict=True, ge=1, le=64)] | None = None


class Compaction(Part):
    """When a table is due for compaction: many small files, many delete files, or many manifests."""

    min_files: Count | None = None
    small_ratio: Share | None = None
    delete_ratio: Annotated[float, Field(gt=0)] | None = None
    manifests: Count | None = None


class IcebergSettings(OwnExporter):
    """One catalog: ``catalog`` has pyiceberg's properties (type, uri, warehouse, s3.endpoint …).

    Properties that are secret are named in ``secrets`` (property -> Pulumi config key), or are the keys of an existing
    Secret. ``include`` and ``exclude`` are patterns of database.table.
    """

    catalog: Annotated[dict[Property, str], Field(min_length=1)]
    secrets: dict[Property, SecretKey] = Field(default_factory=dict)
    existing_secret: Name | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    max_tables: Count | None = None
    small_file_size: Quantity | None = None
    removed_window: Duration | None = None
    compaction: Compaction = Compaction()

    @model_validator(mode="after")
    def _consistent(self) -> IcebergSettings:
        refuse([*two_ways(self.secrets, self.existing_secret), *self._open_secrets()])
        return self

    def _open_secrets(self) -> list[str]:
        """Secrets where they would be in a ConfigMap."""
        where = "name its config key under secrets, or give existingSecret"
        found = [
            f".catalog.{name}: is a secret; {where}"
            for name in self.catalog
            if _SECRET_PROPERTY.search(name) and not _NAMES_NO_SECRET.search(name)
        ]
        found += [
            f".catalog.{name}: has a password in its address; {where}"
            for name, value in self.catalog.items()
            if _USER_INFO.search(value)
        ]
        twice = self.catalog.keys() & self.secrets.keys()
        return [*found, *(f".secrets.{name}: is in catalog too" for name in sorted(twice))]

    @property
    def secret_keys(self) -> tuple[str, ...]:
        return tuple(self.secrets.values())

    @property
    def secrets_there(self) -> Named:
        return given((self.existing_secret, ()))  # its keys are whatever properties the catalog needs


class IsilonSettings(OwnExporter):
    """One cluster, asked at the OneFS API as a user whose password is a Pulumi secret, or with user and password from
    an existing Secret. ``ca_secret`` has the CA of its certificate, which is its own as it is delivered."""

    url: Https
    username: Annotated[str, Field(min_length=1)] | None = None
    secret: SecretKey | None = None
    existing_secret: Name | None = None
    ca_secret: Name | None = None
    protocols: tuple[Annotated[str, form(r"[a-z0-9_]+", "a protocol such as nfs or smb2")], ...] = ()
    quota_types: tuple[Literal["directory", "user", "group"], ...] = ()
    max_quotas: Count | None = None
    requests_per_second: Annotated[float, Field(gt=0, le=100)] | None = None

    @model_validator(mode="after")
    def _consistent(self) -> IsilonSettings:
        problems = [*two_ways(self.secret, self.existing_secret)]
        if not (self.secret or self.existing_secret):
            problems.append("the password is missing: secret or existingSecret")
        if bool(self.username) != bool(self.secret):
            problems.append(".username: belongs to secret; an existing Secret has the key username")
        refuse(problems)
        return self

    @property
    def secret_keys(self) -> tuple[str, ...]:
        return (self.secret,) if self.secret else ()

    @property
    def secrets_there(self) -> Named:
        return given((self.existing_secret, ISILON_KEYS), (self.ca_secret, CA_KEYS))


class BitbucketSettings(OwnExporter):
    """One Bitbucket Data Center, asked with a token. ``include`` and ``exclude`` are patterns of PROJECT/repository;
    ``branches`` are watched besides the default one; a branch is active ``active_for`` after its last commit."""

    url: HttpsPath
    secret: SecretKey | None = None
    existing_secret: Name | None = None
    ca_secret: Name | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    max_repositories: Count | None = None
    branches: Annotated[tuple[str, ...], Field(max_length=10)] = ()
    active_for: Duration | None = None
    requests_per_second: Annotated[float, Field(gt=0, le=100)] | None = None

    @model_validator(mode="after")
    def _consistent(self) -> BitbucketSettings:
        problems = [*two_ways(self.secret, self.existing_secret)]
        if not (self.secret or self.existing_secret):
            problems.append("the token is missing: secret or existingSecret")
        refuse(problems)
        return self

    @property
    def secret_keys(self) -> tuple[str, ...]:
        return (self.secret,) if self.secret else ()

    @property
    def secrets_there(self) -> Named:
        return given((self.existing_secret, BITBUCKET_KEYS), (self.ca_secret, CA_KEYS))
