"""How a series came, where its job does not tell: applications give their own job to what they send or push."""

from __future__ import annotations

ORIGIN_LABEL = "telemetry"
"""On series of applications that have a job of their own; its values are the two ways."""
OTLP, PUSHED = "otlp", "pushed"
