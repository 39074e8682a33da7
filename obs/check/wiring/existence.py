"""wiring/reference and wiring/key: every Secret and ConfigMap that is referred to is there, with the key."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches

from obs.check.finding import Finding
from obs.check.rendered import Item, Rendered, dig
from obs.check.wiring.references import Reference
from obs.check.wiring.stack import Stack

_Key = tuple[str, str, str]
"""(kind, namespace, name)"""
# Every namespace has it: the controller manager writes the cluster's certificate into it.
_ALWAYS = "kube-root-ca.crt"
# cert-manager, for a Certificate.
_OF_CERTIFICATE = ("tls.crt", "tls.key", "ca.crt")


def check_references(stack: Stack) -> Iterator[Finding]:
    made = _made(stack.rendered) | {
        ("Secret", stack.namespace, name): keys for name, keys in stack.external_secrets.items()
    }
    missing: set[tuple[str, _Key]] = set()
    for reference in stack.references:
        item = reference.item
        if item.namespace not in stack.own or reference.optional or reference.name == _ALWAYS:
            continue
        wanted = (reference.kind, item.namespace, reference.name)
        if wanted not in made:
            # A workload often names every key of one Secret; that it is missing is said once.
            if (item.subject, wanted) not in missing:
                missing.add((item.subject, wanted))
                yield _missing(reference, made)
        elif (keys := made[wanted]) is not None and reference.key is not None and reference.key not in keys:
            yield _no_key(reference, keys)


def _made(rendered: Rendered) -> dict[_Key, Collection[str] | None]:
    """What is rendered, with its keys; None where these are known only after deployment."""
    found: dict[_Key, Collection[str] | None] = {
        (item.kind, item.namespace, item.name): _keys(item) for item in rendered.of("Secret", "ConfigMap")
    }
    for item in rendered.of("Certificate"):
        found["Secret", item.namespace, str(dig(item.spec, "secretName"))] = _OF_CERTIFICATE
    return found


def _keys(item: Item) -> Collection[str] | None:
    keys: set[str] = set()
    for field in ("data", "stringData", "binaryData"):
        value = item.manifest.get(field)
        if value is not None and not isinstance(value, Mapping):
            return None
        keys |= set(value or ())
    return keys


def _missing(reference: Reference, made: Mapping[_Key, Collection[str] | None]) -> Finding:
    kind, namespace = reference.kind, reference.item.namespace
    names = sorted(name for k, n, name in made if (k, n) == (kind, namespace))
    message = f"{reference.place} needs {kind} {namespace}/{reference.name}, which neither program nor chart makes"
    if kind == "Secret":
        message += "; if it is there already, name it where the settings have a key for it (existingSecret, tlsSecret)"
    near = next(iter(get_close_matches(reference.name, names, n=1)), None)
    return reference.item.finding("wiring/reference", message, suggestion=near)


def _no_key(reference: Reference, keys: Collection[str]) -> Finding:
    key = str(reference.key)
    object_ = f"{reference.kind} {reference.item.namespace}/{reference.name}"
    message = f"{reference.place} needs key {key} of {object_}, which has: {', '.join(sorted(keys)) or 'no key'}"
    return reference.item.finding("wiring/key", message, suggestion=next(iter(get_close_matches(key, keys, n=1)), None))
