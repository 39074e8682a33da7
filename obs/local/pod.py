"""One pod whose containers really run: its volumes as folders, its containers as commands."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from obs.local.ports import Ports
from obs.local.process import Command

Manifest = Mapping[str, Any]
Files = dict[str, bytes]
Read = Callable[[str, str, str], Manifest | None]
"""(resource, namespace, name) -> the object, None where it is not there."""


class NotYet(Exception):
    """Something that the pod mounts is not there; a kubelet would wait for it, too."""


class Flags:
    """Arguments of the form --name=value."""

    def __init__(self, args: list[str]) -> None:
        self.args = args

    def set(self, name: str, value: str) -> None:
        self.drop(name)
        self.args.append(f"--{name}={value}")

    def drop(self, name: str) -> None:
        self.args = [a for a in self.args if a != f"--{name}" and not a.startswith(f"--{name}=")]


@dataclass(frozen=True)
class Program:
    """How a container image runs here. ``port`` is where it listens in its pod; ``localise`` turns its flags."""

    tool: str
    port: int
    localise: Callable[[Flags, Pod], None]


@dataclass(frozen=True)
class Pod:
    """A running pod of the API server. ``place`` is the folder of all pods."""

    manifest: Manifest
    place: Path
    ports: Ports

    @property
    def uid(self) -> str:
        return str(self.manifest["metadata"]["uid"])

    @property
    def namespace(self) -> str:
        return str(self.manifest["metadata"]["namespace"])

    @property
    def name(self) -> str:
        return str(self.manifest["metadata"]["name"])

    @property
    def ip(self) -> str:
        return str(self.manifest["status"]["podIP"])

    @property
    def title(self) -> str:
        """What its main server is called: the same after a restart or a rollout of its Deployment."""
        owners = self.manifest["metadata"].get("ownerReferences") or ()
        return next((str(o["name"]).rpartition("-")[0] for o in owners if o["kind"] == "ReplicaSet"), self.name)

    def containers(self, kind: str = "containers") -> list[tuple[Manifest, Program]]:
        """The containers that have a program here."""
        found = ((c, PROGRAMS.get(_image(c["image"]))) for c in self.manifest["spec"].get(kind) or ())
        return [(container, program) for container, program in found if program is not None]

    def address(self, program: Program) -> str:
        """Where the container of a program really listens: host:port."""
        return self.ports.address(f"{self.namespace}/{self.title}:{program.port}")

    def web(self) -> str:
        """Where the pod's main server listens, for its config reloader."""
        main = next(program for _, program in self.containers() if program.tool != RELOADER)
        return self.address(main)

    def forwards(self) -> dict[str, str]:
        """Pod IP and port of every container that runs -> where it really listens."""
        return {f"{self.ip}:{program.port}": self.address(program) for _, program in self.containers()}

    # --- volumes

    @property
    def home(self) -> Path:
        """The folder of everything that goes with the pod."""
        return self.place / "pods" / f"{self.namespace}_{self.name}"

    def folder(self, volume: Manifest) -> Path:
        """A claim outlives its pod; everything else goes with it."""
        claim = volume.get("persistentVolumeClaim")
        if claim:
            return self.place / "claims" / f"{self.namespace}_{claim['claimName']}"
        return self.home / str(volume["name"])

    def files(self, read: Read) -> dict[Path, Files]:
        """What every Secret and ConfigMap volume holds, by folder. Raises NotYet for a missing one."""
        return {
            self.folder(volume): files
            for volume in self.manifest["spec"].get("volumes") or ()
            if (files := _files(volume, self.namespace, read)) is not None
        }

    def mounts(self, container: Manifest) -> dict[str, Path]:
        volumes = {str(v["name"]): v for v in self.manifest["spec"].get("volumes") or ()}
        return {
            str(mount["mountPath"]): self.folder(volumes[mount["name"]]) / str(mount.get("subPath") or "")
            for mount in container.get("volumeMounts") or ()
        }

    def moved(self, container: Manifest) -> Callable[[str], str]:
        """A function that turns each path in the container that a text holds into the real one."""
        mounts = self.mounts(container)
        longest_first = sorted(mounts, key=len, reverse=True)
        if not longest_first:
            return lambda text: text
        pattern = re.compile(rf"(?<![\w./-])({'|'.join(map(re.escape, longest_first))})(?=[/\s\"',]|$)")
        return lambda text: pattern.sub(lambda match: str(mounts[match[1]]), text)

    # --- commands

    def command(self, container: Manifest, program: Program, tools: Mapping[str, Path], kubeconfig: Path) -> Command:
        env = {e["name"]: self._value(e) for e in container.get("env") or ()}
        moved = self.moved(container)
        flags = Flags([moved(_expanded(arg, env)) for arg in container.get("args") or ()])
        program.localise(flags, self)
        main = program.tool != RELOADER
        return Command(
            name=_server_name(self, program),
            argv=(str(tools[program.tool]), *flags.args),
            env={**env, "KUBECONFIG": str(kubeconfig)},
            url=f"http://{self.address(program)}" if main else "",
        )

    def _value(self, variable: Manifest) -> str:
        if "value" in variable:
            return str(variable["value"])
        path = (variable.get("valueFrom") or {}).get("fieldRef", {}).get("fieldPath", "")
        known = {"metadata.name": self.name, "metadata.namespace": self.namespace, "status.podIP": self.ip}
        return known.get(path, "")


