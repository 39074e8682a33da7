"""Kubernetes YAML as text: splitting what helm prints, naming each object cheaply, and writing our own.

Helm prints megabytes (the operator's CRDs: 4.5 MB) and PyYAML parses about 1 MB/s, so a document is parsed only
where its content is needed; its identity is read from the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import yaml

MASK = "[secret]"
_SEPARATOR = re.compile(r"\n---(?:[ \t].*)?(?=\n)")
_CONTENT = re.compile(r"^[ \t]*[^#\s]", re.MULTILINE)
_PLAIN = r"[ \t]+[\"']?([A-Za-z0-9./:_-]+)[\"']?[ \t]*(?:#.*)?$"
_API_VERSION = re.compile("^apiVersion:" + _PLAIN, re.MULTILINE)
_KIND = re.compile("^kind:" + _PLAIN, re.MULTILINE)
_METADATA = re.compile(r"^metadata:[ \t]*\n((?:[ \t]+\S.*\n|[ \t]*\n)*)", re.MULTILINE)
# What kubectl takes for a number or a truth value and PyYAML would leave unquoted: 1e3, 12e45, 0o17, n.
_NO_TEXT_ELSEWHERE = re.compile(r"[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?|0o[0-7]+|[yYnN]")


# What Kubernetes 1.36 serves without a namespace, of what charts bring (`kubectl api-resources --namespaced=false`).
OF_CLUSTER = frozenset(
    {
        "APIService",
        "CSIDriver",
        "ClusterRole",
        "ClusterRoleBinding",
        "CustomResourceDefinition",
        "FlowSchema",
        "IngressClass",
        "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding",
        "MutatingWebhookConfiguration",
        "Namespace",
        "Node",
        "PersistentVolume",
        "PriorityClass",
        "PriorityLevelConfiguration",
        "RuntimeClass",
        "StorageClass",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration",
        "VolumeAttributesClass",
    }
)


class _Loader(yaml.CSafeLoader):
    """Reads as Kubernetes does: a bare ``=`` and a date are text."""


def _as_written(loader: yaml.CSafeLoader, node: yaml.ScalarNode) -> Any:
    return loader.construct_scalar(node)


_Loader.add_constructor("tag:yaml.org,2002:value", _as_written)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _as_written)


class _Dumper(yaml.CSafeDumper):
    def ignore_aliases(self, _data: Any) -> bool:  # an anchor says nothing to a reader
        return True


class _SlowDumper(yaml.SafeDumper):
    """For texts with emoji: libyaml takes them for unprintable and gives up on blocks. Ten times slower."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def _text(dumper: yaml.CSafeDumper | yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value else '"' if _NO_TEXT_ELSEWHERE.fullmatch(value) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)
_SlowDumper.add_representer(str, _text)


@dataclass(frozen=True, slots=True)
class Document:
    """One object of a chart: who it is, and its YAML. ``namespace`` is empty where the text states none."""

    api_version: str
    kind: str
    namespace: str
    name: str
    text: str

    def within(self, namespace: str) -> Document:
        """The same, landing where helm and the provider put what states no namespace: in that of the release."""
        if self.namespace or self.kind in OF_CLUSTER:
            return self
        if block := _METADATA.search(self.text):
            at = block.start(1)
            indent = block[1][: len(block[1]) - len(block[1].lstrip(" "))]
            text = f"{self.text[:at]}{indent}namespace: {namespace}\n{self.text[at:]}"
        else:
            manifest = load(self.text)
            text = dump({**manifest, "metadata": {**manifest["metadata"], "namespace": namespace}})
        return replace(self, namespace=namespace, text=text)


def dump(value: Any) -> str:
    """YAML with sorted keys and texts of several lines as blocks; the same value gives the same bytes."""
    dumped: str = yaml.dump(value, Dumper=_Dumper, sort_keys=True, width=4096, allow_unicode=True)
    # Unicode's own line breaks stay escaped: the slow one would write them bare, and they read back as spaces.
    if "\\U000" in dumped and not any(escape in dumped for escape in ("\\N", "\\L", "\\P")):
        dumped = yaml.dump(value, Dumper=_SlowDumper, sort_keys=True, width=4096, allow_unicode=True)
    return dumped


def load(text: str) -> Any:
    return yaml.load(text, Loader=_Loader)


def documents(printed: str) -> list[Document]:
    """The objects in what helm printed, in its order. Raises ValueError for a document that is no object."""
    return [_identified(text) for text in _split(printed)]


def settled(printed: str) -> str:
    """What helm printed, with the data of Secrets masked and Lists taken apart, as provider and reader see it.

    A chart may put its defaults or random values into Secrets; neither belongs in a file.
    """
    return "".join(f"---\n{text}" for whole in _split(printed) for text in _settled(whole))


def _split(printed: str) -> Iterator[str]:
    for text in _SEPARATOR.split(f"\n{printed}\n"):
        if _CONTENT.search(text):
            yield text.strip("\n") + "\n"


def _settled(text: str) -> Iterator[str]:
    kind = _KIND.search(text)
    if kind is not None and kind[1] != "Secret" and not kind[1].endswith("List"):
        yield text
        return
    comment = "".join(line + "\n" for line in text.splitlines() if line.startswith("# Source:"))
    manifest = load(text)
    listed = isinstance(manifest, dict) and str(manifest.get("kind", "")).endswith("List") and "items" in manifest
    yield from (comment + dump(masked(item)) for item in ((manifest["items"] or ()) if listed else (manifest,)))


def masked(manifest: Any) -> Any:
    """A manifest with every value of a Secret's data replaced; others unchanged."""
    if not isinstance(manifest, Mapping) or manifest.get("kind") != "Secret":
        return manifest
    given = {k: manifest[k] for k in ("data", "stringData") if manifest.get(k)}
    return {**manifest, **{k: dict.fromkeys(v, MASK) if isinstance(v, Mapping) else MASK for k, v in given.items()}}


def _identified(text: str) -> Document:
    api_version, kind, metadata = _API_VERSION.search(text), _KIND.search(text), _METADATA.search(text)
    if api_version and kind and metadata and (found := _named(metadata[1])):
        return Document(api_version[1], kind[1], *found, text)
    manifest = load(text)
    try:
        inner = manifest["metadata"]
        return Document(manifest["apiVersion"], manifest["kind"], inner.get("namespace") or "", inner["name"], text)
    except (TypeError, KeyError, AttributeError):
        raise ValueError(f"not a Kubernetes object with apiVersion, kind and name: {text[:200]!r}") from None


def _named(block: str) -> tuple[str, str] | None:
    """(namespace, name) from the lines below ``metadata:``; None where only a parser can tell."""
    indent = block[: len(block) - len(block.lstrip(" "))]
    name = re.search(f"^{indent}name:{_PLAIN}", block, re.MULTILINE)
    namespace = re.search(f"^{indent}namespace:{_PLAIN}", block, re.MULTILINE)
    if name is None or (namespace is None and re.search(f"^{indent}namespace:", block, re.MULTILINE)):
        return None
    return (namespace[1] if namespace else ""), name[1]
