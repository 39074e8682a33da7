"""From recorded resources to every Kubernetes object: the program's own as recorded, charts by helm template."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Literal, Protocol

from components.charts import LOCK
from obs import documents, helm
from obs.chart_archive import ChartError, ChartUnavailable
from obs.chart_cache import Archive
from obs.chart_memo import Rendering, rendered
from obs.chart_orders import PREVIEW_SECONDS, ChartOrder, archives, chart_order, is_chart
from obs.images import images, may_have_images

PROGRAM = "program"
"""The origin of objects that no chart brings."""
_PREFIX = "kubernetes:"
# Further remote components of the provider; obs would leave their objects out without a word.
_NOT_EXPANDED = ("helm.sh/", "yaml/", "yaml:", "kustomize/", "kustomize:")


class Recording(Protocol):
    """What is needed of a recording: each resource has type, name, urn, source, custom, read and inputs."""

    @property
    def resources(self) -> Sequence[Any]: ...

    def component_of(self, resource: Any) -> str: ...


@dataclass(frozen=True, kw_only=True)
class RenderedObject:
    """One Kubernetes object. ``origin`` is the chart that brings it, or ``program``; ``namespace`` is where it
    lands, empty for what is of the whole cluster. The program's objects have a ``manifest``, those of charts the
    ``text`` that helm printed. ``where`` is the line of the program that registers it or its chart."""

    component: str
    origin: str
    api_version: str
    kind: str
    namespace: str
    name: str
    manifest: dict[str, Any] | None = None
    text: str | None = None
    where: str = ""

    @property
    def subject(self) -> str:
        """KIND NAMESPACE/NAME, or KIND NAME of what is of the whole cluster."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"

    def parsed(self) -> dict[str, Any]:
        """The manifest, for an object of a chart parsed from its text: about 1 s for 1 MB, once."""
        return self.manifest if self.manifest is not None else self._parsed

    @cached_property
    def _parsed(self) -> dict[str, Any]:
        parsed: dict[str, Any] = documents.load(self.text or "")
        return parsed


@dataclass(frozen=True, kw_only=True, slots=True)
class RenderedChart:
    """One chart release. ``reason`` says why it is missing (no archive, no helm) or refused (by helm); ``objects``
    is their number, ``images`` are sorted, ``where`` is the line of the program that registers it.

    ``origin`` is the chart's name, with the release where one component has the chart twice.
    """

    component: str
    origin: str
    name: str
    version: str
    release: str
    namespace: str
    values: Mapping[str, Any]
    state: Literal["rendered", "missing", "refused"]
    reason: str = ""
    objects: int = 0
    images: tuple[str, ...] = ()
    where: str = ""


@dataclass(frozen=True, slots=True)
class Expansion:
    """Every object (by component, origin, kind, namespace, name) and every chart of one stack."""

    objects: tuple[RenderedObject, ...]
    charts: tuple[RenderedChart, ...]

    @property
    def images(self) -> tuple[str, ...]:
        """Every container image of the stack, sorted, once each."""
        own = (images(o.manifest) for o in self.objects if o.manifest is not None)
        return tuple(sorted(set[str]().union(*own, *(c.images for c in self.charts))))


def expand(
    recording: Recording,
    *,
    redacted: Callable[[Any], Any],
    kube_version: str,
    api_versions: Sequence[str] = (),
    build_helm: bool = False,
    offline: bool = False,
    require_charts: bool = False,
    keep_going: bool = False,
    seconds: float = PREVIEW_SECONDS,
    memo: bool = True,
    lock_file: Path = LOCK,
) -> Expansion:
    """Every object of a recorded program.

    ``redacted`` masks the secrets in recorded inputs, and runs before anything else sees them. A chart that
    cannot be rendered (no archive within ``seconds`` in all, no helm) is in the result with the reason; with
    ``require_charts`` that raises ChartUnavailable. A chart that helm refuses to render raises HelmFailed, or with
    ``keep_going`` is in the result, too. ChartRefused (wrong digest or version) is always raised. Raises ValueError
    for a resource whose objects obs cannot know.
    """
    own, orders = _sorted_out(recording, redacted)
    found = archives(orders, seconds=0.0 if offline else seconds, lock_file=lock_file)
    program = _program(found, build_helm)

    render = partial(
        _rendered,
        program=program,
        kube_version=kube_version,
        api_versions=tuple(api_versions),
        keep_going=keep_going,
        memo=memo,
    )
    with ThreadPoolExecutor(max_workers=max(len(orders), 1)) as pool:
        results = list(pool.map(render, orders, _origins(orders), found))
    if require_charts and (missing := [f"{c.component}: {c.reason}" for c, _ in results if c.state == "missing"]):
        raise ChartUnavailable("\n".join(missing))
    objects = [*own, *(o for _, brought in results for o in brought)]
    objects.sort(key=lambda o: (o.component, o.origin != PROGRAM, o.origin, o.kind, o.namespace, o.name, o.api_version))
    return Expansion(tuple(objects), tuple(sorted((c for c, _ in results), key=lambda c: (c.component, c.origin))))


