"""What is to be checked: one PromQL expression and how its result is used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["recording", "alert", "panel", "variable"]


@dataclass(frozen=True)
class Expression:
    """One PromQL expression of a stack.

    ``text`` is PromQL; in a panel or variable it may hold Grafana variables, and a variable may also
    be one of Grafana's query functions (``label_values(metric, label)`` ...). ``subject`` says in words
    what it belongs to, ``where`` is ``file:line``. ``record`` names the series that a recording rule
    writes, ``labels`` are the rule's own labels, ``templates`` the texts of an alert that may name
    labels, ``legend`` a panel's legend format. ``allowances`` maps a metric's name to the reason why
    it may be unknown to every contract. ``ruler``: evaluated where everything has left Prometheus.
    """

    text: str
    kind: Kind
    subject: str
    where: str
    record: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    templates: tuple[str, ...] = ()
    allowances: Mapping[str, str] = field(default_factory=dict)
    legend: str | None = None
    ruler: bool = False

    @property
    def reads_store(self) -> bool:
        """Whether the series have the external labels of the Prometheus that sent them."""
        return self.ruler or self.kind == "panel"
