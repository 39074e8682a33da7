"""Digests of images, asked of their registries by the OCI distribution API, without credentials."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType

import httpx

from obs.errors import ObsError
from obs.images import Image

SECONDS = 10.0
"""For one request. A registry answers in well below a second; behind a closed firewall nothing does."""
_MANIFEST_LIMIT = 4 * 2**20
"""Bytes. Registries need not take larger manifests (distribution spec, "Pushing Manifests")."""
# An index first: its digest holds for every architecture, a single manifest's for one.
_ACCEPT = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')
_HOSTS = {"docker.io": "registry-1.docker.io"}
_LOOPBACK = re.compile(r"(?:127\.0\.0\.1|localhost)(?::\d+)?")


class RegistryError(ObsError):
    """A registry did not give the digest; the message says which image and why."""


class Registries:
    """Asks registries; a context manager. A registry that does not answer is not asked again."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._client = httpx.Client(timeout=seconds, follow_redirects=True)
        self._silent: dict[str, str] = {}
        self._tokens: dict[tuple[str, str], str] = {}

    def __enter__(self) -> Registries:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._client.close()

    def digest(self, image: Image) -> str:
        """The digest that an image's tag stands for now. Raises RegistryError."""
        if image.host in self._silent:
            raise RegistryError(f"{image}: {self._silent[image.host]}")
        try:
            answer = self._manifest(image)
        except httpx.TransportError as error:
            self._silent[image.host] = f"{image.host} does not answer ({type(error).__name__})"
            raise RegistryError(f"{image}: {self._silent[image.host]}") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise RegistryError(f"{image}: {error}") from None
        if answer.status != httpx.codes.OK:
            raise RegistryError(f"{image}: {image.host} answers with status {answer.status}")
        stated, computed = answer.headers.get("Docker-Content-Digest"), _sha256(answer.body)
        if stated is not None and stated != computed:
            raise RegistryError(f"{image}: {image.host} states digest {stated[:80]!r} for a manifest of {computed}")
        return computed

    def _manifest(self, image: Image) -> _Answer:
        scheme = "http" if _LOOPBACK.fullmatch(image.host) else "https"
        host = _HOSTS.get(image.host, image.host)
        url = f"{scheme}://{host}/v2/{image.path}/manifests/{image.tag or image.digest}"
        token = self._tokens.get((image.host, image.path), "")
        answer = self._get(url, token=token)
        if answer.status == httpx.codes.UNAUTHORIZED and not token:
            token = self._token(answer.headers.get("WWW-Authenticate", ""), image, scheme)
            self._tokens[image.host, image.path] = token
            answer = self._get(url, token=token)
        return answer

    def _token(self, challenge: str, image: Image, scheme: str) -> str:
        """A token for reading one repository, as the registry's challenge asks (anonymous: no credentials)."""
        fields = dict(_CHALLENGE.findall(challenge))
        realm = fields.get("realm", "")
        if not challenge.startswith("Bearer ") or not realm.startswith((f"{scheme}://", "https://")):
            raise RegistryError(f"{image}: {image.host} wants credentials, and obs has none")
        params = {"scope": fields.get("scope") or f"repository:{image.path}:pull"}
        if "service" in fields:
            params["service"] = fields["service"]
        answer = self._get(realm, params=params)
        token = answer.field("token") or answer.field("access_token")
        if answer.status != httpx.codes.OK or not token:
            raise RegistryError(f"{image}: {realm} gives no token to read it (status {answer.status})")
        return token

    def _get(self, url: str, *, token: str = "", params: dict[str, str] | None = None) -> _Answer:
        headers = {"Accept": _ACCEPT, **({"Authorization": f"Bearer {token}"} if token else {})}
        with self._client.stream("GET", url, headers=headers, params=params) as answer:
            body = b""
            for part in answer.iter_bytes():
                body += part
                if len(body) > _MANIFEST_LIMIT:
                    raise httpx.DecodingError(f"the answer is larger than {_MANIFEST_LIMIT} bytes")
            return _Answer(answer.status_code, answer.headers, body)


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def field(self, name: str) -> str:
        """A text of a JSON object; empty where there is none."""
        try:
            value = json.loads(self.body)[name]
        except (ValueError, KeyError, TypeError):
            return ""
        return value if isinstance(value, str) else ""


def _sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
