"""The statements with which the collector removes personal data and secrets, before anything is kept or sent on.

One processor for all signals. Where a statement fails, the batch is refused: better no telemetry than a password.
The attributes of links between spans cannot be reached by statements, and are the one place that is not looked at.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from components.collector_masks import (
    DIGITS,
    MARK,
    SPAN_ID,
    SPAN_ID_KEYS,
    SPAN_ID_VALUE,
    Mask,
    masks,
    removed_keys,
)
from settings.telemetry import PersonalDataSettings


@dataclass(frozen=True)
class Place:
    """What one context of OTTL holds: ``attributes`` (a map), and texts beside it."""

    context: str
    texts: tuple[str, ...] = ()

    @property
    def attributes(self) -> str:
        return f"{self.context}.attributes"


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
    cache = f"{place.context}.cache"
    if place.context == "log":
        # Structured bodies become the JSON that Loki would make of them anyway, and are searched as such.
        yield "set(log.body, String(log.body)) where IsMap(log.body) or IsList(log.body)"
    # Lists and maps in attributes are searched as attributes of their own.
    yield f"flatten({place.attributes})"
    yield f"delete_matching_keys({place.attributes}, {literal(removed_keys(personal))})"
    everything = ", ".join((place.attributes, *place.texts))
    yield f'set({cache}["text"], ConvertCase(Concat([{everything}], " "), "lower"))'
    yield f'set({cache}["digits"], IsMatch({cache}["text"], {literal(DIGITS)}))'
    wanted = masks(personal)
    if personal.card_numbers:
        yield from _protect(place)
    for mask in wanted:
        yield from _replace(place, mask.pattern, mask.replacement, _condition(mask, cache))
    if personal.card_numbers:
        yield from _replace(place, rf"(\d){MARK}(\d)", "$1$2", _digits(cache))


def _protect(place: Place) -> Iterator[str]:
    condition = _digits(f"{place.context}.cache")
    yield from _replace(place, SPAN_ID, f"${{1}}{MARK}$2", condition)
    for key in SPAN_ID_KEYS:
        value = f"{place.attributes}[{literal(key)}]"
        yield f"replace_pattern({value}, {literal(SPAN_ID_VALUE)}, {literal(f'${{1}}{MARK}$2')}) where {condition}"


def _replace(place: Place, pattern: str, replacement: str, condition: str) -> Iterator[str]:
    where = f" where {condition}" if condition else ""
    arguments = f"{literal(pattern)}, {literal(replacement)}"
    yield f'replace_all_patterns({place.attributes}, "value", {arguments}){where}'
    for text in place.texts:
        yield f"replace_pattern({text}, {arguments}){where}"


def _condition(mask: Mask, cache: str) -> str:
    if mask.digits:
        return _digits(cache)
    return " or ".join(_contains(cache, mask.hints))


def _contains(cache: str, hints: Iterable[str]) -> Iterator[str]:
    """An expression without any operator is looked for as plain text."""
    for hint in hints:
        yield f'IsMatch({cache}["text"], {literal(hint.replace(".", chr(92) + "."))})'


def _digits(cache: str) -> str:
    return f'{cache}["digits"] == true'
