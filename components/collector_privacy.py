"""The statements with which the collector removes personal data and secrets, before anything is kept or sent on.

One processor for all signals. Where a statement fails, the batch is refused: better no telemetry than a password.
The attributes of links between spans cannot be reached by statements, and are the one place that is not looked at.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from components.collector_masks import (
    DIGITS,
    MARK,
    SPAN_ID,
    SPAN_ID_KEYS,
    SPAN_ID_VALUE,
    masks,
    removed_keys,
)
from settings.telemetry import PersonalDataSettings

_BESIDE = "otelcol.privacy."
"""Texts beside the attributes are put among them for as long as they are searched: one statement does for all."""


@dataclass(frozen=True)
class Place:
    """What one context of OTTL holds: attributes, and ``texts`` beside them."""

    context: str
    texts: tuple[str, ...] = ()

    @property
    def attributes(self) -> str:
        return f"{self.context}.attributes"

    def cache(self, name: str) -> str:
        return f'{self.context}.cache["{name}"]'


_SHARED = (Place("resource"), Place("scope"))
PLACES = {
    "trace_statements": (
        *_SHARED,
        Place("span", ("span.name", "span.status.message")),
        Place("spanevent", ("spanevent.name",)),
    ),
    "log_statements": (*_SHARED, Place("log", ("log.body",))),
    "metric_statements": (*_SHARED, Place("datapoint")),
}


def literal(text: str) -> str:
    """A string of OTTL (Go's escapes) inside of a collector's configuration, where ``$`` is doubled."""
    return json.dumps(text, ensure_ascii=False).replace("$", "$$")


def privacy_processor(personal: PersonalDataSettings) -> dict[str, Any]:
    """The configuration of a transform processor."""
    return {
        "error_mode": "propagate",
        **{
            signal: [{"context": place.context, "statements": list(_statements(place, personal))} for place in places]
            for signal, places in PLACES.items()
        },
    }


def _statements(place: Place, personal: PersonalDataSettings) -> Iterator[str]:
    beside = {text: f'{place.attributes}["{_BESIDE}{text}"]' for text in place.texts}
    if place.context == "log":
        # Structured bodies become the JSON that Loki would make of them anyway.
        yield "set(log.body, String(log.body)) where IsMap(log.body) or IsList(log.body)"
    # What is nested in attributes is searched as attributes of their own.
    yield f"flatten({place.attributes})"
    for text, attribute in beside.items():
        yield f"set({attribute}, {text}) where IsString({text})"
    wanted, keys = masks(personal), removed_keys(personal)
    conditions = _Conditions(place, [*(mask.hints for mask in wanted), *(entry.hints for entry in keys)])
    yield from conditions.statements()
    for entry in keys:
        where = conditions.where(entry.hints)
        yield f"delete_matching_keys({place.attributes}, {literal(f'(?i){entry.pattern}')}){where}"
    if personal.card_numbers:
        yield from _protected(place, conditions.where(digits=True))
    for mask in wanted:
        yield _replace(place, mask.pattern, mask.replacement, conditions.where(mask.hints, mask.digits))
    if personal.card_numbers:
        yield _replace(place, rf"(\d){MARK}(\d)", "$1$2", conditions.where(digits=True))
    for text, attribute in beside.items():
        yield f"set({text}, {attribute}) where {attribute} != nil"
        yield f"delete_key({place.attributes}, {literal(f'{_BESIDE}{text}')})"


def _protected(place: Place, where: str) -> Iterator[str]:
    marked = literal(f"${{1}}{MARK}$2")
    yield f'replace_all_patterns({place.attributes}, "value", {literal(SPAN_ID)}, {marked}){where}'
    for key in SPAN_ID_KEYS:
        yield f"replace_pattern({place.attributes}[{literal(key)}], {literal(SPAN_ID_VALUE)}, {marked}){where}"


def _replace(place: Place, pattern: str, replacement: str, where: str) -> str:
    return f'replace_all_patterns({place.attributes}, "value", {literal(pattern)}, {literal(replacement)}){where}'


class _Conditions:
    """Whether a place has a hint or a run of digits; what several statements ask for is found out once."""

    def __init__(self, place: Place, hints: list[tuple[str, ...]]) -> None:
        self._place = place
        shared = [group for group, uses in Counter(filter(None, hints)).items() if uses > 1]
        self._shared = {group: place.cache(f"hints{number}") for number, group in enumerate(shared)}

    def statements(self) -> Iterator[str]:
        place = self._place
        yield f'set({place.cache("text")}, ConvertCase(String({place.attributes}), "lower"))'
        yield f"set({place.cache('digits')}, IsMatch({place.cache('text')}, {literal(DIGITS)}))"
        for group, name in self._shared.items():
            yield f"set({name}, true) where {self._any(group)}"

    def where(self, hints: tuple[str, ...] = (), digits: bool = False) -> str:
        if digits:
            return f" where {self._place.cache('digits')} == true"
        if hints in self._shared:
            return f" where {self._shared[hints]} == true"
        return f" where {self._any(hints)}" if hints else ""

    def _any(self, hints: tuple[str, ...]) -> str:
        return " or ".join(f"Index({self._place.cache('text')}, {literal(hint)}) >= 0" for hint in hints)
