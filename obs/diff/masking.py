"""No secret in a snapshot, wherever its objects come from: our render masks its own, others may not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from obs.documents import MASK
from obs.protobuf import UNKNOWN as NOT_KNOWN

UNKNOWN = str(NOT_KNOWN)
_READABLE = ("alertmanager.yaml", "objstore.yml", "objstore.yaml")
"""Keys of Secrets that hold configuration; what authenticates in it is masked line by line."""
_SECRET_LINE = re.compile(
    r"^(\s*(?:- )?\w*(?:password|secret|token|credentials?|_key|api_url|\burl)\w*:)[ \t]*\S.*$", re.MULTILINE
)
_BY_FILE = re.compile(r"\w*_file:")
# What the engine writes of values that JSON has none for (pulumi/pulumi sdk/go/common/resource/sig/sig.go): a mapping
# with this key, which says of what kind it is, and the place of what only a deployment makes known.
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_REFERENCE = "5cf8f73096256a8f31e491e813e4eb8e"
_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def masked(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """A manifest without secrets: values of a Secret's data, and whatever a state marks as secret."""
    opened: dict[str, Any] = unsigned(manifest)
    if opened.get("kind") != "Secret":
        return opened
    for field in ("data", "stringData"):
        given = opened.get(field)
        if given:
            opened[field] = {k: _value(k, v) for k, v in given.items()} if isinstance(given, Mapping) else MASK
    return opened


def unsigned(value: Any) -> Any:
    """``value`` in words where the engine writes a sign, at any depth: the mask for a secret, and for a file."""
    if isinstance(value, Mapping):
        if _SIGNATURE in value:
            return value.get("urn", MASK) if value[_SIGNATURE] == _REFERENCE else MASK
        return {str(key): unsigned(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [unsigned(item) for item in value]
    return UNKNOWN if value == _UNKNOWN else value


def _value(key: str, value: Any) -> Any:
    if key not in _READABLE or not isinstance(value, str) or "\n" not in value:
        return MASK
    return _SECRET_LINE.sub(_line, value)


def _line(found: re.Match[str]) -> str:
    return found[0] if _BY_FILE.search(found[1]) else f"{found[1]} {MASK}"
