"""How a part of the settings says where its credentials are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

CA_KEYS = ("ca.crt",)
"""Of a Secret with the CA that a server's certificate is checked against."""
Named = Iterator[tuple[str, tuple[str, ...]]]
"""Names of Secrets that must be there already, each with its keys."""


def given(*named: tuple[str | None, tuple[str, ...]]) -> Named:
    return ((name, keys) for name, keys in named if name)


def two_ways(secret: object, existing: str | None) -> Iterator[str]:
    if secret and existing:
        yield "secret and existingSecret are two ways to give one credential; give one of them"


def refuse(problems: Iterable[str]) -> None:
    """Raises ValueError with every problem, a line each."""
    if text := "\n".join(problems):
        raise ValueError(text)
