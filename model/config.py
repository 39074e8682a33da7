"""Base and field types of every part of the stack's settings."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated

import promql_parser
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from model.quantity import DURATION_FORM, QUANTITY_FORM, quantity, seconds


class Part(BaseModel):
    """A part of the settings: camelCase keys, frozen, unknown keys refused, input never echoed in errors."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True, hide_input_in_errors=True
    )


def _duration(text: str) -> str:
    # The value itself is not repeated: it may have been meant for a secret key.
    return _above_zero(text, seconds, DURATION_FORM)


def _quantity(text: str) -> str:
    return _above_zero(text, quantity, QUANTITY_FORM)


def _above_zero(text: str, value: Callable[[str], float | Decimal], form: str) -> str:
    try:
        amount = value(text)
    except ValueError:
        raise ValueError(f"must be {form}") from None
    if amount <= 0:
        raise ValueError("must be above 0")
    return text


def _pattern(text: str) -> str:
    try:
        promql_parser.parse(f'up{{namespace=~"{text}"}}')
    except ValueError:
        raise ValueError("must be a regular expression of namespaces such as spark.*") from None
    return text


def form(pattern: str, words: str) -> AfterValidator:
    """Refuses a text that does not match the whole pattern, with ``must be`` and the words."""
    compiled = re.compile(pattern)

    def check(text: str) -> str:
        if compiled.fullmatch(text) is None:
            raise ValueError(f"must be {words}")
        return text

    return AfterValidator(check)


_PART = r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
HOST = rf"{_PART}(\.{_PART})*"
PORT = r"(6553[0-5]|655[0-2]\d|65[0-4]\d\d|6[0-4]\d{3}|[1-5]\d{4}|[1-9]\d{0,3})"
Address = Annotated[str, form(f"{HOST}:{PORT}", "host:port")]
"""A server without a scheme; a name of dots alone, or a port above 65535, would fail only when it is asked."""


def _metric_pattern(text: str) -> str:
    try:
        re.compile(text)
        promql_parser.parse(f'{{__name__=~"{text}",x="y"}}')
    except (re.error, ValueError):
        raise ValueError("must be a regular expression of names of metrics such as node_hwmon_.+") from None
    return text


Name = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
"""A name that Kubernetes takes: lower-case letters, digits and hyphens, 63 at most."""
NamespacePattern = Annotated[str, Field(min_length=1), AfterValidator(_pattern)]
"""A regular expression, as Prometheus takes it, that matches names of namespaces."""
MetricPattern = Annotated[str, Field(min_length=1), AfterValidator(_metric_pattern)]
"""A regular expression, as Prometheus takes it, that matches whole names of metrics."""
Duration = Annotated[str, AfterValidator(_duration)]
"""A Prometheus duration longer than 0."""
Quantity = Annotated[str, AfterValidator(_quantity)]
"""A Kubernetes quantity above 0."""


# The ending makes a secret itself, pasted where its key belongs, an error that does not repeat it.
def _secret_key(text: str) -> str:
    if re.fullmatch(r"[a-z][A-Za-z0-9]{0,39}(Url|Key|Password|Token)", text) is None:
        raise ValueError(
            "must be the name of a config key that ends in Url, Key, Password or Token, not the secret itself"
        )
    return text


SecretKey = Annotated[str, AfterValidator(_secret_key)]
"""The Pulumi config key of a secret."""
