"""Answers of OneFS, as types. Field names are those of the platform API."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from pydantic import BaseModel

from scanning import Deadline
from scanning.http import Api, Params
from scanning.typed import typed, typed_list

_PAGE = 500


class Stat(BaseModel):
    """One statistic. ``value`` is a number, or a list of objects; ``node`` the logical number with show_nodes."""

    key: str
    devid: int = 0
    node: int | None = None
    error: str | None = None
    error_code: int | None = None
    value: float | list[dict[str, Any]] | None = None

    @property
    def number(self) -> float | None:
        return self.value if isinstance(self.value, float) and not self.error_code else None


class Release(BaseModel):
    release: str


class Config(BaseModel):
    name: str
    onefs_version: Release


class Drive(BaseModel):
    present: bool = True
    ui_state: str = "UNKNOWN"


class Node(BaseModel):
    lnn: int
    drives: list[Drive] = []


class Usage(BaseModel):
    """Bytes; ``fslogical`` since version 8 of the resource, ``logical`` before."""

    fslogical: float | None = None
    logical: float | None = None


class Thresholds(BaseModel):
    hard: float | None = None
    hard_exceeded: bool = False
    soft: float | None = None
    soft_exceeded: bool = False
    advisory: float | None = None
    advisory_exceeded: bool = False


class Persona(BaseModel):
    id: str = ""
    name: str | None = None


class Quota(BaseModel):
    path: str
    type: str
    include_snapshots: bool = False
    persona: Persona | None = None
    usage: Usage
    thresholds: Thresholds

    @property
    def owner(self) -> str:
        return (self.persona.name or self.persona.id) if self.persona else ""


class EventGroup(BaseModel):
    severity: str = "unknown"
    resolved: bool = False


class ProtocolTotal(BaseModel):
    """Operations and bytes a second; ``time_avg`` in microseconds."""

    op_rate: float
    in_rate: float
    out_rate: float
    time_avg: float


M = TypeVar("M", bound=BaseModel)


class OneFS:
    """Reads with :class:`Api`; raises Failure, ``malformed`` where an answer is not of these types."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def stats(self, keys: Iterable[str], deadline: Deadline) -> list[Stat]:
        """Statistics of the cluster and of each node; ``degraded``: those of the others when a node is down."""
        params: Params = {"keys": ",".join(keys), "devid": "all", "degraded": "true", "show_nodes": "true"}
        return self._list("/platform/1/statistics/current", "stats", Stat, params, deadline)

    def config(self, deadline: Deadline) -> Config:
        path = "/platform/3/cluster/config"
        return typed(path, Config, self._api.get(path, {}, deadline))

    def nodes(self, deadline: Deadline) -> list[Node]:
        return self._list("/platform/3/cluster/nodes", "nodes", Node, {}, deadline)

    def quotas(self, kind: str, deadline: Deadline) -> Iterator[Quota]:
        yield from self._pages("/platform/8/quota/quotas", "quotas", Quota, {"type": kind}, deadline)

    def events(self, deadline: Deadline) -> Iterator[EventGroup]:
        path = "/platform/3/event/eventgroup-occurrences"
        yield from self._pages(path, "eventgroups", EventGroup, {"resolved": "false"}, deadline)

    def _list(self, path: str, name: str, kind: type[M], params: Params, deadline: Deadline) -> list[M]:
        return typed_list(path, kind, self._api.get(path, params, deadline).get(name))

    def _pages(self, path: str, name: str, kind: type[M], params: Params, deadline: Deadline) -> Iterator[M]:
        """``resume`` of a page asks for the next and allows no other parameter."""
        params = {**params, "limit": _PAGE}
        while True:
            answer = self._api.get(path, params, deadline)
            yield from typed_list(path, kind, answer.get(name))
            resume = answer.get("resume")
            if not resume:
                return
            params = {"resume": str(resume)}
