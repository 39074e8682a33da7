"""What a stack chooses of an objective, whatever system it is of."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from model.config import Duration, Part

Share = Annotated[float, Field(gt=0, lt=1)]
"""The share of good events that is promised."""


class InTime(Part):
    """``objective``: the share of what ends that must take no longer than ``limit``."""

    objective: Share = 0.95
    limit: Duration = "1h"
