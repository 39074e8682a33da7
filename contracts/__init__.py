"""Contracts: one YAML per exporter version beside this file; :func:`load` reads one."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from model.contract import Absent, Contract, Evidence, Metric

_FOLDER = Path(__file__).parent


def names() -> list[str]:
    """Names of the contracts that there are."""
    return sorted(p.stem for p in _FOLDER.glob("*.yaml"))


@cache
def load(name: str) -> Contract:
    """The contract of that name. Raises FileNotFoundError, saying which names exist."""
    path = _FOLDER / f"{name}.yaml"
    if not path.is_file():
        raise FileNotFoundError(f"no contract {name!r}; there are: {', '.join(names())}")
    raw: dict[str, Any] = yaml.load(path.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    metrics = {key: Metric(name=key.partition("@")[0], **_tuples(value)) for key, value in raw.pop("metrics").items()}
    absent = {
        key: Absent(name=key, instead=value.get("instead"), why=value["why"])
        for key, value in raw.pop("absent", {}).items()
    }
    evidence: Evidence = raw.pop("evidence")
    header = {key: str(value) for key, value in raw.items()}
    return Contract(name=name, metrics=metrics, absent=absent, evidence=evidence, **header)


def _tuples(value: dict[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in value.items()}
