"""What one run of the program registered: resources with their options, outputs and messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from obs.errors import ObsError
from obs.protobuf import redacted
from obs.stack_config import StackConfig


class ProgramError(ObsError):
    """The program could not be recorded. The message is complete; ``logs`` is what the program had said."""

    def __init__(self, message: str, logs: tuple[Log, ...] = ()) -> None:
        super().__init__(message)
        self.logs = logs


@dataclass(frozen=True, kw_only=True, slots=True)
class Log:
    """One message of the program or of the SDK; ``urn`` is the resource it is about, or empty."""

    severity: str
    message: str
    urn: str = ""


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One registration, as the engine receives it.

    ``inputs`` and ``outputs`` hold None, bool, int, float, str, list, dict and, in place,
    :class:`~obs.protobuf.Secret` and :class:`~obs.protobuf.Unknown`. An input that the resource lists
    under ``additionalSecretOutputs`` (the data of a Kubernetes Secret) is secret leaf by leaf: its keys
    can be shown.
    ``parent``, ``provider``, ``providers`` (by package) and dependencies are URNs; an alias is a URN or
    a mapping of the parts that differ. ``options`` has every other option that was set, under the names
    of the engine's protocol (``protect``, ``ignoreChanges``, ``importId`` ...). ``source`` is ``file:line``
    below the project.
    """

    seq: int
    urn: str
    type: str
    name: str
    parent: str
    custom: bool
    remote: bool
    inputs: dict[str, Any]
    provider: str = ""
    providers: dict[str, str] = field(default_factory=dict)
    dependencies: tuple[str, ...] = ()
    property_dependencies: dict[str, tuple[str, ...]] = field(default_factory=dict)
    aliases: tuple[str | dict[str, Any], ...] = ()
    options: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    source: str = ""

    @property
    def read(self) -> bool:
        """Whether the program only reads the resource, as a StackReference does: nobody deploys it."""
        return "readId" in self.options

    def redacted(self) -> dict[str, Any]:
        """Every field as plain data for JSON or YAML."""
        return {name: redacted(value) for name, value in vars(self).items()}


def in_order(resources: Mapping[str, Resource]) -> tuple[Resource, ...]:
    """The resources, keyed by URN, each after its parent, siblings by URN; ``seq`` is the position."""

    def path(urn: str) -> tuple[str, ...]:
        resource = resources.get(urn)
        return () if resource is None else (*path(resource.parent), urn)

    return tuple(replace(resources[urn], seq=seq) for seq, urn in enumerate(sorted(resources, key=path)))


@dataclass(frozen=True, kw_only=True)
class Recording:
    """One run of the program for one stack.

    ``resources`` come parents first and siblings by URN: the SDK registers them in an order that varies
    between runs. ``outputs`` are the stack's; ``namespace`` has the globals of the program's __main__.py.
    """

    config: StackConfig
    preview: bool
    stack_urn: str
    resources: tuple[Resource, ...]
    outputs: dict[str, Any]
    logs: tuple[Log, ...]
    namespace: Mapping[str, Any] = field(repr=False)

    @cached_property
    def _by_urn(self) -> dict[str, Resource]:
        return {resource.urn: resource for resource in self.resources}

    @cached_property
    def _roots(self) -> tuple[Resource, ...]:
        return tuple(r for r in self.resources if r.parent == self.stack_urn and not r.custom)

    def components_of(self, resource: Resource) -> tuple[str, ...]:
        """Names of the components that own ``resource``, the outermost first, itself last if it is one.

        A remote component (a chart) belongs to what registers it, and is its own where nothing does.
        """
        owners = [] if resource.custom or resource.remote else [resource.name]
        parent = self._by_urn.get(resource.parent)
        while parent is not None:
            owners.append(parent.name)
            parent = self._by_urn.get(parent.parent)
        return tuple(reversed(owners)) or ((resource.name,) if resource.remote else ())

    def component_of(self, resource: Resource) -> str:
        """Name of the outermost component that owns ``resource``; empty outside every component.

        One component that composes the whole program says nothing: within it, its parts count.
        """
        path = self.components_of(resource)
        whole = len(self._roots) == 1 and len(path) > 1
        return path[1] if whole else next(iter(path), "")

    def redacted(self) -> dict[str, Any]:
        """The whole recording as plain data for JSON or YAML, without the namespace."""
        return {
            "project": self.config.project,
            "stack": self.config.stack,
            "config": self.config.redacted(),
            "resources": [resource.redacted() for resource in self.resources],
            "outputs": redacted(self.outputs),
            "logs": [{"severity": log.severity, "message": log.message, "urn": log.urn} for log in self.logs],
        }
