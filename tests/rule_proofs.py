"""Proofs of rules: from one entry in tests/rules/*.yaml the cases of every claim (tests/rules/README.md)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Annotated, Any

from proof_series import Phase, calculated, counts, named, recorded, values, written
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
_SECOND = "-second"
BEFORE = 10
"""Evaluations before series end."""
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
    within: str = ""
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
    evaluated: str | None = None

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

    ``sources`` are up for as long as the series are; ``evaluated`` are the seconds between evaluations.
    """

    kind: str
    interval: int
    samples: int
    rules: frozenset[str]
    series: tuple[tuple[str, str], ...]
    checks: tuple[Check, ...]
    sources: frozenset[str] = frozenset()
    evaluated: int = 0

    @property
    def end(self) -> int:
        return (self.samples - 1) * self.interval


def cases(proofs: Sequence[Proof], rules: Rules, start: str = "") -> Iterator[Case]:
    """All claims of all proofs; ``start`` tells the clusters of theirs from those of others."""
    for number, proof in enumerate(proofs):
        of = rules.narrowed(proof.record, proof.rule)
        if proof.record:
            yield from _of_record(proof, of, f"{start}r{number}")
        for name, limits in proof.alerts.items():
            (alert,) = (a for a in of.by_name[name] if isinstance(a, Alert))
            yield _around(proof, alert, limits, of, f"{start}a{number}-{name}")
            yield _missing(proof, alert, limits, of, f"{start}m{number}-{name}")


def _interval(proof: Proof, rules: Rules, needed: set[str], *most: float) -> int:
    """The longest that every window has four samples of, and that ends where ``for`` does."""
    if proof.interval:
        return int(seconds(proof.interval))
    limit = min([*(w / 4 for w in rules.windows(needed)), *(m for m in most if m)], default=60)
    return next(i for i in INTERVALS if i <= limit and all(m % i == 0 for m in most))


def _times(proof: Proof, rules: Rules, needed: set[str], *waits: float) -> tuple[int, int]:
    """Seconds between samples, and between evaluations: as often, unless it is said."""
    if not proof.evaluated:
        return (step := _interval(proof, rules, needed, *waits)), step
    between = int(seconds(proof.evaluated))
    return _interval(proof, rules, needed, between), between


def _around(proof: Proof, alert: Alert, limits: Limits, rules: Rules, cluster: str) -> Case:
    """Below, at the threshold, below again: silent, firing after ``for`` (over a reset) and not before, resolved."""
    needed = rules.needed([alert.name], proof.given)
    step, tick = _times(proof, rules, needed, seconds(alert.for_))
    wait = ceil(seconds(alert.for_) / tick) * tick
    back = seconds(limits.within) if limits.within else rules.lookback(alert.name, proof.given)
    whole, ended = ceil((back + wait) / tick) * tick + 2 * tick, ceil(back / tick) * tick + 2 * tick
    full = seconds(limits.after) if limits.after else ceil(back / tick) * tick
    phases = [
        Phase(whole // step, limits.below),
        *_worse(proof, limits, whole // step, int(full + wait) // step),
        Phase(ended // step, limits.below),
    ]
    of = f'ALERTS{{alertname="{alert.name}",cluster="{cluster}"'
    firing = f'{of},alertstate="firing"}}'
    early = [Check(f"count(max_over_time({firing}[{2 * whole}s]))", whole + wait - tick)] if wait else []
    checks = (
        # Until the windows are full a rate is too low.
        Check(f"count(max_over_time({of}}}[{whole - tick - int(back)}s]))", whole - tick),
        *early,
        Check(f"count({firing})", int(whole + full + wait), (("{}", limits.count),)),
        Check(f"count({of}}})", 2 * whole + ended - tick),
    )
    series, samples = _series(proof, phases, step, cluster), sum(p.samples for p in phases)
    return Case("around", step, samples, frozenset(needed), series, checks, evaluated=tick)


def _worse(proof: Proof, limits: Limits, samples: int, told: int) -> Iterator[Phase]:
    """At the threshold; counters begin again just before the sample at which it must fire.

    What reads them by their first and last value is wrong then.
    """
    steady = max(told - 1, 1)
    if "reset" in proof.without or not any(counts(text, limits.fires) for text in proof.texts.values()):
        yield Phase(samples, limits.fires)
    else:
        yield from (Phase(steady, limits.fires), Phase(samples - steady, limits.fires, reset=True))


def _missing(proof: Proof, alert: Alert, limits: Limits, rules: Rules, cluster: str) -> Case:
    """All series end: nothing fires, or the companion does."""
    names = [alert.name] + ([] if limits.silent in (_NOTHING, _ITSELF) else [limits.silent])
    needed = rules.needed(names, proof.given)
    waits = [seconds(a.for_) for name in names for a in rules.by_name[name] if isinstance(a, Alert)]
    step, tick = _times(proof, rules, needed, *waits)
    there = BEFORE * tick // step
    gone = (ceil((max(rules.lookback(name, proof.given) for name in names) + max(waits) + _STALE) / tick) + 2) * tick
    phases = [Phase(there, limits.below), Phase(gone // step, None, gone=True)]
    firing = f'ALERTS{{alertname="{alert.name}",cluster="{cluster}",alertstate="firing"}}'
    if limits.silent == _ITSELF:
        checks = [Check(f"count({firing})", None, (("{}", limits.count),))]
    else:
        checks = [Check(f"count(max_over_time({firing}[{there * step + gone}s]))", None)]
    if len(names) > 1:
        companion = f'ALERTS{{alertname="{limits.silent}",alertstate="firing"}}'
        checks.append(Check(f"count({companion}) > bool 0", None, (("{}", 1),)))
        checks.append(Check(f"count({companion})", (BEFORE - 1) * tick))
    companions = (s for name in names[1:] for rule in rules.by_name[name] for s in rule.expr.selectors())
    sources = frozenset(target(s) for s in companions if s.name == "up")
    series, samples = _series(proof, phases, step, cluster), sum(p.samples for p in phases)
    return Case("missing", step, samples, frozenset(needed), series, tuple(checks), sources, evaluated=tick)


def _of_record(proof: Proof, rules: Rules, cluster: str) -> Iterator[Case]:
    """The value; without traffic; over a reset; with a second instance; after one of two is gone."""
    assert proof.record
    needed, back = rules.needed([proof.record], proof.given), rules.lookback(proof.record, proof.given)
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
        series = [s for i, phases in enumerate(instances) for s in _series(proof, phases, step, of, ("", _SECOND)[i])]
        check = _near(proof, of, wanted, end)
        tick = step if rules.remembered(needed, proof.given) else end
        yield Case("record", step, 2 * half, frozenset(needed), tuple(series), (check,), evaluated=tick)


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
    """A record has no instance: where one is given, a second exporter adds none of it."""
    found = {s: text for s, text in proof.texts.items() if not (instance == _SECOND and recorded(s))}
    return tuple((named(s, cluster, instance), values(text, phases, step)) for s, text in found.items())
