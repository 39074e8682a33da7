"""What a change means: alerts and who is told, rules, objectives, dashboards, scrapes, sizes, outputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from obs.diff.entry import Entry
from obs.diff.meaning.alerts import alerts
from obs.diff.meaning.charts import charts
from obs.diff.meaning.dashboards import dashboards
from obs.diff.meaning.groups import groups
from obs.diff.meaning.objectives import objectives
from obs.diff.meaning.outputs import outputs
from obs.diff.meaning.records import records
from obs.diff.meaning.retention import retention
from obs.diff.meaning.routing import routing
from obs.diff.meaning.scrapes import scrapes
from obs.diff.meaning.sizes import estimates, sizes
from obs.diff.meaning.systems import systems
from obs.diff.pair import Pair

PARTS: tuple[Callable[[Pair], Iterator[Entry]], ...] = (
    systems,
    estimates,
    alerts,
    routing,
    objectives,
    records,
    groups,
    dashboards,
    scrapes,
    retention,
    sizes,
    charts,
    outputs,
)
"""In the order of the report."""


def meaning(pair: Pair) -> list[Entry]:
    """Every entry about what a change means, in the order of the report."""
    return [entry for part in PARTS for entry in part(pair)]
