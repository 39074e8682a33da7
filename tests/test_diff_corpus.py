"""Small changes to the program are reported right: every line that is expected, no risk that is not, no secret."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cached_charts import missing
from changed_program import CHANGES, Change, base, entries, of, reported, taken, unsaid

from obs.diff.entry import LIMIT, Entry
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
    assert unsaid(found, change, alone=False) == []
    names = {entry.name for entry in found.risks}
    assert set(change.risks) <= names
    if change.silent:
        assert change.silent not in {one.subject for one in found.objects}


def test_a_line_is_one_entry_with_its_subject_and_its_whole_text() -> None:
    def one(subject: str, text: str) -> Entry:
        return Entry(topic="alerts", subject=subject, text=text)

    told = (one("LagHigh", "for 5m → 10m"), one("4 alerts", "told a → b: Silent, Lag and 2 more"))
    found = replace(report(base(), base()), meaning=told)
    lines = ["LagHigh | for 5m → 10m", "LagHigh | for …", "Lag | told a → b", "Silent | told … → …"]
    assert all(len(entries(found, f"alerts | {line}")) == 1 for line in lines)
    others = ["Lag | for 5m → 10m", "LagHigh | for 5m", "LagHigh | 10m", "b | told a", "more | told a → b"]
    assert not any(entries(found, f"alerts | {line}") for line in others)
    assert entries(found, "alerts | LagHigh | 5m", whole=False)
    assert not entries(found, "alerts | Lag | 5m", whole=False)
    assert not entries(found, "routing | LagHigh | for 5m → 10m")


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
SIGNALS = "(*runs, *limit_signals(settings.sla), *scheduler_signals(), *task_signals())"
IMPORTS = "from __future__ import annotations\n"
REORDERED = [
    (AIRFLOW, ALERTS, "(silent_alert, *alerts(signals, settings.minimum_runs))"),
    (AIRFLOW, SIGNALS, "(*task_signals(), *scheduler_signals(), *limit_signals(settings.sla), *runs)"),
    ("systems/kafka/__init__.py", IMPORTS, f"{IMPORTS}\n# Every definition is on another line.\n"),
    ("Pulumi.prod.yaml", "    ceph: {}\n    oracle: {}\n", "    oracle: {}\n    ceph: {}\n"),
]


def test_nothing_is_said_of_reordered_code() -> None:
    found = report(base(), taken(REORDERED))
    assert [entry.name for entry in (*found.meaning, *found.risks)] == []
    assert [one.subject for one in found.objects] == []
