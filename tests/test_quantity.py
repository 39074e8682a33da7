"""Durations and quantities."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.quantity import duration, quantity, seconds


@pytest.mark.parametrize(
    ("text", "length"),
    [("30s", 30), ("5m", 300), ("1h30m", 5400), ("15d", 1_296_000), ("1y", 31_536_000), ("5ms", 0.005)],
)
def test_a_duration_has_a_length(text: str, length: float) -> None:
    assert seconds(text) == length


@pytest.mark.parametrize("text", ["", "5", "m", "5 m", "-5m", "1.5h", "30m1h", "5min"])
def test_what_prometheus_refuses_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="Prometheus duration"):
        seconds(text)


@given(st.integers(min_value=1, max_value=10**9))
def test_a_written_length_reads_back(ms: int) -> None:
    assert seconds(duration(ms / 1000)) == ms / 1000


@pytest.mark.parametrize(
    ("text", "amount"), [("500m", 0.5), ("2", 2), ("8Gi", 8 * 2**30), ("1k", 1000), ("1.5Mi", 1.5 * 2**20)]
)
def test_a_quantity_has_an_amount(text: str, amount: float) -> None:
    assert float(quantity(text)) == amount


@pytest.mark.parametrize("text", ["", "-1", "1 Gi", "Gi", "1GB", "1e3", "0x10"])
def test_a_malformed_quantity_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="Kubernetes quantity"):
        quantity(text)
