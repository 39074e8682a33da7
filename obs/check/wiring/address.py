"""Addresses of Services in texts: URLs, host:port, SRV look-ups, names of the form service.namespace.svc."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_HOST = rf"{_LABEL}(?:\.{_LABEL})*"
_FOUND = re.compile(
    rf"(?<![\w./@-])(?:"
    rf"_(?P<named>{_LABEL})\._(?P<protocol>tcp|udp)\.(?P<srv>{_HOST})"
    rf"|(?P<scheme>[a-z][a-z0-9+]*)://(?:[^\s/@:]*:[^\s/@]*@)?(?P<url>{_HOST})(?::(?P<port>\d+))?"
    rf"|(?P<host>{_HOST}):(?P<number>\d{{2,5}})(?!\w|:|\.\d)"
    rf"|(?P<plain>{_LABEL}(?:\.{_LABEL}){{1,2}}\.svc(?:\.{_HOST})?)"
    rf")\.?(?![\w-])"
)
_COMMENT = re.compile(r"^[ \t]*(?:#|//|;).*$", re.MULTILINE)
# Schemes whose first part is no host: buckets, files, registries.
_NO_HOST = {"s3", "gs", "file", "unix", "oci", "azblob", "inmemory"}
_BY_SCHEME = {"http": 80, "https": 443}
_LINK = re.compile(r"external[-_]?(url|prefix)|root_url|alert[-_.]?query[-_]?url", re.IGNORECASE)
_OF_MACHINE = re.compile(r"localhost|\d+(?:\.\d+)*")


@dataclass(frozen=True)
class Address:
    """What a text says of a Service. ``text`` is as written; ``pod`` the name of one pod before the Service's,
    ``port`` a number, the name of a port (of an SRV record or a field) or None where none is given.

    ``stated`` is false for a name without namespace that only may be an address (``name:8080``). A ``link`` is for
    people to follow; nobody in the cluster calls it.
    """

    text: str
    service: str
    namespace: str
    port: int | str | None = None
    protocol: str = "TCP"
    pod: str = ""
    stated: bool = True
    link: bool = False


def addresses(text: str, home: str, own: Collection[str], *, whole: bool = False) -> Iterator[Address]:
    """The addresses in a text that an object in namespace ``home`` holds.

    ``name.namespace`` counts only where the namespace is one of the stack's ``own``: it may as well be a name
    of the world's. ``whole`` says that the text is one value, so that name:8080 in it must be an address.
    """
    # gRPC's resolver writes dns:///host:port, Thanos' dns+host:port.
    text = _COMMENT.sub("", text).replace("dns:///", "dns+")
    value = text.rpartition("=")[2].removeprefix("dns+") if whole else ""
    for found in _FOUND.finditer(text):
        host = found["srv"] or found["url"] or found["host"] or found["plain"]
        if _OF_MACHINE.fullmatch(host) or found["scheme"] in _NO_HOST:
            continue
        where = _located(host, home, own)
        if where is None:
            continue
        pod, service, namespace = where
        bare = "." not in host
        yield Address(
            text=found[0],
            service=service,
            namespace=namespace,
            port=found["named"] or _number(found) or _BY_SCHEME.get(found["scheme"] or ""),
            protocol=(found["protocol"] or "tcp").upper(),
            pod=pod,
            stated=not bare or found["host"] is None or found[0] == value,
            link=is_link(text[text.rfind("\n", 0, found.start()) + 1 : found.start()]),
        )


def is_link(name: str) -> bool:
    """Whether a field or flag of that name holds an address for people."""
    return _LINK.search(name) is not None


def _located(host: str, home: str, own: Collection[str]) -> tuple[str, str, str] | None:
    """(pod, service, namespace) of a host; None for one outside of the cluster, or that may be."""
    labels = host.split(".")
    if "svc" in labels[2:]:
        end = labels.index("svc", 2)
    elif len(labels) > 1 and labels[-1] in own:
        end = len(labels)
    elif len(labels) == 1:
        return "", host, home
    else:
        return None
    *pods, service, namespace = labels[:end]
    return (pods[0] if pods else "", service, namespace) if len(pods) < 2 else None


def _number(found: re.Match[str]) -> int | None:
    digits = found["port"] or found["number"]
    return int(digits) if digits else None
