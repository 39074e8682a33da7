"""Answers a Pulumi program in place of the engine and keeps what it registers.

The names of the methods are those of the engine's services ResourceMonitor and Engine
(pulumi/proto/resource.proto and engine.proto of release 3.272); tests/test_monitor.py compares them.
"""

from __future__ import annotations

import hashlib
import linecache
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import unquote, urlsplit

from pulumi.runtime.proto import engine_pb2, resource_pb2

from obs.protobuf import Secret, alias_of, decode_struct, encode, holds_secret, options_of, sealed
from obs.recording import Log, ProgramError, Resource
from obs.stack_config import StackConfig

STACK_TYPE = "pulumi:pulumi:Stack"
_STACK_REFERENCE = "pulumi:pulumi:StackReference"
FEATURES = (
    resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
    resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACEMENT_TRIGGER,
    resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
    resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACE_WITH,
    # Claimed so that Callbacks, not the SDK's "update the CLI", says that they are refused.
    resource_pb2.RESOURCE_MONITOR_FEATURE_TRANSFORMS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_INVOKE_TRANSFORMS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_ERROR_HOOKS,
)


def _random_password(urn: str) -> dict[str, object]:
    """A stand-in that is the same in every run and unlike any real password."""
    digest = hashlib.sha256(urn.encode()).hexdigest()
    return {"result": f"generated-{digest[:32]}", "bcryptHash": f"bcrypt-{digest[32:]}"}


RANDOM_PASSWORD = "random:index/randomPassword:RandomPassword"
_FOR_ALL_CHARTS = "/components/helm.py"
# Outputs that a provider computes and that the program needs in order to go on, by resource type.
_COMPUTED: Mapping[str, Callable[[str], dict[str, object]]] = {
    RANDOM_PASSWORD: _random_password,
}


class Callbacks:
    """In place of the SDK's callback server: transforms, hooks and migrations cannot be recorded.

    They would change what is deployed after it was recorded (a chart's children do not exist here), so
    that the recording would show something else than the deployment.
    """

    def __getattr__(self, name: str) -> Callable[..., NoReturn]:
        def refuse(function: object, *_: object) -> NoReturn:
            label = getattr(function, "__qualname__", type(function).__name__)
            kind = name.removeprefix("register_").replace("_", " ")
            raise ProgramError(f"{label}: a recording runs no {kind}; set the values where they are defined")

        return refuse


class Engine:
    """Keeps the messages of the program; drops the SDK's own debugging."""

    def __init__(self) -> None:
        self.logs: list[Log] = []

    def Log(self, request: engine_pb2.LogRequest) -> None:
        if request.severity != engine_pb2.DEBUG:
            severity = engine_pb2.LogSeverity.Name(request.severity).lower()
            self.logs.append(Log(severity=severity, message=request.message, urn=request.urn))

    def RequirePulumiVersion(self, request: object) -> None:
        """There is no CLI whose version could be too old."""


