"""Service level objectives."""

from __future__ import annotations

from dataclasses import dataclass

from model.expr import Expr
from model.quantity import seconds
from model.source import Defined


@dataclass(frozen=True, kw_only=True)
class Slo(Defined):
    """A ratio of bad to total events over a window.

    ``objective`` is the share of good events, 0 < objective < 1; ``window`` a Prometheus duration.
    ``bad`` and ``total`` select counters, or are expressions: of events per second (model/sli.py), or of how many
    objects are bad and how many there are, with the label cluster alone: model/sli.py makes both, of latencies
    (``slower_than``) and of limits such as an age (``beyond``). Where ``bad`` has no series there is nothing
    bad. ``minimum_events`` is the number of events in a burn-rate window below which no alert fires (one failure of
    one job is not an outage). An objective that counts objects has ``minimum_objects`` instead, above 0: how many there
    must be on average. ``work`` marks what the platform is there for, which its overall success adds up.
    """

    name: str
    title: str
    description: str
    objective: float
    window: str
    bad: Expr
    total: Expr
    component: str
    minimum_events: float = 10
    minimum_objects: float = 0
    work: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.objective < 1:
            raise ValueError(
                f"{self.where}: objective of {self.name} must be above 0 and below 1, not {self.objective:g}"
            )
        seconds(self.window)

    @property
    def budget(self) -> float:
        """The share of events that may be bad."""
        return 1 - self.objective
