"""Base and field types of every part of the stack's settings."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict
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


Duration = Annotated[str, AfterValidator(_duration)]
"""A Prometheus duration longer than 0."""
Quantity = Annotated[str, AfterValidator(_quantity)]
"""A Kubernetes quantity above 0."""
