"""What monitors, probes and scrape configurations have in common: relabeling, selectors, limits."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from components.specs.base import Count, Factor, Flag, Items, Name, Spec, Text

Action = Literal[
    "replace",
    "keep",
    "drop",
    "hashmod",
    "labelmap",
    "labeldrop",
    "labelkeep",
    "lowercase",
    "uppercase",
    "keepequal",
    "dropequal",
]
Protocol = Literal[
    "PrometheusProto", "OpenMetricsText0.0.1", "OpenMetricsText1.0.0", "PrometheusText0.0.4", "PrometheusText1.0.0"
]
Scheme = Literal["http", "https"]
Params = dict[str, tuple[Text, ...]]

_NEEDS_TARGET = ("replace", "hashmod", "lowercase", "uppercase", "keepequal", "dropequal")
# What an action takes besides itself, where that is less than everything.
_TAKES = {
    "labeldrop": {"regex"},
    "labelkeep": {"regex"},
    "keepequal": {"sourceLabels", "targetLabel"},
    "dropequal": {"sourceLabels", "targetLabel"},
    "lowercase": {"sourceLabels", "targetLabel", "separator", "regex"},
    "uppercase": {"sourceLabels", "targetLabel", "separator", "regex"},
}


class Relabeling(Spec):
    """One relabeling step; ``action`` is replace where it is not given.

    The operator leaves out the whole monitor for a step that it finds wrong, so the same is checked
    here (ValidateRelabelConfig in its pkg/prometheus/validation/validator.go).
    """

    source_labels: tuple[Text, ...] | None = None
    separator: Text | None = None
    target_label: Text | None = None
    regex: Text | None = None
    modulus: Count | None = None
    replacement: Text | None = None
    action: Action | None = None

    @model_validator(mode="after")
    def _fits_action(self) -> Self:
        action = self.action or "replace"
        if action in _NEEDS_TARGET and not self.target_label:
            raise ValueError(f"action {action} needs targetLabel")
        if action == "hashmod" and not self.modulus:
            raise ValueError("action hashmod needs a modulus above 0")
        if allowed := _TAKES.get(action):
            extra = sorted(set(self.to_manifest()) - allowed - {"action"})
            if extra:
                raise ValueError(f"action {action} takes {', '.join(sorted(allowed))}, not {', '.join(extra)}")
        return self


class Requirement(Spec):
    """One expression of a label selector; In and NotIn take values, Exists and DoesNotExist none."""

    key: Name
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    values: tuple[Text, ...] | None = None

    @model_validator(mode="after")
    def _values_fit(self) -> Self:
        if bool(self.values) != (self.operator in {"In", "NotIn"}):
            raise ValueError(f"operator {self.operator} takes {'values' if not self.values else 'no values'}")
        return self


class LabelSelector(Spec):
    """An empty selector selects everything."""

    match_labels: dict[str, Text] | None = None
    match_expressions: tuple[Requirement, ...] | None = None


class NamespaceSelector(Spec):
    """``any`` for all namespaces, or those named; the object's own where neither is given."""

    any: Flag | None = None
    match_names: tuple[Text, ...] | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if self.any and self.match_names:
            raise ValueError("any takes precedence over matchNames: give one of them")
        return self


class AttachMetadata(Spec):
    node: Flag | None = None


class Limits(Spec):
    """Per-scrape limits and formats. A target that is over a limit fails its scrape as a whole."""

    sample_limit: Count | None = None
    target_limit: Count | None = None
    label_limit: Count | None = None
    label_name_length_limit: Count | None = None
    label_value_length_limit: Count | None = None
    keep_dropped_targets: Count | None = None
    native_histogram_bucket_limit: Count | None = None
    native_histogram_min_bucket_factor: Factor | None = None
    convert_classic_histograms_to_nhcb: Flag | None = Field(default=None, alias="convertClassicHistogramsToNHCB")
    scrape_classic_histograms: Flag | None = None
    scrape_native_histograms: Flag | None = None
    scrape_protocols: Annotated[tuple[Protocol, ...], Items(at_least=1, distinct=True)] | None = None
    fallback_scrape_protocol: Protocol | None = None
    scrape_class: Name | None = None
