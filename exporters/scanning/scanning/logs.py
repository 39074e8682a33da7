"""Logs as JSON, a line each, without any secret."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TextIO

MASK = "***"
_USER_INFO = re.compile(r"(?<=://)[^/\s@\"']+@")
_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    """Time, level, logger, message, what was given as ``extra``, and the trace where there is one.

    Masked as the last step, on the finished line: whoever logs, and wherever a library puts a password into its error.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        # As they look inside JSON; the longest first, one may be part of another.
        texts = {json.dumps(secret)[1:-1] for secret in secrets if secret}
        self._secrets = sorted(texts, key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **{key: value for key, value in vars(record).items() if key not in _PLAIN},
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return self.masked(json.dumps(line, default=str))

    def masked(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        return _USER_INFO.sub(f"{MASK}@", text)


def configure(level: str, secrets: Iterable[str] = (), stream: TextIO | None = None) -> None:
    """Everything that logs goes to ``stream`` (standard output) in this form; libraries only from warnings on."""
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(JsonFormatter(secrets))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for noisy in ("httpx", "httpcore", "pyiceberg", "botocore", "urllib3"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level]))
