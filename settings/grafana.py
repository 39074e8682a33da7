"""Grafana: where people reach it, and how they log in."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from alerting.settings import SecretKey
from model.config import Name, Part, Quantity

_URL = "an http:// or https:// address"
_HTTPS = Annotated[str, Field(pattern=r"^https?://[^/\s]+(/\S*)?$", description=_URL)]


class IngressSettings(Part):
    """The host is that of ``grafana.url``. ``tls_secret`` is an existing Secret of type kubernetes.io/tls."""

    class_name: Name | None = None
    tls_secret: Name | None = None
    annotations: dict[str, str] = Field(default_factory=dict)


class OidcSettings(Part):
    """Log-in by OpenID Connect. The client's secret is a Pulumi secret.

    ``admin_group`` and ``editor_group`` are groups of the claim ``groups``; everyone else may look.
    """

    client_id: Annotated[str, Field(min_length=1)]
    secret: SecretKey
    auth_url: _HTTPS
    token_url: _HTTPS
    api_url: _HTTPS
    admin_group: Annotated[str, Field(pattern=r"^[^'\\]+$")] | None = None
    editor_group: Annotated[str, Field(pattern=r"^[^'\\]+$")] | None = None


class GrafanaSettings(Part):
    """``url`` is where people reach Grafana: links in alerts start with it."""

    url: _HTTPS
    storage: Quantity | None = None
    ingress: IngressSettings | None = None
    oidc: OidcSettings | None = None
