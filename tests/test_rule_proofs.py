"""Every alert and every record does what it says: proofs of tests/rules/*.yaml by promtool (tests/rules/README.md)."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from proof_files import FOLDER, read, rules, written
from proof_objectives import objectives, of_objectives
from proof_objectives import proofs as of_one
from proof_series import Phase, values
from proof_silence import silences, tells_silence
from pydantic import ValidationError
from real_tools import REAL, needs
from rule_index import Rule
from rule_proofs import Proof, cases
from stacks import STACKS

from model.rule import Alert, RecordingRule
from model.slo import Slo

FILES = sorted(path for path in FOLDER.glob("*.yaml") if read(path)[1])
PACED_ALIKE = ("prod", "apps")
"""Stacks in whose pace objectives are proven; the others have the same ones, or the same in less time."""
EXCEPTIONS = {"Watchdog": "it has no series and no limit: it fires as long as Prometheus evaluates rules"}
"""Rules without a proof -> why."""


@needs("promtool")
@pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)
def test_the_rules_are_proven(file: Path, tmp_path: Path) -> None:
    stack, proofs = read(file)
    done = promtool(written(cases(proofs, rules(stack)), rules(stack), tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr


@needs("promtool")
@pytest.mark.parametrize("stack", STACKS)
def test_silent_sources_are_told(stack: str, tmp_path: Path) -> None:
    names = [name for name, found in rules(stack).by_name.items() if tells_silence(found[0])]
    done = promtool(written(silences(names, rules(stack)), rules(stack), tmp_path))
    assert names
    assert done.returncode == 0, done.stdout + done.stderr


@needs("promtool")
@pytest.mark.parametrize("stack", PACED_ALIKE)
def test_objectives_are_proven(stack: str, tmp_path: Path) -> None:
    done = promtool(written(of_objectives(rules(stack), new_objectives()[stack]), rules(stack), tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr


def new_objectives() -> dict[str, list[Slo]]:
    """Those of each stack that no stack before it has."""
    first = {slo.name: (stack, slo) for stack in reversed(PACED_ALIKE) for slo in objectives(rules(stack))}
    return {stack: [slo for of, slo in first.values() if of == stack] for stack in PACED_ALIKE}


def test_every_rule_of_every_stack_has_a_proof() -> None:
    proofs = [proof for path in FILES for proof in read(path)[1]]
    proofs += [p for stack, slos in new_objectives().items() for slo in slos for p in of_one(slo, rules(stack))]
    assert set(unproven(_rules(), proofs)) == set(EXCEPTIONS)


def test_a_rule_without_a_proof_is_named() -> None:
    (made_up,) = (r for r in rules("prod").by_name["SparkGCTimeHigh"] if isinstance(r, Alert))
    (record,) = (r for r in rules("prod").by_name["dataops:spark:failure_ratio_1h"] if isinstance(r, RecordingRule))
    new: list[Rule] = [replace(made_up, name="SparkOutOfMagic"), replace(record, record="dataops:spark:magic")]
    proofs = read(FOLDER / "spark.yaml")[1]
    assert list(unproven([made_up, record, *new], proofs)) == ["SparkOutOfMagic", "dataops:spark:magic"]


def unproven(found: Iterable[Rule], proofs: Iterable[Proof]) -> Iterator[str]:
    """Alerts and records of which there is no proof; what several objectives or systems have needs one for each."""
    proofs = list(proofs)
    alerts = {(name, proof.rule.get("slo")) for proof in proofs for name in proof.alerts}
    records = {(proof.record, tuple(sorted(proof.rule.items()))) for proof in proofs}
    for rule in found:
        labels = dict(rule.labels)
        if isinstance(rule, Alert) and (rule.name, labels.get("slo")) not in alerts and not tells_silence(rule):
            yield rule.name + (f" of {labels['slo']}" if "slo" in labels else "")
        if isinstance(rule, RecordingRule) and (rule.record, tuple(sorted(labels.items()))) not in records:
            yield rule.record + (f" {labels}" if labels else "")


def _rules() -> Iterator[Rule]:
    for stack in STACKS:
        for obj in rules(stack).recording.namespace["plan"].rules:
            yield from (rule for group in obj.groups for rule in group.rules)


@needs("promtool")
@pytest.mark.parametrize(
    ("series", "says"),
    [
        ("rate(0.9 * value)", "SparkGCTimeHigh"),  # at the threshold it does not fire
        ("rate(1.1 * value)", "SparkGCTimeHigh"),  # it fires just below
        ("rate(0.21)", "SparkGCTimeHigh"),  # it does not end
    ],
)
def test_an_alert_that_does_something_else_fails(series: str, says: str, tmp_path: Path) -> None:
    (proof,) = (p for p in read(FOLDER / "spark.yaml")[1] if "SparkGCTimeHigh" in p.alerts)
    name = next(s for s in proof.series if "GCTime" in s)
    wrong = proof.model_copy(update={"record": None, "series": {**proof.series, name: series}})
    done = promtool(written(cases([wrong], rules("prod")), rules("prod"), tmp_path))
    assert done.returncode != 0
    assert says in done.stdout + done.stderr


@needs("promtool")
@pytest.mark.parametrize("wrong", [{"value": 0.2, "gives": 0.21}, {"idle": 0}, {"twice": 2}, {"labels": {}}])
def test_a_record_that_gives_something_else_fails(wrong: dict[str, object], tmp_path: Path) -> None:
    (proof,) = (p for p in read(FOLDER / "spark.yaml")[1] if p.record == "dataops:spark_executor:gc_time_ratio")
    changed = proof.model_copy(update={"alerts": {}, **wrong})
    done = promtool(written(cases([changed], rules("prod")), rules("prod"), tmp_path))
    assert done.returncode != 0
    assert "dataops:spark_executor:gc_time_ratio" in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({"series": {"a": 1}, "alerts": {"A": {"fires": 2, "below": 0.5}}}, "not just below"),
        ({"series": {"a": 1}, "record": "a:b"}, "needs a value"),
        ({"series": {"a": 1}}, "of a record, or of alerts"),
        ({"series": {"a": 1}, "record": "a:b", "value": 1, "twice": 2}, "Say because"),
        ({"series": {"a": 1}, "record": "a:b", "value": 1, "without": {"rest": "x"}}, "there are"),
    ],
)
def test_an_entry_that_proves_little_is_refused(entry: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        Proof.model_validate(entry)


@pytest.mark.parametrize(
    ("text", "written_out"),
    [
        ("value / 2", "1x2 1x1"),
        ("rate(value)", "0+20x2 60+20x1"),
        ("now - 60", "-60+10x2 -30+10x1"),
        ("line(5, -1)", "5-10x2 5-10x1"),
        ("none", "_x3 _x2"),
    ],
)
def test_a_series_is_written_as_promtool_reads_it(text: str, written_out: str) -> None:
    assert values(text, [Phase(3, 2), Phase(2, 2)], 10) == written_out


def test_a_counter_stands_still_starts_again_and_ends() -> None:
    phases = [Phase(2, 1), Phase(2, 1, idle=True), Phase(2, 1, reset=True), Phase(3, 1, gone=True)]
    assert values("rate(value)", phases, 10) == "0+10x1 20x1 10+10x1 stale _x2"


def promtool(files: list[Path]) -> subprocess.CompletedProcess[str]:
    program = REAL["promtool"]
    assert program
    return subprocess.run([program, "test", "rules", *files], capture_output=True, text=True, check=False)
