"""The configuration files of a stack: each key of each ConfigMap and Secret, and the rules of each PrometheusRule."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from obs import documents
from obs.expand import Expansion, RenderedObject

RULES_KEY = "spec"
"""Stands for the key of a PrometheusRule's file, which the operator makes from its spec."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ConfigFile:
    """One file. ``chart`` brings its object ("" for the program's own); ``text`` is None where the rendering holds
    only a mask (the Secrets of charts)."""

    object: RenderedObject
    chart: str
    key: str
    text: str | None

    def __str__(self) -> str:
        return f"{self.object.kind} {self.object.name}, {self.key}"


def config_files(expansion: Expansion) -> list[ConfigFile]:
    """Every configuration file, in the order of the objects."""
    charts = {(c.component, c.origin): c.name for c in expansion.charts}
    return [
        ConfigFile(object=found, chart=charts.get((found.component, found.origin), ""), key=key, text=text)
        for found in expansion.objects
        for key, text in _texts(found)
    ]


def _texts(found: RenderedObject) -> Iterator[tuple[str, str | None]]:
    if found.kind == "PrometheusRule":
        yield RULES_KEY, documents.dump({"groups": found.parsed()["spec"].get("groups") or []})
    elif found.kind in ("ConfigMap", "Secret"):
        manifest = found.parsed()
        for field in ("data", "stringData", "binaryData"):
            for key, value in (_mapping(manifest.get(field))).items():
                encoded = field == "binaryData" or (field, found.kind) == ("data", "Secret")
                yield key, None if value == documents.MASK else _decoded(value) if encoded else str(value)


def _mapping(value: object) -> Mapping[str, str]:
    return value if isinstance(value, Mapping) else {}


def _decoded(value: str) -> str:
    return base64.b64decode(value).decode(errors="replace")
