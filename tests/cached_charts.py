"""Tests on the pinned charts themselves: run where the cache has them all and there is a helm."""

from __future__ import annotations

from functools import cache

import pytest

from components.charts import CHARTS, archive_path
from obs.chart_archive import ChartError
from obs.helm import find


@cache
def missing() -> str:
    """Why no pinned chart can be rendered here; nothing where they can."""
    absent = [str(pin) for pin in CHARTS.values() if not archive_path(pin).is_file()]
    if absent:
        return f"not in the chart cache: {', '.join(absent)}; run `obs charts pull`"
    try:
        find()
    except ChartError as error:
        return str(error)
    return ""


needs_charts = [pytest.mark.charts, pytest.mark.skipif(bool(missing()), reason=missing() or "charts are there")]
"""Marks of such a test."""
