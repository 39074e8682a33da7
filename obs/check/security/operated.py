"""The containers that the Prometheus operator (v0.93, pkg/*/statefulset.go) makes of its resources."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from obs.check.rendered import Item, Rendered, entries, mapping

_OWN_CONTEXT = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}
_MAIN = {"Prometheus": "prometheus", "Alertmanager": "alertmanager", "ThanosRuler": "thanos-ruler"}
OPERATED = tuple(_MAIN)
_RELOADER_ARGUMENT = re.compile(r"--config-reloader-(cpu|memory)-(request|limit)=(\S+)")


def pod_spec(item: Item, rendered: Rendered) -> dict[str, Any]:
    """What is known of the spec of its pods: everything that the operator copies from the resource or adds itself."""
    spec = item.spec
    reloader: dict[str, Any] = {"resources": _reloader_resources(rendered)}
    own: dict[str, dict[str, Any]] = {
        _MAIN[item.kind]: {"resources": mapping(spec.get("resources"))},
        "config-reloader": reloader,
    }
    if spec.get("thanos") is not None:
        own["thanos-sidecar"] = {"resources": mapping(mapping(spec["thanos"]).get("resources"))}
    init: dict[str, dict[str, Any]] = {} if item.kind == "ThanosRuler" else {"init-config-reloader": reloader}
    return {
        "serviceAccountName": spec.get("serviceAccountName"),
        "automountServiceAccountToken": spec.get("automountServiceAccountToken"),
        "securityContext": mapping(spec.get("securityContext")),
        "hostNetwork": bool(spec.get("hostNetwork")),
        "volumes": entries(spec.get("volumes")),
        "containers": list(_merged(own, entries(spec.get("containers")))),
        "initContainers": list(_merged(init, entries(spec.get("initContainers")))),
    }


def _merged(own: Mapping[str, Mapping[str, Any]], given: list[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """A container of the resource changes the operator's of the same name, or is a further one."""
    named = {str(container.get("name")): container for container in given}
    for name, container in own.items():
        change = named.pop(name, {})
        context = {**_OWN_CONTEXT, **mapping(change.get("securityContext"))}
        yield {**container, **change, "name": name, "securityContext": context}
    yield from named.values()


def _reloader_resources(rendered: Rendered) -> dict[str, dict[str, str]]:
    """As the operator's arguments have them; 0 means none."""
    found: dict[str, dict[str, str]] = {"requests": {}, "limits": {}}
    for item in rendered.of("Deployment"):
        for container in entries(mapping(mapping(item.spec.get("template")).get("spec")).get("containers")):
            for argument in container.get("args") or ():
                match = _RELOADER_ARGUMENT.fullmatch(str(argument))
                if match and match[3] != "0":
                    found[f"{match[2]}s"][match[1]] = match[3]
    return found
