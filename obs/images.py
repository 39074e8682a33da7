"""Container images in Kubernetes manifests, and their names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from obs.expand import Expansion

# The operator is told by argument which images it gives to the pods that it creates.
_ARGUMENT = re.compile(r"--[a-z-]*(?:image|config-reloader)=(\S+[:@]\S+)")
# Other operators are told by variable (RELATED_IMAGE_X, SIDECAR_IMAGE).
_VARIABLE = re.compile(r"(?:\w+_)?IMAGE(?:_\w+)?")
_REFERENCE = re.compile(r"\S+[:@]\S+")
# Their texts may look like images and are none.
_WITHOUT = ("CustomResourceDefinition", "ConfigMap", "Secret", "PrometheusRule")
_DEFAULT_HOST = "docker.io"


@dataclass(frozen=True, order=True, slots=True)
class Image:
    """``host/path:tag@digest``. ``tag`` is empty where there is only a digest, ``digest`` where there is none."""

    host: str
    path: str
    tag: str
    digest: str = ""

    def __str__(self) -> str:
        return f"{self.host}/{self.bare}"

    @property
    def bare(self) -> str:
        """Without the registry, and without digest where it has a tag: what a mirror has under the same name."""
        return f"{self.path}:{self.tag}" if self.tag else f"{self.path}@{self.digest}"

    @property
    def floating(self) -> bool:
        """Whether tomorrow's pull may be another image."""
        return self.tag == "latest" and not self.digest


def parsed(reference: str) -> Image:
    """A reference as container runtimes read it: without host it is of docker.io, without tag ``latest``."""
    name, _, digest = reference.partition("@")
    path, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:
        path, tag = name, "" if digest else "latest"
    host, slash, rest = path.partition("/")
    if not slash or not ("." in host or ":" in host or host == "localhost"):
        host, rest = _DEFAULT_HOST, path
    if host == _DEFAULT_HOST and "/" not in rest:
        rest = f"library/{rest}"
    return Image(host, rest, tag, digest)


def may_have_images(kind: str, text: str) -> bool:
    """False where parsing the object could bring no image."""
    return kind not in _WITHOUT and any(mark in text for mark in ("image:", "image=", "config-reloader=", "IMAGE"))


def images(manifest: Mapping[str, Any]) -> set[str]:
    """Every image reference: of containers and init containers, of the operator's resources (``spec.image``,
    ``spec.thanos.image``), of arguments such as ``--prometheus-config-reloader=`` and of variables that name one."""
    return set() if manifest.get("kind") in _WITHOUT else set(_walk(manifest))


def users(expansion: Expansion) -> dict[str, list[str]]:
    """Reference -> who uses it: ``component``, or ``component/chart``; both sorted."""
    found: dict[str, set[str]] = {}
    for chart in expansion.charts:
        for image in chart.images:
            found.setdefault(image, set()).add(f"{chart.component}/{chart.origin}")
    for one in expansion.objects:
        for image in images(one.manifest) if one.manifest is not None else ():
            found.setdefault(image, set()).add(one.component)
    return {image: sorted(found[image]) for image in sorted(found)}


def _walk(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        named, given = value.get("name"), value.get("value")
        if isinstance(named, str) and isinstance(given, str) and _VARIABLE.fullmatch(named):
            yield from _REFERENCE.findall(given)
        for key, inner in value.items():
            if key == "image" and isinstance(inner, str) and inner:
                yield inner
            elif key in ("args", "command") and isinstance(inner, list):
                yield from (m[1] for argument in inner if (m := _ARGUMENT.fullmatch(str(argument))))
            else:
                yield from _walk(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _walk(inner)
