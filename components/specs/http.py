"""How Prometheus reaches an endpoint: credentials, TLS and proxies. Secrets are only ever named, never held.

The checks are those of the operator (pkg/apis/monitoring/v1: http_config.go, tls_types.go, types.go): it leaves out
an object that fails one, with a line in its log as the only trace.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import model_validator

from components.specs.base import Flag, HttpUrl, Items, Leaf, Name, OutputText, Spec, Text

TlsVersion = Literal["TLS10", "TLS11", "TLS12", "TLS13"]
ProxyUrl = Annotated[
    OutputText, Leaf(pattern=r"^(http|https|socks5)://.+$", form="an http://, https:// or socks5:// address")
]


class SecretKey(Spec):
    """A key of a Secret in the namespace of the object that names it."""

    name: Name
    key: Name
    optional: Flag | None = None


class ConfigMapKey(Spec):
    """A key of a ConfigMap in the namespace of the object that names it."""

    name: Name
    key: Name
    optional: Flag | None = None


class SecretOrConfigMap(Spec):
    """Exactly one of the two."""

    secret: SecretKey | None = None
    config_map: ConfigMapKey | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.secret is None) == (self.config_map is None):
            raise ValueError("exactly one of secret and configMap must be given")
        return self


class TlsConfig(Spec):
    """TLS towards the target."""

    ca: SecretOrConfigMap | None = None
    cert: SecretOrConfigMap | None = None
    key_secret: SecretKey | None = None
    server_name: Text | None = None
    insecure_skip_verify: Flag | None = None
    min_version: TlsVersion | None = None
    max_version: TlsVersion | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self._has_cert() != self._has_key():
            raise ValueError("a client certificate and its key must be given together")
        if self.min_version and self.max_version and self.min_version > self.max_version:
            raise ValueError(f"minVersion {self.min_version} is above maxVersion {self.max_version}")
        return self

    def _has_cert(self) -> bool:
        return self.cert is not None

    def _has_key(self) -> bool:
        return self.key_secret is not None


class TlsConfigWithFiles(TlsConfig):
    """A ServiceMonitor may name files of Prometheus' own container too, as for the cluster's CA."""

    ca_file: Text | None = None
    cert_file: Text | None = None
    key_file: Text | None = None

    @model_validator(mode="after")
    def _one_source_each(self) -> Self:
        both = {
            "ca": self.ca and self.ca_file,
            "cert": self.cert and self.cert_file,
            "key": self.key_secret and self.key_file,
        }
        for part, given in both.items():
            if given:
                raise ValueError(f"the {part} is given twice: name a Secret or a file, not both")
        return self

    def _has_cert(self) -> bool:
        return self.cert is not None or self.cert_file is not None

    def _has_key(self) -> bool:
        return self.key_secret is not None or self.key_file is not None


class Authorization(Spec):
    """The Authorization header. ``type`` is Bearer where it is not given; for Basic there is BasicAuth."""

    type: Text | None = None
    credentials: SecretKey

    @model_validator(mode="after")
    def _not_basic(self) -> Self:
        if isinstance(self.type, str) and self.type.strip().lower() == "basic":
            raise ValueError("type may not be Basic; use basicAuth instead")
        return self


class BasicAuth(Spec):
    username: SecretKey
    password: SecretKey


class Proxy(Spec):
    """The proxy on the way. ``proxy_connect_header`` maps a header to the Secret keys of its values."""

    proxy_url: ProxyUrl | None = None
    no_proxy: Text | None = None
    proxy_from_environment: Flag | None = None
    proxy_connect_header: dict[str, Annotated[tuple[SecretKey, ...], Items(at_least=1)]] | None = None

    @model_validator(mode="after")
    def _consistent_proxy(self) -> Self:
        if self.proxy_from_environment and (self.proxy_url or self.no_proxy):
            raise ValueError("proxyFromEnvironment excludes proxyUrl and noProxy")
        if self.no_proxy and not self.proxy_url:
            raise ValueError("noProxy needs proxyUrl")
        if self.proxy_connect_header and not (self.proxy_url or self.proxy_from_environment):
            raise ValueError("proxyConnectHeader needs proxyUrl or proxyFromEnvironment")
        return self


class OAuth2(Proxy):
    """The client credentials flow."""

    client_id: SecretOrConfigMap
    client_secret: SecretKey
    token_url: HttpUrl
    scopes: tuple[Text, ...] | None = None
    endpoint_params: dict[str, Text] | None = None
    tls_config: TlsConfig | None = None


class Credentials(Spec):
    """At most one way to authenticate."""

    authorization: Authorization | None = None
    basic_auth: BasicAuth | None = None
    oauth2: OAuth2 | None = None

    def _credentials(self) -> dict[str, object]:
        return {"authorization": self.authorization, "basicAuth": self.basic_auth, "oauth2": self.oauth2}

    @model_validator(mode="after")
    def _one_credential(self) -> Self:
        given = [name for name, value in self._credentials().items() if value is not None]
        if len(given) > 1:
            raise ValueError(f"{' and '.join(given)} are both given; at most one may be")
        return self


class TokenCredentials(Credentials):
    """Monitors and probes may also name a bearer token's Secret (deprecated upstream for ``authorization``)."""

    bearer_token_secret: SecretKey | None = None

    def _credentials(self) -> dict[str, object]:
        return super()._credentials() | {"bearerTokenSecret": self.bearer_token_secret}