def _server_name(pod: Pod, program: Program) -> str:
    """prometheus, prometheus-config-reloader …; further replicas with their ordinal."""
    main = next(p.tool for _, p in pod.containers() if p.tool != RELOADER)
    base = main if program.tool == main else f"{main}-config-reloader"
    ordinal = pod.name.rpartition("-")[2]
    return base if not ordinal.isdigit() or ordinal == "0" else f"{base}-{ordinal}"


def _image(reference: str) -> str:
    """Last part of an image's name: quay.io/prometheus/prometheus:v3 -> prometheus."""
    return reference.partition("@")[0].rpartition("/")[2].partition(":")[0]


def _expanded(arg: str, env: Mapping[str, str]) -> str:
    return re.sub(r"\$\((\w+)\)", lambda match: env.get(match[1], match[0]), arg)


def _files(volume: Manifest, namespace: str, read: Read) -> Files | None:
    """None for a volume that is just a folder."""
    if "secret" in volume:
        return _keys(read, "secrets", namespace, volume["secret"], "secretName")
    if "configMap" in volume:
        return _keys(read, "configmaps", namespace, volume["configMap"], "name")
    if "projected" not in volume:
        return None
    files: Files = {}
    for source in volume["projected"].get("sources") or ():
        for kind, resource in (("secret", "secrets"), ("configMap", "configmaps")):
            if kind in source:
                files |= _keys(read, resource, namespace, source[kind], "name")
    return files


def _keys(read: Read, resource: str, namespace: str, source: Manifest, naming: str) -> Files:
    name = str(source[naming])
    found = read(resource, namespace, name)
    if found is None:
        if source.get("optional"):
            return {}
        raise NotYet(f"{resource.removesuffix('s')} {namespace}/{name} is not there")
    encoded = found.get("data") or {}
    if resource == "secrets":
        content = {key: base64.b64decode(value) for key, value in encoded.items()}
    else:
        content = {key: str(value).encode() for key, value in encoded.items()}
        content |= {key: base64.b64decode(value) for key, value in (found.get("binaryData") or {}).items()}
    items = source.get("items")
    return content if not items else {str(i["path"]): content[i["key"]] for i in items if i["key"] in content}


# --- the images that run here


def _prometheus(flags: Flags, pod: Pod) -> None:
    flags.set("web.listen-address", pod.address(PROGRAMS["prometheus"]))


def _alertmanager(flags: Flags, pod: Pod) -> None:
    flags.set("web.listen-address", pod.address(PROGRAMS["alertmanager"]))
    flags.set("cluster.listen-address", "")
    flags.drop("cluster.peer")


def _operator(flags: Flags, pod: Pod) -> None:
    flags.set("web.listen-address", pod.address(PROGRAMS["prometheus-operator"]))


def _reloader(flags: Flags, pod: Pod) -> None:
    flags.set("listen-address", pod.address(PROGRAMS[RELOADER]))
    flags.set("reload-url", f"http://{pod.web()}/-/reload")
    flags.set("runtimeinfo-url", f"http://{pod.web()}/api/v1/status/runtimeinfo")


RELOADER = "prometheus-config-reloader"
PROGRAMS = {
    "prometheus": Program("prometheus", 9090, _prometheus),
    "alertmanager": Program("alertmanager", 9093, _alertmanager),
    "prometheus-operator": Program("prometheus-operator", 8080, _operator),
    RELOADER: Program(RELOADER, 8080, _reloader),
}
