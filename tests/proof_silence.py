"""Proofs of the alerts that tell a silent source: all of one form (systems/base.py), so their series are derived."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import ceil

from proof_series import Phase, named, values
from rule_index import Rule, Rules, target
from rule_proofs import INTERVALS, Case, Check

from model.quantity import seconds
from model.rule import Alert


def tells_silence(rule: Rule) -> bool:
    """An alert that reads nothing but whether targets are up, and asks for their absence."""
    if not isinstance(rule, Alert) or "absent(" not in str(rule.expr):
        return False
    return {selector.name for selector in rule.expr.selectors()} == {"up"}


def silences(names: Iterable[str], rules: Rules) -> Iterator[Case]:
    """Two targets of each job: both up, one down, both down, both back, both gone.

    One of two is just below the limit; no series at all is the very thing that is told.
    """
    alerts = [rule for name in names for rule in rules.by_name[name] if isinstance(rule, Alert)]
    waits = [seconds(alert.for_) for alert in alerts]
    step = next(i for i in INTERVALS if all(wait % i == 0 and i <= wait for wait in waits))
    part = ceil(max(waits) / step) + 2
    for alert in alerts:
        yield _case(alert, step, part)


def _case(alert: Alert, step: int, part: int) -> Case:
    first = [Phase(part, value) for value in (1, 0, 0, 1)]
    second = [Phase(part, value) for value in (1, 1, 0, 1)]
    gone = Phase(part, None, gone=True)
    sources = sorted({target(selector) for selector in alert.expr.selectors()})
    series = [
        (named(source, "any", instance), values("value", [*phases, gone], step))
        for source in sources
        for instance, phases in (("a", first), ("b", second))
    ]
    alerts = f'ALERTS{{alertname="{alert.name}"'
    firing, wait = f'{alerts},alertstate="firing"}}', int(seconds(alert.for_))
    down, back, end = 2 * part * step, 3 * part * step, 5 * part * step - step
    all_of_them = (("{}", len(sources)),)
    checks = (
        Check(f"count(max_over_time({alerts}}}[{end}s]))", down - step),
        Check(f"count({firing})", down + wait - step),
        Check(f"count({firing})", down + wait, all_of_them),
        Check(f"count({alerts}}})", back),
        Check(f"count({firing})", end, all_of_them),
    )
    return Case("silence", step, 5 * part, frozenset({alert.name}), tuple(series), checks, evaluated=step)
