"""Cases as files for promtool: those that can share a test do, as each has a cluster of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from proof_series import Phase, values
from pydantic import ValidationError
from rule_index import Rules
from rule_proofs import BEFORE, Case, Proof
from stacks import ROOT, run

FOLDER = ROOT / "tests" / "rules"


@cache
def rules(stack: str) -> Rules:
    return Rules.of(run(stack))


def read(path: Path) -> tuple[str, list[Proof]]:
    """(stack, proofs) of a file. Raises ValueError with the file and the entry."""
    document = yaml.safe_load(path.read_text())
    found = []
    for number, entry in enumerate(document.get("proofs", ())):
        try:
            found.append(Proof.model_validate(entry))
        except ValidationError as error:
            raise ValueError(f"{path.name}, proof {number + 1}: {error}") from None
    return document.get("stack", "prod"), found


def written(found: Iterable[Case], of: Rules, folder: Path) -> list[Path]:
    """The test files of these cases, with the rules that each needs beside it."""
    return [_file(key, same, of, folder) for key, same in _together(found).items()]


_Key = tuple[str, int, int, int]


def _together(found: Iterable[Case]) -> dict[_Key, list[Case]]:
    """Cases of one kind, one pace and about one length: a short one would wait for the longest."""
    groups: dict[_Key, list[Case]] = {}
    for case in found:
        key = (case.kind, case.interval, case.evaluated, (case.end // case.evaluated).bit_length())
        groups.setdefault(key, []).append(case)
    return groups


def _file(key: _Key, found: list[Case], of: Rules, folder: Path) -> Path:
    stem = "-".join(map(str, key))
    needed = set().union(*(case.rules for case in found))
    (folder / f"{stem}.rules.yaml").write_text(_dump(of.deployed(needed)))
    ticks = max(case.end // case.evaluated for case in found)
    series = [{"series": s, "values": v} for case in found for s, v in case.series]
    test = {
        "name": stem,
        "interval": f"{key[1]}s",
        "input_series": series + list(_ups(found)),
        "promql_expr_test": [check.written(ticks * key[2]) for case in found for check in case.checks],
    }
    document = {"rule_files": [f"{stem}.rules.yaml"], "evaluation_interval": f"{key[2]}s", "tests": [test]}
    path = folder / f"{stem}.test.yaml"
    path.write_text(_dump(document))
    return path


def _ups(found: Sequence[Case]) -> Iterator[dict[str, str]]:
    """Sources that go together with the series, for the alerts that tell it."""
    for source in sorted(set().union(*(case.sources for case in found))):
        there = BEFORE * found[0].evaluated // found[0].interval
        yield {"series": source, "values": values("1", [Phase(there, 1), Phase(2, None, gone=True)], 1)}


def _dump(document: dict[str, Any]) -> str:
    return yaml.dump(document, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper), sort_keys=False)
