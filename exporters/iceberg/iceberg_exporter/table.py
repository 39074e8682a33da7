"""One table: its metadata, snapshots and content, as samples."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence

from pyiceberg.manifest import ManifestContent, ManifestFile
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Operation, Snapshot

from iceberg_exporter.content import Content, ContentCounter
from iceberg_exporter.settings import IcebergSettings
from scanning import Deadline, Sample

_REMOVING = (Operation.DELETE, Operation.OVERWRITE, Operation.REPLACE)


class TableReader:
    """Reads one table again and again; what cannot have changed is not read twice."""

    def __init__(self, database: str, name: str, settings: IcebergSettings) -> None:
        self._labels, self._settings = (database, name), settings
        self._content = ContentCounter(settings.small_file_bytes)
        self._seen = ""
        self._stored: Sequence[Sample] = ()

    def read(self, table: Table, deadline: Deadline) -> list[Sample]:
        """Its samples; raises Failure, or what pyiceberg raises."""
        if table.metadata_location != self._seen:
            self._stored = list(self._read_stored(table, deadline))
            self._seen = table.metadata_location
        return [*self._stored, *self._timed(table)]

    def _sample(self, name: str, value: float, *labels: str) -> Sample:
        return Sample(f"iceberg_table_{name}", value, (*self._labels, *labels))

    def _read_stored(self, table: Table, deadline: Deadline) -> Iterator[Sample]:
        """What follows from the metadata file, and so stays while that stays."""
        snapshots, current = table.metadata.snapshots, table.current_snapshot()
        yield self._sample("snapshots", len(snapshots))
        yield self._sample("metadata_log_entries", len(table.metadata.metadata_log))
        if snapshots:
            oldest = min(one.timestamp_ms for one in snapshots)
            yield self._sample("oldest_snapshot_timestamp_seconds", oldest / 1000)
        if current is not None:
            yield self._sample("last_update_timestamp_seconds", current.timestamp_ms / 1000)
        manifests = current.manifests(table.io) if current else []
        content = self._content.count(manifests, table.io, deadline)
        yield from self._of_content(content)
        yield from self._of_manifests(table, current, manifests)
        yield from self._compaction(content, len(manifests))

    def _of_content(self, content: Content) -> Iterator[Sample]:
        files = content.small + content.regular
        yield self._sample("size_bytes", content.size)
        yield self._sample("records", content.records)
        yield self._sample("files", content.small, "small")
        yield self._sample("files", content.regular, "regular")
        yield self._sample("small_files_ratio", content.small / files if files else 0)
        yield self._sample("delete_files", content.position_deletes, "position")
        yield self._sample("delete_files", content.equality_deletes, "equality")

    def _of_manifests(self, table: Table, current: Snapshot | None, manifests: list[ManifestFile]) -> Iterator[Sample]:
        for content in ManifestContent:
            count = sum(1 for one in manifests if one.content == content)
            yield self._sample("manifests", count, content.name.lower())
        size = "metadata_size_bytes"
        yield self._sample(size, len(table.io.new_input(table.metadata_location)), "table_metadata")
        listed = len(table.io.new_input(current.manifest_list)) if current and current.manifest_list else 0
        yield self._sample(size, listed, "manifest_list")
        yield self._sample(size, sum(one.manifest_length for one in manifests), "manifests")

    def _compaction(self, content: Content, manifests: int) -> Iterator[Sample]:
        wanted, files = self._settings, content.small + content.regular
        deletes = content.position_deletes + content.equality_deletes
        many_small = content.small >= max(wanted.compaction_min_files, files * wanted.compaction_small_ratio)
        due = {
            "small_files": many_small,
            "delete_files": deletes > files * wanted.compaction_delete_ratio,
            "manifests": manifests > wanted.compaction_manifests,
        }
        yield from (self._sample("compaction_due", is_due, reason) for reason, is_due in due.items())

    def _timed(self, table: Table) -> Iterator[Sample]:
        """What changes although the table does not."""
        snapshots, now = table.metadata.snapshots, time.time()
        if changed := last_change(snapshots):
            yield self._sample("commit_lag_seconds", max(0.0, now - changed))
        removed = removed_files(snapshots, now - self._settings.removed_window)
        yield from (self._sample("removed_files", count, name) for name, count in removed.items())


def last_change(snapshots: Iterable[Snapshot]) -> float | None:
    """Unix time of the last commit that was no compaction.

    Where all that are kept are compactions, that of the oldest: the last change is no younger. None without snapshots.
    """
    kept = list(snapshots)
    changes = [one.timestamp_ms for one in kept if _operation(one) is not Operation.REPLACE]
    if changes:
        return max(changes) / 1000
    return min(one.timestamp_ms for one in kept) / 1000 if kept else None


def removed_files(snapshots: Iterable[Snapshot], since: float) -> dict[str, int]:
    """Operation -> data files that snapshots committed after ``since`` (Unix time) removed, as their summaries say."""
    removed = dict.fromkeys((one.value for one in _REMOVING), 0)
    for snapshot in snapshots:
        operation = _operation(snapshot)
        if operation in _REMOVING and snapshot.timestamp_ms / 1000 >= since:
            summary = snapshot.summary.additional_properties if snapshot.summary else {}
            removed[operation.value] += int(summary.get("deleted-data-files", 0))
    return removed


def _operation(snapshot: Snapshot) -> Operation | None:
    return snapshot.summary.operation if snapshot.summary else None
