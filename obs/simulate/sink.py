"""Where the stack's notifications arrive: kept in a file before the sender hears that they were taken."""

from __future__ import annotations

import json
import os
from pathlib import Path
from threading import Lock
from typing import Any


class Sink:
    """Notifications in ``folder``/notifications.jsonl.

    A line each: ``at`` (unix seconds), ``receiver``, ``payload``.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / "notifications.jsonl"
        self._lock = Lock()

    def take(self, receiver: str, payload: object, now: float) -> None:
        line = json.dumps({"at": round(now, 3), "receiver": receiver, "payload": payload})
        with self._lock, self._file.open("a") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())

    def since(self, moment: float) -> list[dict[str, Any]]:
        """Those that arrived at ``moment`` or later, oldest first."""
        with self._lock:
            lines = self._file.read_text().splitlines() if self._file.exists() else []
        return [entry for entry in map(json.loads, lines) if entry["at"] >= moment]
