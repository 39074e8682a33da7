"""One pod whose containers really run: what the API server says of it, its volumes as folders, its ports."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from obs.local.ports import Ports

Manifest = Mapping[str, Any]
Files = dict[str, bytes]
Read = Callable[[str, str, str], Manifest | None]
"""(resource, namespace, name) -> the object, None where it is not there."""


class NotYet(Exception):
    """Something that the pod mounts is not there; a kubelet would wait for it, too."""


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
    def created(self) -> str:
        return str(self.manifest["metadata"].get("creationTimestamp", ""))

    @property
    def title(self) -> str:
        """What it is called after a restart or a rollout of its Deployment, too."""
        owners = self.manifest["metadata"].get("ownerReferences") or ()
        return next((str(o["name"]).rpartition("-")[0] for o in owners if o["kind"] == "ReplicaSet"), self.name)

    @property
    def of_operator(self) -> bool:
        labels = self.manifest["metadata"].get("labels") or {}
        return labels.get("app.kubernetes.io/managed-by") == "prometheus-operator"

    @property
    def account(self) -> str:
        """The service account whose token it mounts; empty for none."""
        spec = self.manifest["spec"]
        projected = (volume.get("projected") or {} for volume in spec.get("volumes") or ())
        sources = (source for one in projected for source in one.get("sources") or ())
        return str(spec["serviceAccountName"]) if any("serviceAccountToken" in source for source in sources) else ""

    def containers(self, kind: str = "containers") -> list[Manifest]:
        return list(self.manifest["spec"].get(kind) or ())

    def address(self, port: int) -> str:
        """Where what listens on a port of the pod really listens: host:port."""
        return self.ports.address(f"{self.namespace}/{self.title}:{port}")

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

    def spread(self, container: Manifest, pattern: str) -> list[str]:
        """A pattern whose wildcards choose among mounts (/etc/rules/*/*.yaml), once for each; none for other texts."""
        parts = pattern.split("/")
        mounts = ((mount.split("/"), real) for mount, real in sorted(self.mounts(container).items()))
        return [
            "/".join((str(real), *parts[len(mount) :]))
            for mount, real in mounts
            if len(mount) < len(parts) and mount != parts[: len(mount)] and all(map(fnmatchcase, mount, parts))
        ]

    # --- environment

    def environment(self, container: Manifest, read: Read) -> dict[str, str]:
        """The container's variables. Raises NotYet for a Secret or ConfigMap that is not there."""
        known = ((str(variable["name"]), self._value(variable, read)) for variable in container.get("env") or ())
        return {name: value for name, value in known if value is not None}

    def _value(self, variable: Manifest, read: Read) -> str | None:
        """None for what only a kubelet knows, such as a limit of the container."""
        if "value" in variable:
            return str(variable["value"])
        source = variable.get("valueFrom") or {}
        for kind, resource in (("secretKeyRef", "secrets"), ("configMapKeyRef", "configmaps")):
            if kind in source:
                return self._of_key(resource, source[kind], read)
        metadata, spec, status = self.manifest["metadata"], self.manifest["spec"], self.manifest["status"]
        known = {
            "metadata.name": self.name,
            "metadata.namespace": self.namespace,
            "metadata.uid": metadata["uid"],
            "spec.nodeName": spec.get("nodeName", ""),
            "spec.serviceAccountName": spec.get("serviceAccountName", ""),
            "status.podIP": self.ip,
            "status.hostIP": status.get("hostIP", ""),
        }
        value = known.get((source.get("fieldRef") or {}).get("fieldPath", ""))
        return None if value is None else str(value)

    def _of_key(self, resource: str, source: Manifest, read: Read) -> str | None:
        found = _keys(read, resource, self.namespace, source, "name").get(source["key"])
        if found is None and not source.get("optional"):
            where = f"{resource.removesuffix('s')} {self.namespace}/{source['name']}"
            raise NotYet(f"{where} has no key {source['key']}")
        return None if found is None else found.decode()


def image_name(reference: str) -> str:
    """Last part of an image's name: quay.io/prometheus/prometheus:v3 -> prometheus."""
    return reference.partition("@")[0].rpartition("/")[2].partition(":")[0]


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
