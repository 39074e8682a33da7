"""One stack as the wiring checks see it: its pods, its Services, and what each part says of others."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from obs.check.rendered import Rendered
from obs.check.wiring.pods import Pods, pods
from obs.check.wiring.references import Reference, references
from obs.check.wiring.services import Key, Service, services
from obs.check.wiring.texts import Mention, mentions


@dataclass(frozen=True)
class Stack:
    """``external_secrets``: Secrets of the stack's ``namespace`` that exist already, each with its keys."""

    rendered: Rendered
    namespace: str
    external_secrets: Mapping[str, Collection[str]] = field(default_factory=dict)

    @property
    def own(self) -> Collection[str]:
        return self.rendered.namespaces

    @cached_property
    def pods(self) -> list[Pods]:
        return pods(self.rendered)

    @cached_property
    def services(self) -> dict[Key, Service]:
        return services(self.rendered, self.pods)

    @cached_property
    def mentions(self) -> list[Mention]:
        return mentions(self.rendered)

    @cached_property
    def references(self) -> list[Reference]:
        return references(self.rendered)
