"""Small changes to the program are reported right: every line that is expected, no risk that is not, no secret."""

from __future__ import annotations

import pytest
from cached_charts import missing
from changed_program import CHANGES, Change, base, of, reported, said, taken

from obs.diff.entry import LIMIT
from obs.diff.report import json, markdown, text
from obs.diff.report.model import fitted, report

RUNS = sorted({change.run for change in CHANGES})
CIPHERTEXTS = ("v1:first", "v1:second")


def needed(change: Change) -> None:
    if change.charts and missing():
        pytest.skip(missing())


def test_the_corpus_is_large_enough() -> None:
    assert len(CHANGES) >= 40
    assert len({change.name for change in CHANGES}) == len(CHANGES)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.name)
def test_a_change_is_told(change: Change) -> None:
    needed(change)
    found = reported(change.run)
    for line in change.says:
        assert said(found, line), f"not said: {line}"
    names = {entry.name for entry in found.risks}
    assert set(change.risks) <= names
    if change.silent:
        assert change.silent not in {one.subject for one in found.objects}


@pytest.mark.parametrize("run", RUNS)
def test_no_other_risk_is_told(run: str) -> None:
    for change in of(run):
        needed(change)
    expected = {risk for change in of(run) for risk in change.risks}
    assert {entry.name for entry in reported(run).risks} == expected


@pytest.mark.parametrize("run", RUNS)
def test_no_form_has_a_secret_or_is_too_long(run: str) -> None:
    found = reported(run)
    for render in (json.render, markdown.render, lambda r: text.render(r, explain=True, diffs=True)):
        whole = render(found)
        assert not any(secret in whole for secret in CIPHERTEXTS)
        assert len(fitted(found, render)) <= LIMIT


def test_nothing_is_said_of_no_change() -> None:
    found = report(base(), base())
    assert found.empty
    assert "nothing changes" in found.headline


AIRFLOW = "systems/airflow/__init__.py"
ALERTS = "(*alerts(signals, settings.minimum_runs), silent_alert)"
SIGNALS = "(*run_signals(), *limit_signals(settings.sla), *scheduler_signals(), *task_signals())"
IMPORTS = "from __future__ import annotations\n"
REORDERED = [
    (AIRFLOW, ALERTS, "(silent_alert, *alerts(signals, settings.minimum_runs))"),
    (AIRFLOW, SIGNALS, "(*task_signals(), *scheduler_signals(), *limit_signals(settings.sla), *run_signals())"),
    ("systems/kafka/__init__.py", IMPORTS, f"{IMPORTS}\n# Every definition is on another line.\n"),
    ("Pulumi.prod.yaml", "    ceph: {}\n    oracle: {}\n", "    oracle: {}\n    ceph: {}\n"),
]


def test_nothing_is_said_of_reordered_code() -> None:
    found = report(base(), taken(REORDERED))
    assert [entry.name for entry in (*found.meaning, *found.risks)] == []
    assert [one.subject for one in found.objects] == []
