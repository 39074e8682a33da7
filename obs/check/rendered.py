"""What a stack deploys, object by object, as the checks of the rendering look at it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from obs.check.finding import Finding
from obs.expand import PROGRAM, Expansion, RenderedObject


def dig(value: Any, *keys: str) -> Any:
    """What stands at a path of keys; None where the path ends early."""
    for key in keys:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def entries(value: Any) -> list[Mapping[str, Any]]:
    """The mappings in a list; nothing where there is no list."""
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list | tuple) else []


@dataclass(frozen=True, eq=False)
class Item:
    """One object."""

    object: RenderedObject

    @property
    def namespace(self) -> str:
        return self.object.namespace

    @property
    def kind(self) -> str:
        return self.object.kind

    @property
    def name(self) -> str:
        return self.object.name

    @property
    def where(self) -> str:
        return self.object.where

    @property
    def by_chart(self) -> bool:
        return self.object.origin != PROGRAM

    @property
    def subject(self) -> str:
        return self.object.subject

    @property
    def manifest(self) -> Mapping[str, Any]:
        return self.object.parsed()

    @property
    def spec(self) -> Mapping[str, Any]:
        return mapping(self.manifest.get("spec"))

    @property
    def labels(self) -> Mapping[str, str]:
        return mapping(dig(self.manifest, "metadata", "labels"))

    def finding(self, check: str, message: str, suggestion: str | None = None) -> Finding:
        return Finding(check, self.subject, self.where, message, suggestion=suggestion)


class Rendered:
    """The objects of one expansion by kind, so that only the kinds that a check asks for are parsed."""

    def __init__(self, expansion: Expansion) -> None:
        self._kinds: dict[str, list[Item]] = {}
        for one in expansion.objects:
            self._kinds.setdefault(one.kind, []).append(Item(one))

    def of(self, *kinds: str) -> list[Item]:
        return [item for kind in kinds for item in self._kinds.get(kind, ())]

    def without(self, kinds: Collection[str]) -> Iterator[Item]:
        """Every object of another kind."""
        return (item for kind, items in self._kinds.items() if kind not in kinds for item in items)

    @cached_property
    def namespaces(self) -> Mapping[str, Mapping[str, str]]:
        """The stack's own namespaces, those that it creates: name -> labels, with the one that every cluster sets."""
        return {item.name: {**item.labels, "kubernetes.io/metadata.name": item.name} for item in self.of("Namespace")}
