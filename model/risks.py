"""The risks of a change that `obs diff` tells apart: what a gate asks for, and what the settings allow by name."""

from __future__ import annotations

from model.problems import did_you_mean

RISKS = (
    "replace",
    "refused",
    "delete",
    "retention",
    "rights",
    "network",
    "image",
    "secret",
    "quieter",
    "broken",
    "finding",
    "restart",
)
"""Every risk's id; docs/how-to/review.md says what each means."""


def known_risk(name: str) -> str:
    """The name of a risk, ``ID SUBJECT``. Raises ValueError for an id that there is not: it would allow nothing."""
    found = name.partition(" ")[0]
    if found not in RISKS:
        raise ValueError(f"unknown risk {found!r}{did_you_mean(found, RISKS)}")
    return name
