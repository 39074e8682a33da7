"""Where the stack's notifications arrive: kept in a file before the sender hears that they were taken."""

from __future__ import annotations

import json
import os
from pathlib import Path
from threading import Lock
from typing import Any

from obs import atomic


class Sink:
    """Notifications in ``folder``/notifications.jsonl, which is read once: whoever follows a fault asks often.

    A line each: ``at`` (unix seconds), ``receiver``, ``payload``.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / "notifications.jsonl"
        self._lock = Lock()
        text = self._file.read_text() if self._file.exists() else ""
        whole = text[: text.rfind("\n") + 1]
        if whole != text:  # killed while it wrote: the sender never heard that it was taken, and sends it again
            atomic.write(self._file, whole.encode())
        self._taken: list[dict[str, Any]] = [json.loads(line) for line in whole.splitlines()]

    def take(self, receiver: str, payload: object, now: float) -> None:
        entry = {"at": round(now, 3), "receiver": receiver, "payload": payload}
        with self._lock, self._file.open("a") as file:
            file.write(json.dumps(entry) + "\n")
            file.flush()
            os.fsync(file.fileno())
            self._taken.append(entry)

    def since(self, moment: float) -> list[dict[str, Any]]:
        """Those that arrived at ``moment`` or later, oldest first."""
        with self._lock:
            return [entry for entry in self._taken if entry["at"] >= moment]
