"""PrometheusRule, API monitoring.coreos.com/v1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from components.specs.base import Duration, Items, Name, Spec, Text


class Rule(Spec):
    """A recording rule (``record``) or an alert (``alert``).

    ``expr`` is text only. The API takes an integer too, but refuses the whole object for a float, so a
    bare 0.999 must not come this far; as text it is a valid expression.
    """

    record: Name | None = None
    alert: Name | None = None
    expr: Name
    for_: Duration | None = Field(default=None, alias="for")
    keep_firing_for: Duration | None = Field(default=None, alias="keep_firing_for")
    labels: Mapping[str, Text] | None = None
    annotations: Mapping[str, Text] | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.record is None) == (self.alert is None):
            raise ValueError("exactly one of record and alert must be given")
        if self.record is not None:
            only_alerts = {"for": self.for_, "keep_firing_for": self.keep_firing_for, "annotations": self.annotations}
            given = [name for name, value in only_alerts.items() if value is not None]
            if given:
                raise ValueError(f"a recording rule has no {' or '.join(given)}; alerts have")
        return self


class RuleGroup(Spec):
    """Rules that are evaluated in order, every ``interval``. ``labels`` are added to the result of each."""

    name: Name
    interval: Duration | None = None
    query_offset: Duration | None = Field(default=None, alias="query_offset")
    partial_response_strategy: Literal["abort", "warn"] | None = Field(default=None, alias="partial_response_strategy")
    limit: Annotated[int, Field(strict=True)] | None = None
    labels: Mapping[str, Text] | None = None
    rules: tuple[Rule, ...] | None = None


class PrometheusRuleSpec(Spec):
    groups: Annotated[tuple[RuleGroup, ...], Items(distinct="name")]
