"""images.lock: every image that a stack may run, with its digest where it is known, and who uses it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from obs import atomic
from obs.errors import ObsError
from obs.images import Image, parsed

IMAGE_LOCK = "images.lock"
_HEAD = "# Every image of all stacks and variants. Written by: obs images lock (--digests asks the registries)\n"
_FORM = "a list under `images`, each with image, used_by and maybe digest (sha256: and 64 hexadecimal characters)"
_DIGEST = re.compile("sha256:[0-9a-f]{64}")


class ImageLockError(ObsError):
    """images.lock cannot be read."""


@dataclass(frozen=True)
class Locked:
    """One image of the lock; ``digest`` is None where no registry has been asked yet."""

    image: Image
    digest: str | None
    used_by: tuple[str, ...] = ()


def read(file: Path) -> tuple[Locked, ...]:
    """The images of a lock file; none where there is no file. Raises ImageLockError for a bad one."""
    if not file.is_file():
        return ()
    try:
        entries = yaml.safe_load(file.read_bytes())["images"]
        found = tuple(_locked(entry) for entry in entries)
    except (yaml.YAMLError, TypeError, KeyError, AttributeError, ValueError):
        raise ImageLockError(f"{file}: must be {_FORM}; write it anew with: obs images lock") from None
    return found


def _locked(entry: Mapping[str, object]) -> Locked:
    digest = entry.get("digest")
    if digest is not None and not _DIGEST.fullmatch(str(digest)):
        raise ValueError(digest)
    used_by = entry["used_by"]
    if not isinstance(used_by, list):
        raise TypeError(used_by)
    return Locked(parsed(str(entry["image"])), str(digest) if digest is not None else None, tuple(map(str, used_by)))


def key_of(image: Image, registry: str = "") -> str:
    """The name under which images are compared: where one registry stands for all, without any registry."""
    if not registry:
        return str(image)
    _, _, path = registry.partition("/")
    # A mirror has docker.io's own images with or without the folder that is not written there.
    return image.bare.removeprefix(f"{path}/" if path else "").removeprefix("library/")


def listed(used: Mapping[str, Iterable[str]], lock: Iterable[Locked], registry: str) -> list[dict[str, Any]]:
    """The images of one stack as plain data: name, digest (None where nobody knows it), locked, used_by."""
    known = {key_of(one.image, registry): one for one in lock}
    rows = []
    for reference, by in used.items():
        image = parsed(reference)
        entry = known.get(key_of(image, registry))
        digest = image.digest or (entry.digest if entry else None)
        rows.append({"name": reference, "digest": digest, "locked": entry is not None, "used_by": list(by)})
    return rows


def users_of(stacks: Iterable[tuple[Mapping[str, Iterable[str]], str]]) -> dict[Image, tuple[str, ...]]:
    """Image -> who uses it, over all stacks, each with its images (reference -> users) and registry override.

    What a stack takes from a mirror is the image of that name which another stack takes from its source.
    """
    users: dict[Image, set[str]] = {}
    for used, registry in sorted(stacks, key=lambda stack: bool(stack[1])):
        sources = {key_of(image, registry): image for image in users} if registry else {}
        for reference, by in used.items():
            image = parsed(reference)
            users.setdefault(sources.get(key_of(image, registry), image), set()).update(by)
    return {image: tuple(sorted(users[image])) for image in sorted(users)}


def locked(
    users: Mapping[Image, tuple[str, ...]],
    before: Iterable[Locked],
    digest: Callable[[Image], str | None] = lambda _: None,
) -> tuple[Locked, ...]:
    """The lock for what stacks use. A digest that is stated in the reference or known ``before`` is kept, for
    others ``digest`` is asked."""
    known = {str(one.image): one.digest for one in before}
    return tuple(
        Locked(image, image.digest or known.get(str(image)) or digest(image), by) for image, by in users.items()
    )


def write(file: Path, lock: Iterable[Locked]) -> None:
    """Write the file whole, sorted; the same lock gives the same bytes."""
    entries = [
        {"image": str(one.image), **({"digest": one.digest} if one.digest else {}), "used_by": list(one.used_by)}
        for one in sorted(lock, key=lambda one: one.image)
    ]
    atomic.write(file, (_HEAD + yaml.dump({"images": entries}, sort_keys=False)).encode())
