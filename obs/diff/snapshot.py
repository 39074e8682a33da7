"""One side of a comparison, as plain data: made by any revision of the program, read by any other."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from obs.errors import ObsError
from obs.expand import Expansion, RenderedChart, RenderedObject

FORMAT = 1
"""Rises when a field changes its meaning: a snapshot of another format is refused, and taken anew."""

Definitions = Mapping[str, Mapping[str, Any]]
"""``alert NAME``, ``record NAME{LABEL=VALUE}``, ``dashboard UID``, ``panel UID/TITLE``,
``scrape NAME``, ``contract NAME``, ``output NAME`` -> where, and unit."""


class SnapshotError(ObsError):
    """A snapshot cannot be read."""


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """``objects`` have their secrets masked. What only a run of the program knows is None or empty elsewhere.

    ``source`` says in words where it comes from. ``settings`` is key path -> value, ``lines`` key path -> line of
    Pulumi.<stack>.yaml; ``secrets`` is config key -> hash of the ciphertext (never of the secret), None where it is not
    set. ``findings`` are those of obs check. ``unlocked`` are images that images.lock does not have. ``stored`` is
    contract -> names of series that are stored and the scrape interval. ``partial`` says what is not known of it.
    """

    stack: str
    source: str
    objects: tuple[RenderedObject, ...]
    charts: tuple[RenderedChart, ...] = ()
    systems: tuple[str, ...] | None = None
    definitions: Definitions = field(default_factory=dict)
    objectives: Mapping[str, Mapping[str, Any]] | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)
    secrets: Mapping[str, str | None] | None = None
    findings: tuple[Mapping[str, Any], ...] | None = None
    unlocked: tuple[str, ...] | None = None
    stored: Mapping[str, Mapping[str, Any]] | None = None
    outputs: Mapping[str, Any] | None = None
    outputs_schema: Mapping[str, Any] | None = None
    allowed: tuple[str, ...] = ()
    partial: tuple[str, ...] = ()

    @property
    def expansion(self) -> Expansion:
        return Expansion(self.objects, self.charts)


def dumps(snapshot: Snapshot) -> str:
    """One JSON document with its format number."""
    return json.dumps({"format": FORMAT, **{f.name: _plain(getattr(snapshot, f.name)) for f in fields(snapshot)}})


def loads(text: str) -> Snapshot:
    """Raises SnapshotError for what is no snapshot of this format."""
    try:
        data = json.loads(text)
        found = data.pop("format")
    except (ValueError, KeyError, AttributeError, TypeError):
        raise SnapshotError("not a snapshot: must be one JSON object with the key format") from None
    if found != FORMAT:
        raise SnapshotError(f"a snapshot of format {found}; this revision reads format {FORMAT}")
    known = {f.name for f in fields(Snapshot)}
    given = {name: _frozen(value) for name, value in data.items() if name in known}
    given["objects"] = tuple(RenderedObject(**one) for one in data["objects"])
    given["charts"] = tuple(RenderedChart(**{**one, "images": tuple(one["images"])}) for one in data["charts"])
    return Snapshot(**given)


def _plain(value: Any) -> Any:
    if isinstance(value, tuple) and value and isinstance(value[0], RenderedObject | RenderedChart):
        return [{f.name: getattr(one, f.name) for f in fields(one)} for one in value]
    return value


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