class Monitor:
    """Records one run. ``stack_references`` gives the outputs of other stacks by their full name."""

    def __init__(
        self, directory: Path, config: StackConfig, preview: bool, stack_references: Mapping[str, Mapping[str, Any]]
    ) -> None:
        self._prefix = f"urn:pulumi:{config.stack}::{config.project}::"
        self._directory = directory.as_uri() + "/"
        self._preview = preview
        self._references = stack_references
        self.stack_urn = f"{self._prefix}{STACK_TYPE}::{config.project}-{config.stack}"
        self.resources: dict[str, Resource] = {}
        self.outputs: dict[str, Any] = {}

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise ProgramError(f"the program asks the engine for {name}, which cannot be recorded")

    def GetDeploymentInfo(self, _request: object) -> resource_pb2.DeploymentInfo:
        return resource_pb2.DeploymentInfo(supportedFeatures=FEATURES)

    def SignalAndWaitForShutdown(self, request: object) -> None:
        """Nothing to wait for: no hook runs."""

    def RegisterResource(self, request: Any) -> resource_pb2.RegisterResourceResponse:
        if request.type == STACK_TYPE:
            return resource_pb2.RegisterResourceResponse(urn=self.stack_urn)
        resource = self._registered(request, request.object)
        resource = replace(
            resource,
            provider=_urn_of_provider(request.provider),
            providers={package: _urn_of_provider(ref) for package, ref in sorted(request.providers.items())},
            property_dependencies={
                key: tuple(sorted(deps.urns)) for key, deps in sorted(request.propertyDependencies.items())
            },
            aliases=tuple(alias_of(alias) for alias in request.aliases),
        )
        # In a preview the engine knows no id but an imported one.
        known = request.importId or ("" if self._preview else f"{request.name}-id")
        response = resource_pb2.RegisterResourceResponse(urn=resource.urn, id=known if request.custom else "")
        if request.custom or request.remote:
            computed = _COMPUTED[request.type](resource.urn) if request.type in _COMPUTED else {}
            self._answer(resource, response.object, request, response.id, computed)
        else:
            self.resources[resource.urn] = resource
        return response

    def ReadResource(self, request: Any) -> resource_pb2.ReadResourceResponse:
        resource = self._registered(request, request.properties)
        resource = replace(resource, provider=_urn_of_provider(request.provider))
        response = resource_pb2.ReadResourceResponse(urn=resource.urn, id=request.id)
        computed = self._stack_outputs(request.id, resource) if request.type == _STACK_REFERENCE else {}
        self._answer(resource, response.properties, request, request.id, computed)
        return response

    def RegisterResourceOutputs(self, request: Any) -> None:
        outputs = decode_struct(request.outputs)
        if request.urn == self.stack_urn:
            self.outputs = outputs
        else:
            self.resources[request.urn] = replace(self.resources[request.urn], outputs=outputs)

    def Invoke(self, request: Any) -> NoReturn:
        raise ProgramError(f"the program calls {request.tok}, which only a provider can answer; there is none here")

    def _registered(self, request: Any, properties: Any) -> Resource:
        """The new resource, its URN made as the engine makes it. Raises :class:`ProgramError` if it exists."""
        # pkg/resource/deploy: the types of the parents go before the type, without the stack's.
        above = request.parent.split("::")[2] if request.parent else STACK_TYPE
        kind = request.type if above == STACK_TYPE else f"{above}${request.type}"
        urn = f"{self._prefix}{kind}::{request.name}"
        source = self._source(request)
        if urn in self.resources:
            places = sorted(place or "an unknown place" for place in (self.resources[urn].source, source))
            where = f"registered at {places[0]} and at {places[1]}"
            raise ProgramError(f"Duplicate resource URN '{urn}'; try giving it a unique name ({where})")
        hidden = set(request.additionalSecretOutputs)
        inputs = {k: sealed(v) if k in hidden else v for k, v in decode_struct(properties).items()}
        return Resource(
            seq=0,
            urn=urn,
            type=request.type,
            name=request.name,
            parent=request.parent,
            custom=getattr(request, "custom", True),
            remote=getattr(request, "remote", False),
            inputs=inputs,
            dependencies=tuple(sorted(request.dependencies)),
            options=options_of(request),
            source=source,
        )

    def _answer(
        self, resource: Resource, answer: Any, request: Any, known_id: str, computed: Mapping[str, object]
    ) -> None:
        """Outputs are the inputs, what was ``computed`` and the id, the secret ones marked."""
        hidden = set(request.additionalSecretOutputs)
        added = {key: Secret(value) if key in hidden else value for key, value in computed.items()}
        outputs = resource.inputs | added | ({"id": known_id} if known_id else {})
        self.resources[resource.urn] = replace(resource, outputs=outputs)
        answer.CopyFrom(request.properties if resource.read else request.object)
        answer.update({key: encode(outputs[key]) for key in outputs if key in hidden or key in added})

    def _stack_outputs(self, name: str, resource: Resource) -> dict[str, object]:
        if name not in self._references:
            known = ", ".join(sorted(self._references)) or "none"
            raise ProgramError(f"{resource.source}: no outputs given for the stack {name!r}; given are: {known}")
        outputs = self._references[name]
        secret = sorted(key for key, value in outputs.items() if holds_secret(value))
        return {"outputs": dict(outputs), "secretOutputNames": secret}

    def _source(self, request: Any) -> str:
        """``file:line`` below the project that creates the resource, else of what the SDK takes for it.

        The SDK skips three constructors; a class of the program that calls ``super().__init__`` once more
        is not where a person would look, nor is the function through which all charts go.
        """
        for frame in request.stackTrace.frames:
            uri, line = frame.pc.uri, frame.pc.line
            if uri.startswith(self._directory) and "/site-packages/" not in uri and not uri.endswith(_FOR_ALL_CHARTS):
                file = unquote(urlsplit(uri).path)
                if not linecache.getline(file, line).lstrip().startswith("super().__init__("):
                    return f"{unquote(uri.removeprefix(self._directory))}:{line}"
        position = request.sourcePosition
        return f"{Path(unquote(urlsplit(position.uri).path)).name}:{position.line}" if position.uri else ""


def _urn_of_provider(reference: str) -> str:
    """A reference is ``urn::id``; the id of a provider is unknown in a preview and says nothing here."""
    return reference.rpartition("::")[0]
