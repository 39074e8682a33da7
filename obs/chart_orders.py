"""Recorded chart resources as orders: which pinned chart, with what, taken from where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.charts import CHARTS, ChartPin, SourceKind, archive_path
from obs import chart_cache
from obs.chart_archive import ChartRefused, ChartUnavailable
from obs.chart_cache import Archive

PREVIEW_SECONDS = 5.0
"""What repositories that do not answer may cost a preview, for all charts together."""
_ROOT = Path(__file__).resolve().parent.parent
_CHART, _RELEASE = "kubernetes:helm.sh/v4:Chart", "kubernetes:helm.sh/v3:Release"
_UNSUPPORTED = ("valueYamlFiles", "postRenderer", "postrender")


@dataclass(frozen=True, kw_only=True, slots=True)
class ChartOrder:
    """One chart resource. ``values`` are redacted; ``path`` is the archive that the program itself names,
    else the chart is looked up in the cache and had from ``source``. ``where`` is the line that registers it."""

    component: str
    pin: ChartPin
    release: str
    namespace: str
    values: Mapping[str, Any]
    include_crds: bool
    hooks: bool
    source: str
    path: Path | None
    where: str


def is_chart(resource_type: str) -> bool:
    return resource_type in (_CHART, _RELEASE)


def chart_order(resource: Any, component: str, inputs: Mapping[str, Any]) -> ChartOrder:
    """The order that a recorded chart resource with these (redacted) inputs makes.

    Raises ValueError for a chart that is not pinned, and for what obs could not render as the provider does.
    """
    where = f"{component}: {resource.type} {resource.name!r}"
    if used := [key for key in _UNSUPPORTED if inputs.get(key)]:
        raise ValueError(f"{where}: {used[0]} is not rendered here; give everything in values")
    values = inputs.get("values") or {}
    if unknown := _unknown(values):
        raise ValueError(f"{where}: value {unknown} is known only after deployment; give literals and Secret names")
    repo = (inputs.get("repositoryOpts") or {}).get("repo")
    pin, source, path = _located(str(inputs["chart"]), inputs.get("version"), repo, where)
    return ChartOrder(
        component=component,
        pin=pin,
        release=str(inputs.get("name") or resource.name),
        namespace=str(inputs.get("namespace") or "default"),
        values=values,
        include_crds=not inputs.get("skipCrds"),
        # The provider drops hooks of a Chart; a Release runs them, and they make objects.
        hooks=resource.type == _RELEASE and not inputs.get("disableWebhooks"),
        source=source,
        path=path,
        where=resource.source or resource.urn,
    )


def _unknown(value: Any, path: str = "") -> str:
    """The path of the first value that only a deployment knows, or nothing."""
    if isinstance(value, Mapping):
        return next((p for k, v in value.items() if (p := _unknown(v, f"{path}.{k}" if path else str(k)))), "")
    if isinstance(value, list):
        return next((p for i, v in enumerate(value) if (p := _unknown(v, f"{path}[{i}]"))), "")
    return path or "values" if value == "[unknown]" else ""


def _located(chart: str, version: str | None, repo: str | None, where: str) -> tuple[ChartPin, str, Path | None]:
    """The reverse of components.charts.chart_location: pin, source, and the archive where it is a path."""
    path = None if repo or "://" in chart or "/" not in chart else _ROOT / chart
    if path is None:
        pin = CHARTS.get(chart.rpartition("/")[2])
    else:
        pin = next((p for p in CHARTS.values() if p.archive_name == path.name), None)
    if pin is None or (version or pin.version) != pin.version:
        named = f"{chart} {version}" if version else chart
        pinned = ", ".join(map(str, CHARTS.values()))
        raise ValueError(f"{where}: chart {named} is not pinned in components/charts.py ({pinned})")
    if path is not None:
        return pin, SourceKind.CACHE.value, None if path == archive_path(pin) else path
    if "://" in chart:
        return pin, chart.rpartition("/")[0], None
    return pin, SourceKind.REPOSITORIES.value if repo in (None, pin.repository) else str(repo), None


def archives(orders: Sequence[ChartOrder], *, seconds: float, lock_file: Path) -> list[Archive | ChartUnavailable]:
    """The checked archive of each order, or why there is none.

    What the cache lacks is fetched, within ``seconds`` for all charts together (0: not at all). Raises
    ChartRefused for an archive that is not the pinned one.
    """
    found = [_archive(order, lock_file) for order in orders]
    lacking = [o for o, a in zip(orders, found, strict=True) if isinstance(a, ChartUnavailable) and o.path is None]
    if not lacking or seconds <= 0:
        return found
    failures = chart_cache.obtain({o.pin: o.source for o in lacking}, seconds=seconds, lock_file=lock_file)
    for failure in failures.values():
        if isinstance(failure, ChartRefused):
            raise failure
    return [
        ChartUnavailable(str(failures[order.pin]))
        if order.path is None and order.pin in failures
        else _archive(order, lock_file)
        for order in orders
    ]


def _archive(order: ChartOrder, lock_file: Path) -> Archive | ChartUnavailable:
    try:
        return chart_cache.use(order.pin, archive=order.path, lock_file=lock_file)
    except ChartUnavailable as error:
        return error
