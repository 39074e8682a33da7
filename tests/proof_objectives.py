"""Proofs of what every objective has alike (slo/): from its events on, whatever they are.

Factors are those of the SRE Workbook for 30 days (chapter 5, table 5-8), and docs/spec's for 7 days and 24 hours; they
are written here once more, so that a wrong one in slo/windows.py fails.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from rule_index import Rules
from rule_proofs import Case, Limits, Proof, cases

from model.rule import Alert, RecordingRule
from model.slo import Slo

_BURNS: dict[str, dict[str, float]] = {
    "30d": {"Critical": 14.4, "High": 6, "Medium": 3, "MediumSlow": 1},
    "7d": {"Critical": 8.4, "High": 2.8, "Medium": 1.4},
    "24h": {"Critical": 6, "High": 2},
}
_SPENT = {"HalfSpent": 0.5, "Exhausted": 0.9}
_PACE = {"30d": "5d", "7d": "1d", "24h": "4h"}
"""How often budgets are evaluated: a sixth of the window, as each evaluation reads all of it."""
_EVENTS = ("slo:events_total:rate5m", "slo:events_bad:rate5m")


def of_objectives(rules: Rules, found: Iterable[Slo]) -> Iterator[Case]:
    for slo in found:
        for number, proof in enumerate(proofs(slo, rules)):
            yield from cases([proof], _only(rules, slo), f"{slo.name}-{number}-")


def objectives(rules: Rules) -> list[Slo]:
    return [objective.slo for objective in rules.recording.namespace["plan"].objectives]


def proofs(slo: Slo, rules: Rules) -> Iterator[Proof]:
    """Every record after the events, every burn rate and both states of the budget."""
    labels = {"slo": slo.name, "component": slo.component}
    total, bad = (f'{name}{{slo="{slo.name}",component="{slo.component}"}}' for name in _EVENTS)
    series: dict[str, str | int | float] = {total: "flow(1000)", bad: f"flow(1000 * {slo.budget!r} * value)"}
    found = (rule for rules_of in _only(rules, slo).by_name.values() for rule in rules_of if _of(rule, slo))
    mine = {rule.record for rule in found if isinstance(rule, RecordingRule)}
    for record in sorted(mine - set(_EVENTS)):
        gives = 1 - slo.budget * 0.4 if "attainment" in record else 0.6 if "remaining" in record else 0.4
        yield Proof(series=series, record=record, rule=labels, value=0.4, gives=gives)
    for tier, factor in _BURNS[slo.window].items():
        limits = Limits(fires=factor * 1.01, below=factor * 0.99)
        yield Proof(series=series, rule=labels, alerts={f"ErrorBudgetBurnRate{tier}": limits})
    # promtool loads no more than 10,000 samples at once; objectives of objects count a tenth of those every 30 seconds.
    step = "5m" if slo.window == "30d" or slo.minimum_objects else None
    for tier, spent in _SPENT.items():
        name, limits = f"ErrorBudget{tier}", Limits(fires=spent + 0.01, below=spent - 0.01)
        yield Proof(series=series, rule=labels, alerts={name: limits}, evaluated=_PACE[slo.window], interval=step)


def _only(rules: Rules, slo: Slo) -> Rules:
    """Of the rules that objectives have alike, those of this one."""
    mine = {
        name: [rule for rule in found if rule.labels.get("slo", slo.name) == slo.name]
        for name, found in rules.by_name.items()
    }
    return replace(rules, by_name={name: found for name, found in mine.items() if found})


def _of(rule: RecordingRule | Alert, slo: Slo) -> bool:
    return isinstance(rule, RecordingRule) and rule.labels.get("slo") == slo.name
