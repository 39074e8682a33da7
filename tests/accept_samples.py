"""Objects and files for the tests of obs.accept."""

from __future__ import annotations

from typing import Any

from obs import documents
from obs.accept.files import ConfigFile, config_files
from obs.expand import PROGRAM, Expansion, RenderedChart, RenderedObject


def rendered(manifest: dict[str, Any], *, chart: str = "") -> RenderedObject:
    """An object of the program, or of a chart."""
    return RenderedObject(
        component="metrics",
        origin=chart or PROGRAM,
        api_version=manifest["apiVersion"],
        kind=manifest["kind"],
        namespace=manifest["metadata"].get("namespace", ""),
        name=manifest["metadata"]["name"],
        manifest=None if chart else manifest,
        text=documents.dump(manifest) if chart else None,
    )


def holder(kind: str, name: str, data: dict[str, str], *, field: str = "data", chart: str = "") -> RenderedObject:
    """A ConfigMap or Secret with these keys."""
    return rendered({"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, field: data}, chart=chart)


def expansion(*objects: RenderedObject) -> Expansion:
    """The objects, and the charts that they name as their origin, each released under its own name."""
    charts = sorted({o.origin for o in objects} - {PROGRAM})
    return Expansion(objects, tuple(_chart(name) for name in charts))


def _chart(name: str) -> RenderedChart:
    return RenderedChart(
        component="metrics",
        origin=name,
        name=name,
        version="1.0.0",
        release=name,
        namespace="n",
        values={},
        state="rendered",
    )


def files(*objects: RenderedObject) -> list[ConfigFile]:
    return config_files(expansion(*objects))
