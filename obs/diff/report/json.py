"""The report as one JSON document."""

from __future__ import annotations

import json

from obs.diff.report.model import Report


def render(report: Report) -> str:
    return json.dumps(report.to_dict(), indent=1, ensure_ascii=False, default=str) + "\n"
