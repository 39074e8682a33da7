"""What is left of a budget, against its definition: one less the bad share of all events, over what may be bad."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from real_tools import REAL, needs
from test_slo import objective

from model.expr import Binary, Call, Expr, Number, Selector
from model.promql import max_by, metric
from model.quantity import seconds
from model.slo import Slo
from obs.slo_cli import burn_rows, shown
from slo.rules import INTERVAL, compile_slo
from slo.signals import BAD, REMAINING_RECORD, TOTAL
from slo.windows import BURNS

History = Sequence[tuple[float, float]]
"""(bad, all) events a second, at each evaluation of the window."""


def remaining_expr(slo: Slo) -> Expr:
    (rule,) = [r for r in compile_slo(slo).group.rules if getattr(r, "record", None) == REMAINING_RECORD]
    return rule.expr


def value(expr: Expr, history: History) -> float | None:
    """PromQL of one series each, as far as a budget is written in it; None where there is no result."""
    if isinstance(expr, Number):
        return expr.value
    if isinstance(expr, Call) and expr.function == "avg_over_time":
        (selector,) = expr.args
        assert isinstance(selector, Selector)
        of = [bad if selector.name == BAD else total for bad, total in history]
        assert selector.name in (BAD, TOTAL)
        return sum(of) / len(of)
    assert isinstance(expr, Binary), expr
    left, right = value(expr.lhs, history), value(expr.rhs, history)
    if left is None or right is None:
        return None
    if expr.op == ">":
        return left if left > right else None
    return {"-": left - right, "/": left / right if right else float("nan")}[expr.op]


def defined(history: History, slo: Slo) -> float | None:
    """The definition: events of the window counted, not shares averaged."""
    step = seconds(INTERVAL)
    bad, total = sum(b * step for b, _ in history), sum(t * step for _, t in history)
    allowed = (1 - slo.objective) * total
    return (allowed - bad) / allowed if total else None


MOMENT = st.tuples(st.floats(0, 1), st.sampled_from([0.0, 0.5, 1.0, 40.0, 900.0])).map(lambda m: (m[0] * m[1], m[1]))


@given(st.lists(MOMENT, min_size=1, max_size=60), st.sampled_from([0.9, 0.95, 0.99, 0.999]), st.sampled_from([*BURNS]))
def test_what_is_left_is_what_the_definition_says(history: History, share: float, window: str) -> None:
    slo = objective(window, share)
    found, expected = value(remaining_expr(slo), history), defined(history, slo)
    assert (found is None) == (expected is None)
    assert found is None or found == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_hours_with_little_traffic_count_little() -> None:
    slo = objective("24h", 0.9)
    night, day = [(1.0, 1.0)] * 10, [(0.0, 99.0)] * 10
    assert value(remaining_expr(slo), night + day) == pytest.approx(0.9)


def _histories(count: int) -> list[History]:
    """A day each, of spans with their own traffic and share of failures."""
    chance = random.Random(7)
    days: list[History] = []
    for _ in range(count):
        day: list[tuple[float, float]] = []
        while len(day) < 2881:
            total = chance.choice([0.0, 1.0, 7.5, 120.0])
            bad = total * chance.choice([0.0, 0.0, 0.01, 0.3, 1.0])
            day += [(round(bad, 3), total)] * chance.randint(20, 600)
        days.append(day[:2881])
    return days


@needs("promtool")
def test_prometheus_says_the_same_of_a_day(tmp_path: Path) -> None:
    groups, series, checks = [], [], []
    for number, day in enumerate(_histories(2)):
        name = f"day_{number}"
        bad, total = (max_by(metric(f"{which}_{number}")) for which in ("bad", "all"))
        base = objective("24h", 0.95, name)
        slo = Slo(**{**vars(base), "bad": bad, "total": total})
        kept = [r for r in compile_slo(slo).group.rules if getattr(r, "record", "") in (BAD, TOTAL)]
        rules = [{"record": r.record, "expr": str(r.expr), "labels": dict(r.labels)} for r in kept]  # type: ignore[union-attr]
        groups.append({"name": name, "interval": INTERVAL, "rules": rules})
        for which, values in (("bad", [b for b, _ in day]), ("all", [t for _, t in day])):
            series.append({"series": f'{which}_{number}{{cluster="c"}}', "values": " ".join(map(str, values))})
        left = defined(day[1:], slo)  # the window is open to the left
        expr = f"count(abs({remaining_expr(slo)} - ({left})) < 1e-9)"
        checks.append({"expr": expr, "eval_time": "24h", "exp_samples": [{"labels": "{}", "value": 1}]})
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": groups}))
    test = {"interval": INTERVAL, "input_series": series, "promql_expr_test": checks}
    case = {"rule_files": ["rules.yaml"], "evaluation_interval": INTERVAL, "tests": [test]}
    (tmp_path / "case.yaml").write_text(yaml.safe_dump(case))
    done = subprocess.run(
        [str(REAL["promtool"]), "test", "rules", "case.yaml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_row_says_when_each_burn_rate_is_told() -> None:
    rows = list(burn_rows([compile_slo(objective("30d", 0.999))]))
    assert [(r["long"], r["short"], r["factor"], r["severity"]) for r in rows] == [
        ("1h", "5m", 14.4, "critical"),
        ("6h", "30m", 6.0, "high"),
        ("1d", "2h", 3.0, "medium"),
        ("3d", "6h", 1.0, "medium"),
    ]
    assert rows[0]["seen"] == pytest.approx(51.84)
    assert rows[0]["told"] == pytest.approx(81.84)
    assert rows[0]["over"] == pytest.approx(0.9856 * 300)
    assert [shown(t) for t in (None, 51.84, 300, 21450)] == ["never", "52 s", "5.0 min", "6.0 h"]
