"""How Prometheus gets at targets that ask who it is, or that speak TLS: settings for systems to use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BaseModel, Field, model_validator

from model.config import Name, Part, SecretKey
from model.credentials import CA_KEYS, refuse, two_ways
from model.scrape import BasicAuth, Bearer, ScrapeSecret, Tls
from model.scrape import SecretKey as Key

_KEYS = {"basic": ("username", "password"), "bearer": ("token",)}
(_CA,) = CA_KEYS
_CERT, _KEY = "tls.crt", "tls.key"


class Credential(Part):
    """A token (kind bearer), or a user and a password (kind basic).

    The token or password is a Pulumi secret (``secret``), or an existing Secret of the stack's namespace has the keys
    ``token``, or ``username`` and ``password``. A user without a password has neither: some servers only want a name.
    """

    kind: Literal["basic", "bearer"] = "bearer"
    username: Annotated[str, Field(min_length=1)] | None = None
    secret: SecretKey | None = None
    existing_secret: Name | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Credential:
        problems = [*two_ways(self.secret, self.existing_secret)]
        if self.kind == "bearer" and self.username:
            problems.append(".username: belongs to kind basic")
        if self.kind == "bearer" and not (self.secret or self.existing_secret):
            problems.append("the token is missing: secret or existingSecret")
        if self.kind == "basic" and bool(self.username) == bool(self.existing_secret):
            problems.append(".username: is needed, unless an existing Secret has the key username")
        refuse(problems)
        return self

    def auth(self, name: str) -> BasicAuth | Bearer:
        """For an endpoint. ``name`` is that of the Secret which the stack makes where none exists."""
        keys = [Key(self.existing_secret or name, key) for key in _KEYS[self.kind]]
        return Bearer(*keys) if self.kind == "bearer" else BasicAuth(username=keys[0], password=keys[1])

    def secrets(self, name: str) -> tuple[ScrapeSecret, ...]:
        """The Secret that the stack makes; none where one exists."""
        if self.existing_secret:
            return ()
        last = _KEYS[self.kind][-1]
        plain = {"username": self.username} if self.username else {}
        if self.secret is None:
            return (ScrapeSecret(name=name, plain={**plain, last: ""}),)
        return (ScrapeSecret(name=name, plain=plain, secret={last: self.secret}),)

    @property
    def existing(self) -> dict[str, tuple[str, ...]]:
        """Name -> keys of the Secret that must be there already."""
        return {self.existing_secret: _KEYS[self.kind]} if self.existing_secret else {}


class TlsSettings(Part):
    """The target's certificate is checked against the key ``ca.crt`` of ``ca_secret``, else the system's authorities.

    ``client_secret`` has the client's own certificate and key as ``tls.crt`` and ``tls.key``. Both are existing
    Secrets of the stack's namespace.
    """

    ca_secret: Name | None = None
    client_secret: Name | None = None
    server_name: Annotated[str, Field(min_length=1)] | None = None
    insecure_skip_verify: bool = False

    @property
    def tls(self) -> Tls:
        client = self.client_secret
        return Tls(
            ca=Key(self.ca_secret, _CA) if self.ca_secret else None,
            cert=Key(client, _CERT) if client else None,
            key=Key(client, _KEY) if client else None,
            server_name=self.server_name,
            insecure_skip_verify=self.insecure_skip_verify,
        )

    @property
    def existing(self) -> dict[str, tuple[str, ...]]:
        """Name -> keys of the Secrets that must be there already."""
        found: dict[str, tuple[str, ...]] = {self.ca_secret: (_CA,)} if self.ca_secret else {}
        if self.client_secret:
            found[self.client_secret] = (*found.get(self.client_secret, ()), _CERT, _KEY)
        return found


def accesses(part: BaseModel) -> Iterator[Credential | TlsSettings]:
    """Every credential and TLS setting in a part of the settings, however deep."""
    for name in type(part).model_fields:
        yield from _within(getattr(part, name))


def _within(value: object) -> Iterator[Credential | TlsSettings]:
    if isinstance(value, Credential | TlsSettings):
        yield value
    elif isinstance(value, BaseModel):
        yield from accesses(value)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _within(item)
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _within(item)
