"""Values as they travel between a program and the engine, with secrets and unknowns kept in place."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any, NoReturn

from pulumi.runtime import rpc

_SIGNATURE = rpc._special_sig_key
_SECRET = rpc._special_secret_sig
# Files, archives and resources given as inputs: they stay mappings, without the signature.
_PLAIN = {rpc._special_asset_sig, rpc._special_archive_sig, rpc._special_resource_sig}
# Fields of a request that are no option of the resource, or that only negotiate between SDK and engine.
_NOT_OPTIONS = frozenset(
    {
        "type",
        "name",
        "parent",
        "custom",
        "remote",
        "object",
        "properties",
        "provider",
        "providers",
        "dependencies",
        "propertyDependencies",
        "aliases",
        "aliasURNs",
        "aliasSpecs",
        "acceptSecrets",
        "acceptResources",
        "accepts_byte_string",
        "supportsPartialValues",
        "supportsResultReporting",
        "deleteBeforeReplaceDefined",
        "sourcePosition",
        "stackTrace",
    }
)


class Secret:
    """A value that must never be written. It prints as ``[secret]`` and refuses to be serialised."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __repr__(self) -> str:
        return "[secret]"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and bool(self.value == other.value)

    __hash__ = None  # type: ignore[assignment]  # its value may be a mapping

    def __deepcopy__(self, memo: dict[int, Any]) -> Secret:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a secret is not serialised; write redacted(value)")


class Unknown:
    """A value that only a deployment can know, such as the id of a new resource."""

    def __repr__(self) -> str:
        return "[unknown]"

    def __deepcopy__(self, memo: dict[int, Any]) -> Unknown:
        return self


UNKNOWN = Unknown()


def redacted(value: Any) -> Any:
    """``value`` for people and files: ``[secret]`` and ``[unknown]`` wherever one stands, at any depth."""
    if isinstance(value, Secret | Unknown):
        return repr(value)
    if isinstance(value, Mapping):
        return {key: redacted(item) for key, item in value.items()}
    return [redacted(item) for item in value] if isinstance(value, list | tuple) else value


def sealed(value: Any) -> Any:
    """``value`` with every leaf made a secret in place of the whole, so that its keys can be shown."""
    if isinstance(value, Secret):
        return sealed(value.value)
    if isinstance(value, Mapping):
        return {key: sealed(item) for key, item in value.items()}
    return [sealed(item) for item in value] if isinstance(value, list) else Secret(value)


def holds_secret(value: Any) -> bool:
    """Whether a secret stands anywhere in ``value``."""
    if isinstance(value, Mapping | list):
        return any(map(holds_secret, value.values() if isinstance(value, Mapping) else value))
    return isinstance(value, Secret)


def secret_texts(value: Any, *, inside: bool = False) -> set[str]:
    """Every string that stands in a secret of ``value`` (``inside``: ``value`` itself is secret)."""
    if isinstance(value, Secret):
        return secret_texts(value.value, inside=True)
    if isinstance(value, Mapping | list):
        items = value.values() if isinstance(value, Mapping) else value
        return {text for item in items for text in secret_texts(item, inside=inside)}
    return {value} if inside and isinstance(value, str) else set()


def decode(value: Any) -> Any:
    """A protobuf Value as Python: None, bool, int, float, str, list, dict, :class:`Secret` or UNKNOWN.

    The wire knows only doubles; a whole number becomes an int again. Raises ValueError for a signature
    of another release of the SDK.
    """
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        text = value.string_value
        return UNKNOWN if text == rpc.UNKNOWN else text
    if kind == "struct_value":
        return decode_struct(value.struct_value)
    if kind == "list_value":
        return [decode(item) for item in value.list_value.values]
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    return value.bool_value if kind == "bool_value" else None


def decode_struct(struct: Any) -> Any:
    """A protobuf Struct as a dict, its keys sorted (the wire has no order), or what its signature says."""
    fields = struct.fields
    if _SIGNATURE not in fields:
        return {key: decode(fields[key]) for key in sorted(fields)}
    signature = fields[_SIGNATURE].string_value
    if signature == _SECRET:
        return Secret(decode(fields["value"]))
    if signature in _PLAIN:
        return {key: decode(fields[key]) for key in sorted(fields) if key != _SIGNATURE}
    raise ValueError(f"a value has the signature {signature}, which this release of the recorder does not know")


def encode(value: Any) -> Any:
    """The reverse of :func:`decode`, as plain data that a protobuf Struct takes."""
    if isinstance(value, Secret):
        return {_SIGNATURE: _SECRET, "value": encode(value.value)}
    if isinstance(value, Unknown):
        return rpc.UNKNOWN
    if isinstance(value, Mapping):
        return {key: encode(item) for key, item in value.items()}
    return [encode(item) for item in value] if isinstance(value, list | tuple) else value


def options_of(request: Any) -> dict[str, Any]:
    """The options that a request to register or read a resource sets, under the names of the protocol.

    A flag that is explicitly false is set. The id of a resource that is read is ``readId``.
    """
    options = _set_fields(request, skip=_NOT_OPTIONS)
    if "id" in options:
        options["readId"] = options.pop("id")
    if getattr(request, "deleteBeforeReplaceDefined", False):
        options["deleteBeforeReplace"] = request.deleteBeforeReplace
    # The SDK sends a message for hooks even where there are none.
    return {name: value for name, value in options.items() if value != {}}


def alias_of(alias: Any) -> str | dict[str, Any]:
    """An alias: a whole URN, or the parts (``name``, ``type``, ``parentUrn``, ``noParent`` ...) that differ."""
    if alias.WhichOneof("alias") == "urn":
        return str(alias.urn)
    return {part: value for part, value in _set_fields(alias.spec).items() if value != ""}


def _set_fields(message: Any, skip: Container[str] = ()) -> dict[str, Any]:
    return {field.name: _plain(value) for field, value in message.ListFields() if field.name not in skip}


def _plain(value: Any) -> Any:
    if isinstance(value, bool | int | str):
        return value
    if not hasattr(value, "DESCRIPTOR"):
        return dict(value) if hasattr(value, "items") else list(value)
    return decode(value) if value.DESCRIPTOR.full_name == "google.protobuf.Value" else _set_fields(value)
