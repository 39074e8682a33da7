"""What would dial another machine, or be dialled from one: found in flags, variables and configurations.

Knows nothing of how these were turned to this machine: it is the check of that.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

_URL = re.compile(r"\b[a-z][a-z0-9+.-]*://[^/\s\"',]+")
_HOST_AND_PORT = re.compile(r"(?:dns\w*\+)?(?P<host>\[[0-9A-Fa-f:]*\]|[A-Za-z0-9_.-]*):\d{1,5}(?:/\S*)?")
_ADDRESS = "addr|address|addresses|endpoint|endpoints|host|hosts|hostname|hostnames|join|members|peer|targets|urls?"
_KEY = re.compile(rf"(?:.*[._-])?(?:{_ADDRESS}|server|smarthost)")
_LINKS = re.compile(r"(?:.*\.)?external-url|alert\.query-url")


def flags(args: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Each flag, (name, value), whose value is or holds an address that is not on this machine."""
    for name, value in args:
        if not is_link(name) and (host := _foreign(name, value)) is not None:
            yield f"--{name} is {host}"


def is_link(flag: str) -> bool:
    """Whether the address in a flag is only written into links and notifications."""
    return _LINKS.fullmatch(flag) is not None


def variables(environment: Mapping[str, str]) -> Iterator[str]:
    """Each variable; its value may be a secret and is not repeated."""
    for name, value in environment.items():
        if _foreign("", value) is not None:
            yield f"the variable {name} holds an address that is not on this machine"


def configuration(value: Any, where: str, key: str = "") -> Iterator[str]:
    """Each place in a configuration: by how a text looks, and by what its key says that it is."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from configuration(inner, f"{where}, {name}", str(name))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from configuration(inner, where, key)
    elif isinstance(value, str) and (host := _foreign(key, value)) is not None:
        yield f"{where} is {host}"


def is_loopback(address: str) -> bool:
    """Whether the host of an address, with or without scheme and port, is this machine."""
    host = urlsplit(address if "//" in address else f"//{address}").hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def shown(address: str) -> str:
    """The host alone: the rest of an address may be a secret."""
    parts = urlsplit(address if "//" in address else f"//{address}")
    return parts.hostname or "not an address of one machine"


def _foreign(key: str, value: str) -> str | None:
    """What of a value is not on this machine, as it may be shown."""
    is_address = _KEY.fullmatch(key) is not None and value not in ("true", "false")
    for part in filter(None, value.split(",")):
        urls = _URL.findall(part)
        match = _HOST_AND_PORT.fullmatch(part)
        found = urls or ([part] if is_address or (match and _is_host(match["host"])) else [])
        for address in found:
            if not is_loopback(address):
                return shown(address)
    return None


def _is_host(text: str) -> bool:
    """A time of day (12:30) has no host; ":9090" has all of them."""
    return not text.isdigit()
