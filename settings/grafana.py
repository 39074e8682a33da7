"""Grafana: where people reach it, and how they log in."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from model.config import Name, Part, SecretKey, form

_URL = "an http:// or https:// address"
# What stands in grafana.ini and in a template of the chart must not be syntax there.
_ENDPOINT = Annotated[
    str,
    form(
        r"""https?://[^/\s{}'"`;#()]+(/[^\s{}'"`;#()]*)?""",
        f"{_URL} without spaces, quotes, braces, parentheses, ; and #",
    ),
]
_CHARACTERS = "[A-Za-z0-9:/._@-]+"
_WORD = Annotated[str, form(_CHARACTERS, "letters, digits and : / . _ @ -")]
_WORDS = Annotated[
    str, form(f"{_CHARACTERS}( {_CHARACTERS})*", "letters, digits, : / . _ @ - and single spaces between")
]
_ANNOTATION = Annotated[str, form(r"([a-z0-9.-]+/)?[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", "a name, or prefix/name")]
_PLAIN = Annotated[str, form(r"(?s:(?!.*\{\{).*)", "a text without {{, which charts take for a template")]
_HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")
_ADDRESS = re.compile(r"[0-9.]+")


class IngressSettings(Part):
    """The host is that of ``grafana.url``.

    ``tls_secret`` is a Secret of type kubernetes.io/tls, there already or made by cert-manager; without it TLS ends
    before the ingress. ``controller_namespace`` is where the ingress controller runs: then no other namespace reaches
    Grafana.
    """

    class_name: Name | None = None
    tls_secret: Name | None = None
    annotations: dict[_ANNOTATION, _PLAIN] = Field(default_factory=dict)
    controller_namespace: Name | None = None


class OidcSettings(Part):
    """Log-in by OpenID Connect. The client's secret is a Pulumi secret.

    ``admin_group`` and ``editor_group`` are groups of the claim ``groups``; everyone else may look. Providers that
    know no scope ``groups`` (Keycloak) refuse it: then name the ``scopes`` without it.
    """

    name: _WORDS = "OpenID Connect"
    client_id: _WORD
    secret: SecretKey
    auth_url: _ENDPOINT
    token_url: _ENDPOINT
    api_url: _ENDPOINT
    scopes: Annotated[tuple[_WORD, ...], Field(min_length=1)] = ("openid", "profile", "email", "groups")
    admin_group: _WORDS | None = None
    editor_group: _WORDS | None = None

    @property
    def endpoints(self) -> dict[str, str]:
        return {"authUrl": self.auth_url, "tokenUrl": self.token_url, "apiUrl": self.api_url}


class GrafanaSettings(Part):
    """``url`` is where people reach Grafana: links in alerts start with it."""

    url: _ENDPOINT
    ingress: IngressSettings | None = None
    oidc: OidcSettings | None = None

    @model_validator(mode="after")
    def _ingress_fits_the_url(self) -> GrafanaSettings:
        if self.ingress is None:
            return self
        url, problems = urlsplit(self.url), []
        if _HOST.fullmatch(url.netloc) is None or _ADDRESS.fullmatch(url.netloc):
            problems.append(".url: with an ingress it must name a host, such as https://grafana.example.com, no port")
        if url.path.strip("/"):
            problems.append(".url: with an ingress Grafana is at the root of its host; leave the path out")
        if self.ingress.tls_secret and url.scheme != "https":
            problems.append(".ingress.tlsSecret: is for https, and url begins with http://")
        if problems:
            raise ValueError("\n".join(problems))
        return self