def _rendered(
    order: ChartOrder,
    origin: str,
    archive: Archive | ChartUnavailable,
    *,
    program: Path | ChartError,
    kube_version: str,
    api_versions: tuple[str, ...],
    keep_going: bool,
    memo: bool,
) -> tuple[RenderedChart, list[RenderedObject]]:
    chart = _missing(order, origin)
    if isinstance(archive, ChartError):
        return replace(chart, reason=str(archive)), []
    if isinstance(program, ChartError):
        return replace(chart, reason=str(program)), []
    rendering = Rendering(
        archive=archive,
        release=order.release,
        namespace=order.namespace,
        values=order.values,
        kube_version=kube_version,
        api_versions=api_versions,
        include_crds=order.include_crds,
        hooks=order.hooks,
    )
    try:
        text = rendered(program, rendering, memo=memo)
    except helm.HelmFailed as error:
        if not keep_going:
            raise
        return replace(chart, state="refused", reason=str(error)), []
    return _complete(chart, text)


def _program(found: Sequence[Archive | ChartUnavailable], build: bool) -> Path | ChartError:
    """The helm to render with, or why there is none. Not looked for where no chart could use it."""
    if not any(isinstance(archive, Archive) for archive in found):
        return ChartUnavailable("no chart to render")
    try:
        return helm.find(build=build)
    except helm.HelmMissing as error:
        return error


def _sorted_out(recording: Recording, redacted: Callable[[Any], Any]) -> tuple[list[RenderedObject], list[ChartOrder]]:
    own: list[RenderedObject] = []
    orders: list[ChartOrder] = []
    for resource in recording.resources:
        kind = resource.type.removeprefix(_PREFIX)
        if kind == resource.type or resource.read:
            continue
        component = recording.component_of(resource) or PROGRAM
        if is_chart(resource.type):
            orders.append(chart_order(resource, component, redacted(resource.inputs)))
        elif kind.startswith(_NOT_EXPANDED):
            raise ValueError(f"{component}: obs cannot tell the objects of {resource.type} {resource.name!r}")
        elif resource.custom:
            own.append(_own(resource, component, redacted(resource.inputs)))
    return own, orders


def _own(resource: Any, component: str, inputs: dict[str, Any]) -> RenderedObject:
    group, _, kind = resource.type.removeprefix(_PREFIX).rpartition(":")
    api_version = str(inputs.get("apiVersion") or group.removeprefix("core/"))
    # Without a name the provider takes the resource's and adds random letters; a rendering has no use for those.
    metadata = {"name": resource.name, **(inputs.get("metadata") or {})}
    kind = str(inputs.get("kind") or kind)
    # What is secret in it was masked where it is marked; a Secret without secrets (Alertmanager's
    # configuration) stays readable, unlike one that a chart makes.
    manifest = {**inputs, "apiVersion": api_version, "kind": kind, "metadata": metadata}
    return RenderedObject(
        component=component,
        origin=PROGRAM,
        api_version=api_version,
        kind=kind,
        namespace=str(metadata.get("namespace") or ""),
        name=str(metadata["name"]),
        manifest=manifest,
        where=resource.source or resource.urn,
    )


def _origins(orders: Sequence[ChartOrder]) -> list[str]:
    """The name of each order's chart, with the release where its component has that chart more than once."""
    times = Counter((order.component, order.pin.name) for order in orders)
    return [o.pin.name if times[o.component, o.pin.name] == 1 else f"{o.pin.name}-{o.release}" for o in orders]


def _missing(order: ChartOrder, origin: str) -> RenderedChart:
    return RenderedChart(
        component=order.component,
        origin=origin,
        name=order.pin.name,
        version=order.pin.version,
        release=order.release,
        namespace=order.namespace,
        values=order.values,
        state="missing",
        where=order.where,
    )


def _complete(chart: RenderedChart, text: str) -> tuple[RenderedChart, list[RenderedObject]]:
    objects = [
        RenderedObject(
            component=chart.component,
            origin=chart.origin,
            api_version=document.api_version,
            kind=document.kind,
            namespace=document.namespace,
            name=document.name,
            text=document.text,
            where=chart.where,
        )
        for document in (found.within(chart.namespace) for found in documents.documents(text))
    ]
    used = (images(o.parsed()) for o in objects if may_have_images(o.kind, o.text or ""))
    found = tuple(sorted(set[str]().union(*used)))
    return replace(chart, state="rendered", objects=len(objects), images=found), objects
