"""Small changes to the program are reported right: every line that is expected, no risk that is not, no secret."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cached_charts import missing
from changed_program import CHANGES, Change, base, compared, entries, of, others, reported, taken, unsaid

from obs.diff.entry import LIMIT, Entry
from obs.diff.gates import stopped
from obs.diff.report import json, markdown, text
from obs.diff.report.model import fitted, report
from obs.errors import ObsError

RUNS = sorted({change.run for change in CHANGES if not change.refused})
CIPHERTEXTS = ("v1:first", "v1:second")


def needed(change: Change) -> None:
    if change.charts and missing():
        pytest.skip(missing())


def test_the_corpus_is_large_enough() -> None:
    assert len(CHANGES) >= 40
    assert len({change.name for change in CHANGES}) == len(CHANGES)


@pytest.mark.parametrize("change", [one for one in CHANGES if not one.refused], ids=lambda change: change.name)
def test_a_change_is_told(change: Change) -> None:
    needed(change)
    found = reported(change.run)
    assert change.says
    assert unsaid(found, change, alone=False) == []
    assert others(found, change.risks)[1] == []
    if change.silent:
        assert change.silent not in {one.subject for one in found.objects}


@pytest.mark.parametrize("change", [one for one in CHANGES if one.refused], ids=lambda change: change.name)
def test_a_change_is_refused_without_its_secret(change: Change) -> None:
    with pytest.raises(ObsError) as refused:
        compared([change])
    assert change.refused in str(refused.value)
    assert not any(secret in str(refused.value) for secret in CIPHERTEXTS)


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
    expected = [risk for change in of(run) for risk in change.risks]
    assert others(reported(run), expected) == ([], [])


@pytest.mark.parametrize("run", RUNS)
def test_no_form_has_a_secret_or_is_too_long(run: str) -> None:
    for change in of(run):
        needed(change)
    found = reported(run)
    for render in (json.render, markdown.render, lambda r: text.render(r, explain=True, diffs=True)):
        whole = render(found)
        assert not any(secret in whole for secret in CIPHERTEXTS)
        assert len(fitted(found, render)) <= LIMIT


def test_nothing_is_said_of_no_change() -> None:
    found = report(base(), base())
    assert found.empty
    assert "nothing changes" in found.headline
    assert found.notes == ()


AIRFLOW = "systems/airflow/__init__.py"
ALERTS = "(*alerts(signals, settings.minimum_runs), silent_alert)"
SIGNALS = "(*runs, failing(), *limit_signals(settings.sla), *scheduler_signals(), *task_signals())"
IMPORTS = "from __future__ import annotations\n"
REORDERED = [
    (AIRFLOW, ALERTS, "(silent_alert, *alerts(signals, settings.minimum_runs))"),
    (AIRFLOW, SIGNALS, "(*task_signals(), *scheduler_signals(), *limit_signals(settings.sla), failing(), *runs)"),
    ("systems/kafka/__init__.py", IMPORTS, f"{IMPORTS}\n# Every definition is on another line.\n"),
    ("Pulumi.prod.yaml", "    ceph: {}\n    oracle: {}\n", "    oracle: {}\n    ceph: {}\n"),
]


def test_nothing_is_said_of_reordered_code_but_that_the_engine_writes_it_again() -> None:
    found = report(base(), taken(REORDERED))
    assert found.empty
    assert "nothing changes" in found.headline
    assert stopped(found, ["change"]) == []
    assert found.notes[0].startswith("1 object differs only in order, labels of versions or checksums; ")
    assert found.notes[0].endswith("the engine writes it again: PrometheusRule monitoring/rules-airflow")
    assert len(found.notes) == 1
