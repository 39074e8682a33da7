"""A credential that is a Pulumi secret, or in a Secret that is there already."""

from __future__ import annotations

from collections.abc import Iterator


def two_ways(secret: str | None, existing: str | None) -> Iterator[str]:
    """A line where both are given."""
    if secret and existing:
        yield "secret and existingSecret are two ways to give one credential; give one of them"
