"""image/unlocked, image/registry, image/floating: what runs is what was looked at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

from obs.check.finding import Finding
from obs.image_lock import IMAGE_LOCK, Locked, key_of
from obs.images import Image, parsed


def check_images(
    used: Mapping[str, Iterable[str]], lock: Iterable[Locked], registry: str, where: str
) -> Iterator[Finding]:
    """Findings on the images of one stack (reference -> users), also those that only arguments name.

    With a ``registry`` (host, or host/path) every image must come from there; what it is a mirror of is compared
    with the lock without registries. ``where`` is the file to point at.
    """
    entries = list(lock)
    known = {key_of(one.image, registry): one for one in entries}
    for reference, users in used.items():
        image = parsed(reference)
        subject = f"image {reference} of {', '.join(users)}"
        if registry and not str(image).startswith(f"{registry}/"):
            message = f"does not come from {registry}, where imageRegistry says that every image comes from"
            yield Finding("image/registry", subject, where, message)
            continue
        if image.floating:
            message = "has no fixed version: another image may run tomorrow"
            yield Finding("image/floating", subject, where, message)
        entry = known.get(key_of(image, registry))
        if entry is None:
            # Of the same program only: names of two images are often alike, and one is no cure for the other.
            same = [key for key, one in known.items() if one.image.path.endswith(_program(image))]
            near = next(iter(get_close_matches(key_of(image, registry), same, n=1, cutoff=0.0)), None)
            message = f"is not in {IMAGE_LOCK}; look at what it is, then run `obs images lock`"
            yield Finding("image/unlocked", subject, where, message, suggestion=near)
        elif image.digest and entry.digest and image.digest != entry.digest:
            message = f"has digest {image.digest}, and {IMAGE_LOCK} records {entry.digest}"
            yield Finding("image/unlocked", subject, where, message)


def _program(image: Image) -> str:
    """What an image is called, wherever it is: the path's last part, with the slash before it."""
    return f"/{image.path.rpartition('/')[2]}"
