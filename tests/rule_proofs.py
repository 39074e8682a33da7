"""Proofs of rules: from one entry in tests/rules/*.yaml the cases of every claim (tests/rules/README.md)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Annotated, Any

from proof_series import Phase, calculated, counts, named, values, written
from pydantic import BaseModel, ConfigDict, Field, model_validator
from rule_index import Rules, target

from model.quantity import seconds
from model.rule import Alert

_STALE = 300
"""Seconds for which Prometheus shows a last sample, as long as no marker ends it."""
INTERVALS = (3600, 1800, 900, 600, 300, 120, 60, 30, 20, 15, 10, 5, 4, 2, 1)
_NOTHING = "nothing"
_ITSELF = "itself"
_TOLERANCE = 0.01
Number = Annotated[float, Field(allow_inf_nan=False)]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Limits(_Form):
    """One alert: it fires at one value of its series, and not just below. Both None-able: a series may be missing."""

    fires: Number | None
    below: Number | None
    silent: str = _NOTHING
    count: int = 1
    after: str = ""
    because: str = ""

    @model_validator(mode="after")
    def _are_close(self) -> Limits:
        if self.because or self.fires is None or self.below is None:
            return self
        far = abs(self.fires - self.below)
        if far > 0.1 * max(abs(self.fires), abs(self.below)) and far != 1:
            raise ValueError(f"{self.below} is not just below {self.fires}: within 10 %, or 1, or say because")
        return self


class Proof(_Form):
    """Series, the record that they make, and the alerts on it."""

    series: dict[str, str | int | float]
    record: str | None = None
    rule: dict[str, str] = {}
    labels: dict[str, str] = {}
    value: Number | None = None
    gives: Number | str | None = None
    idle: Number | str = _NOTHING
    twice: Number = 1
    because: str = ""
    without: dict[str, str] = {}
    alerts: dict[str, Limits] = {}
    interval: str | None = None
    lookback: str | None = None

    def back(self, rules: Rules, *names: str) -> float:
        """Seconds after which these rules have forgotten what was before."""
        if self.lookback:
            return seconds(self.lookback)
        return max(rules.lookback(name, self.given) for name in names)

    @property
    def texts(self) -> dict[str, str]:
        return {series: str(text) for series, text in self.series.items()}

    @property
    def given(self) -> frozenset[str]:
        return frozenset(series.partition("{")[0] for series in self.series)

    @model_validator(mode="after")
    def _is_whole(self) -> Proof:
        if self.record and self.value is None:
            raise ValueError(f"{self.record}: a record needs a value")
        if not self.record and not self.alerts:
            raise ValueError("a proof is of a record, or of alerts")
        if self.twice != 1 and not self.because:
            raise ValueError(f"{self.record}: why does a second instance change it? Say because")
        if odd := sorted(set(self.without) - _CLAIMS):
            raise ValueError(f"{self.record}: without {odd}; there are {sorted(_CLAIMS)}")
        return self


_CLAIMS = {"idle", "reset", "twice", "lost"}


@dataclass(frozen=True)
class Check:
    """An expression and what it gives. ``at`` in seconds; None: when the test ends."""

    expr: str
    at: int | None
    samples: tuple[tuple[str, float], ...] = ()

    def written(self, end: int) -> dict[str, Any]:
        samples = [{"labels": labels, "value": value} for labels, value in self.samples]
        at = end if self.at is None else self.at
        return {"expr": self.expr, "eval_time": f"{at}s", "exp_samples": samples}


@dataclass(frozen=True)
class Case:
    """Series of one cluster, and what must come of them. Cases of one ``kind`` and interval share a test.

    ``sources`` are up for as long as the series are; ``once``: it is enough to evaluate the rules at the end.
    """

    kind: str
    interval: int
    samples: int
    rules: frozenset[str]
    series: tuple[tuple[str, str], ...]
    checks: tuple[Check, ...]
    sources: frozenset[str] = frozenset()
    once: bool = False

    @property
    def end(self) -> int:
        return (self.samples - 1) * self.interval


def cases(proofs: Sequence[Proof], rules: Rules) -> Iterator[Case]:
    """All claims of all proofs."""
    for number, proof in enumerate(proofs):
        if proof.record:
            yield from _of_record(proof, rules, f"r{number}")
        for name, limits in proof.alerts.items():
            (alert,) = (a for a in rules.by_name[name] if isinstance(a, Alert))
            yield _around(proof, alert, limits, rules, f"a{number}-{name}")
            yield _missing(proof, alert, limits, rules, f"m{number}-{name}")


def _interval(proof: Proof, rules: Rules, needed: set[str], *most: float) -> int:
    """The longest that every window has four samples of, and that ends where ``for`` does."""
    if proof.interval:
        return int(seconds(proof.interval))
    limit = min([*(w / 4 for w in rules.windows(needed)), *(m for m in most if m)], default=60)
    return next(i for i in INTERVALS if i <= limit and all(m % i == 0 for m in most))


def _around(proof: Proof, alert: Alert, limits: Limits, rules: Rules, cluster: str) -> Case:
    """Below, at the threshold, below again: silent, firing after ``for`` and not before, resolved."""
    wait, back = seconds(alert.for_), proof.back(rules, alert.name)
    needed = rules.needed([alert.name], proof.given)
    step = _interval(proof, rules, needed, wait)
    whole = ceil((back + wait) / step) + 2
    phases = [Phase(whole, limits.below), Phase(whole, limits.fires), Phase(ceil(back / step) + 2, limits.below)]
    turn, over = whole * step, 2 * whole * step
    full = seconds(limits.after) if limits.after else back
    of = f'ALERTS{{alertname="{alert.name}",cluster="{cluster}"'
    firing = f'{of},alertstate="firing"}}'
    early = [Check(f"count(max_over_time({firing}[{over}s]))", int(turn + wait - step))] if wait else []
    checks = (
        Check(f"count(max_over_time({of}}}[{over}s]))", turn - step),
        *early,
        Check(f"count({firing})", int(turn + full + wait), (("{}", limits.count),)),
        Check(f"count({of}}})", over + (ceil(back / step) + 1) * step),
    )
    return Case(
        "around", step, sum(p.samples for p in phases), frozenset(needed), _series(proof, phases, step, cluster), checks
    )


def _missing(proof: Proof, alert: Alert, limits: Limits, rules: Rules, cluster: str) -> Case:
    """All series end: nothing fires, or the companion does."""
    names = [alert.name] + ([] if limits.silent in (_NOTHING, _ITSELF) else [limits.silent])
    needed = rules.needed(names, proof.given)
    waits = [seconds(a.for_) for name in names for a in rules.by_name[name] if isinstance(a, Alert)]
    step = _interval(proof, rules, needed, *waits)
    back = proof.back(rules, *names)
    there = 10
    phases = [Phase(there, limits.below), Phase(ceil((back + max(waits) + _STALE) / step) + 2, None, gone=True)]
    end = sum(p.samples for p in phases)
    firing = f'ALERTS{{alertname="{alert.name}",cluster="{cluster}",alertstate="firing"}}'
    if limits.silent == _ITSELF:
        checks = [Check(f"count({firing})", None, (("{}", limits.count),))]
    else:
        checks = [Check(f"count(max_over_time({firing}[{end * step}s]))", None)]
    if len(names) > 1:
        companion = f'ALERTS{{alertname="{limits.silent}",alertstate="firing"}}'
        checks.append(Check(f"count({companion}) > bool 0", None, (("{}", 1),)))
        checks.append(Check(f"count({companion})", (there - 1) * step))
    sources = (
        target(s) for name in names[1:] for r in rules.by_name[name] for s in r.expr.selectors() if s.name == "up"
    )
    return Case(
        "missing",
        step,
        end,
        frozenset(needed),
        _series(proof, phases, step, cluster),
        tuple(checks),
        frozenset(sources),
    )


def _of_record(proof: Proof, rules: Rules, cluster: str) -> Iterator[Case]:
    """The value; without traffic; over a reset; with a second instance; after one of two is gone."""
    assert proof.record
    needed, back = rules.needed([proof.record], proof.given), proof.back(rules, proof.record)
    step = _interval(proof, rules, needed)
    half = ceil(back / step) + 12
    moving = any(counts(text, proof.value) for text in proof.texts.values())
    end = (2 * half - 1) * step
    gives = proof.value if proof.gives is None else calculated(str(proof.gives), proof.value, end=end)
    assert gives is not None
    plain, still = Phase(2 * half, proof.value), Phase(half, proof.value, idle=True)
    first = Phase(half, proof.value)
    ends = Phase(half, None, gone=True)
    quarter = half // 2
    turned = [Phase(half + quarter, proof.value), Phase(half - quarter, proof.value, reset=True)]
    claims: dict[str, tuple[list[list[Phase]], float | str]] = {
        "value": ([[plain]], gives),
        "twice": ([[plain], [plain]], gives * proof.twice),
        "lost": ([[plain], [first, ends]], gives),
    }
    if moving:
        claims |= {"idle": ([[first, still]], proof.idle), "reset": ([turned], gives)}
    for claim, (instances, wanted) in claims.items():
        if claim in proof.without:
            continue
        of = f"{cluster}-{claim}"
        series = [s for i, phases in enumerate(instances) for s in _series(proof, phases, step, of, "ij"[i])]
        check = _near(proof, of, wanted, end)
        once = not rules.remembered(needed, proof.given)
        yield Case("record", step, 2 * half, frozenset(needed), tuple(series), (check,), once=once)


def _near(proof: Proof, cluster: str, wanted: float | str, at: int) -> Check:
    """Fails with the value: what is near becomes 0."""
    found = f"{proof.record}{{{written({'cluster': cluster, **proof.rule})}}}"
    if isinstance(wanted, str):
        return Check(found, at)
    room = max(abs(wanted) * _TOLERANCE, 1e-9)
    check = f"({found} unless ({found} >= {wanted - room:.12g} <= {wanted + room:.12g})) or {found} * 0"
    return Check(check, at, ((f"{{{written({'cluster': cluster, **proof.rule, **proof.labels})}}}", 0),))


def _series(
    proof: Proof, phases: Sequence[Phase], step: int, cluster: str, instance: str = ""
) -> tuple[tuple[str, str], ...]:
    return tuple((named(s, cluster, instance), values(text, phases, step)) for s, text in proof.texts.items())
