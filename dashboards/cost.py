"""What a viewer's dashboard costs the stores that answer it."""

from __future__ import annotations

from typing import NamedTuple

from dashboards.layout import arrange
from model.dashboard import Dashboard
from model.quantity import duration


class Cost(NamedTuple):
    """Numbers of queries: when it is opened, with every row open, and of these those that read recorded series only.

    ``lookback`` is the most seconds of the past that one value reads.
    """

    opened: int
    whole: int
    recorded: int
    lookback: float

    def __str__(self) -> str:
        rows = f", {self.whole} with every row open" if self.whole > self.opened else ""
        past = f"; one value reads at most the last {duration(self.lookback)}" if self.lookback else ""
        return f"Cost: {self.opened} queries when opened{rows}, {self.recorded} of recorded series{past}."


def cost(dashboard: Dashboard) -> Cost:
    opened = sum(
        len(panel.signals) + (panel.lookup is not None)
        for row, place in zip(dashboard.rows, arrange(dashboard.rows), strict=True)
        if not place.collapsed
        for panel in row.panels
    )
    asked = [signal.query for panel in dashboard.panels for signal in panel.signals]
    lookups = sum(panel.lookup is not None for panel in dashboard.panels)
    recorded = sum(all(":" in s.name for s in query.selectors()) for query in asked)
    return Cost(opened, len(asked) + lookups, recorded, max((query.lookback() for query in asked), default=0.0))
