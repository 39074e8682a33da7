"""What is in the data and delete files of a table: counted from its manifests, each of which is read once.

Manifests never change. What was counted in one is kept until the current snapshot has it no more, so that a scan reads
what commits have added, and a table too large for one scan is counted over several.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

from pyiceberg.io import FileIO
from pyiceberg.manifest import DataFileContent, ManifestFile

from scanning import Deadline


@dataclass(frozen=True)
class Content:
    """Files that are there, their bytes (of data files) and records."""

    small: int = 0
    regular: int = 0
    size: int = 0
    records: int = 0
    position_deletes: int = 0
    equality_deletes: int = 0

    def __add__(self, other: Content) -> Content:
        return Content(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))


class ContentCounter:
    """Counts one table; ``small`` is the size in bytes below which a file is small."""

    def __init__(self, small: int) -> None:
        self._small = small
        self._known: dict[str, Content] = {}

    def count(self, manifests: Iterable[ManifestFile], io: FileIO, deadline: Deadline) -> Content:
        """Raises Failure when the time is over; what was counted until then is kept."""
        wanted = {manifest.manifest_path: manifest for manifest in manifests}
        self._known = {path: content for path, content in self._known.items() if path in wanted}
        missing = [manifest for path, manifest in wanted.items() if path not in self._known]
        for done, manifest in enumerate(missing, 1):
            self._known[manifest.manifest_path] = self._of(manifest, io)
            if done < len(missing):  # after one at least: each scan gets further
                deadline.check()
        return sum(self._known.values(), Content())

    def _of(self, manifest: ManifestFile, io: FileIO) -> Content:
        small = regular = size = records = position = equality = 0
        for entry in manifest.fetch_manifest_entry(io):
            file = entry.data_file
            if file.content == DataFileContent.POSITION_DELETES:
                position += 1
            elif file.content == DataFileContent.EQUALITY_DELETES:
                equality += 1
            else:
                size += file.file_size_in_bytes
                records += file.record_count
                small, regular = (small + 1, regular) if file.file_size_in_bytes < self._small else (small, regular + 1)
        return Content(small, regular, size, records, position, equality)
