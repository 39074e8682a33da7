"""Container images in Kubernetes manifests."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

# The operator is told by argument which images it gives to the pods that it creates.
_ARGUMENT = re.compile(r"--[a-z-]*(?:image|config-reloader)=(\S+[:@]\S+)")
# Their texts may look like images and are none.
_WITHOUT = ("CustomResourceDefinition", "ConfigMap", "Secret", "PrometheusRule")


def may_have_images(kind: str, text: str) -> bool:
    """False where parsing the object could bring no image."""
    return kind not in _WITHOUT and any(mark in text for mark in ("image:", "image=", "config-reloader="))


def images(manifest: Mapping[str, Any]) -> set[str]:
    """Every image reference: of containers and init containers, of the operator's resources (``spec.image``,
    ``spec.thanos.image``), and of arguments such as ``--prometheus-config-reloader=``."""
    return set() if manifest.get("kind") in _WITHOUT else set(_walk(manifest))


def _walk(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
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
