"""Contracts: one YAML per exporter version beside this file; :func:`load` reads one."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from model.contract import Absent, Contract, ContractError, Evidence, Metric, MetricType
from model.problems import describe, did_you_mean

_FOLDER = Path(__file__).parent


def names() -> list[str]:
    """Names of the contracts that there are."""
    return sorted(p.stem for p in _FOLDER.glob("*.yaml"))


@cache
def load(name: str) -> Contract:
    """The contract of that name. Raises ContractError, naming the file and every problem in it."""
    path = _FOLDER / f"{name}.yaml"
    if not path.is_file():
        raise ContractError(f"there is no contract {name!r}{did_you_mean(name, names())}")
    try:
        raw = yaml.load(path.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise ContractError(f"contracts/{path.name}: is not YAML: {error}") from None
    try:
        file = _File.model_validate(raw)
    except ValidationError as error:
        lines = "\n".join(f"contracts/{path.name}: {line}" for line in describe(error, _File))
        raise ContractError(lines) from None
    return Contract(
        name=name,
        exporter=file.exporter,
        version=file.version,
        source=file.source,
        evidence=file.evidence,
        metrics={
            **{key: metric for other in file.includes for key, metric in load(other).metrics.items()},
            **{key: Metric(name=key.partition("@")[0], **dict(entry)) for key, entry in file.metrics.items()},
        },
        absent={key: Absent(name=key, **dict(entry)) for key, entry in file.absent.items()},
    )


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Metric(_Entry):
    type: MetricType
    labels: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    optin: str | None = None
    dropped_by: str | None = None
    note: str | None = None
    evidence: Evidence | None = None


class _Absent(_Entry):
    why: str
    instead: str | None = None


class _File(_Entry):
    """A contract as it is written: metrics by name, or name@component.

    ``includes`` names contracts of libraries whose metrics every process of the exporter has too (go-runtime).
    """

    exporter: str
    version: str
    source: str
    evidence: Evidence
    includes: tuple[str, ...] = ()
    metrics: dict[str, _Metric] = Field(min_length=1)
    absent: dict[str, _Absent] = {}
