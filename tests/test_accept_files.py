"""Configuration files: which there are, what each is, and what becomes of one that nobody knows."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

import pytest
from accept_samples import expansion, files, holder, rendered

from obs.accept.files import config_files
from obs.accept.forms import Form, loki_overrides
from obs.accept.kinds import CREDENTIAL, ROWS, RULES, Kind, Row, kind_of
from obs.accept.run import OURS, Accepted, check_files
from obs.documents import MASK

TEXT = Kind("text", (Form(lambda text: [] if text == "good" else [f"{text} is not good"]),))
ROW = Row("", "ConfigMap/*", "*.txt", TEXT)


def test_every_key_of_every_config_map_and_secret_is_a_file() -> None:
    encoded = base64.b64encode(b"text").decode()
    found = files(
        holder("ConfigMap", "c", {"a": "1", "b": "2"}),
        holder("ConfigMap", "c2", {"bin": encoded}, field="binaryData"),
        holder("Secret", "s", {"plain": "text"}, field="stringData"),
        holder("Secret", "s2", {"encoded": encoded}),
        holder("Secret", "s3", {"masked": MASK}, chart="tiny"),
        holder("ConfigMap", "empty", {}),
        holder("Role", "no", {"a": "1"}),
    )
    assert [(str(f), f.chart, f.text) for f in found] == [
        ("ConfigMap c, a", "", "1"),
        ("ConfigMap c, b", "", "2"),
        ("ConfigMap c2, bin", "", "text"),
        ("Secret s, plain", "", "text"),
        ("Secret s2, encoded", "", "text"),
        ("Secret s3, masked", "tiny", None),
    ]


def test_the_rules_of_a_prometheus_rule_are_the_file_that_the_operator_makes_of_them() -> None:
    group = {"name": "g", "rules": []}
    spec = {"groups": [group]}
    (file,) = files(rendered({"apiVersion": "m/v1", "kind": "PrometheusRule", "metadata": {"name": "r"}, "spec": spec}))
    assert file.text == "groups:\n- name: g\n  rules: []\n"
    assert kind_of(file) is RULES


def test_the_first_row_that_fits_chart_object_and_key_says_what_a_file_is() -> None:
    (own,) = files(holder("ConfigMap", "c", {"a.txt": ""}))
    (charts,) = files(holder("ConfigMap", "c", {"a.txt": ""}, chart="tiny"))
    other = Row("*", "ConfigMap/*", "*", CREDENTIAL)
    assert [kind_of(own, rows) for rows in ([ROW], [other, ROW], [])] == [TEXT, CREDENTIAL, None]
    assert [kind_of(charts, rows) for rows in ([ROW], [ROW, other])] == [None, CREDENTIAL]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.chart} {row.object} {row.key}")
def test_every_kind_has_a_program_or_the_reason_why_not(row: Row) -> None:
    assert any(check.tool for check in row.kind.checks) or row.kind.reason


def test_files_are_accepted_refused_or_found_to_be_unclassified() -> None:
    found = files(holder("ConfigMap", "c", {"a.txt": "good", "b.txt": "bad", "c.unknown": "?"}))
    results = check_files(found, rows=[ROW], places={("ConfigMap", "c"): "components/c.py:1"})
    assert [(r.by, r.finding and (r.finding.check, r.finding.message)) for r in results] == [
        (OURS, None),
        ("", ("file/refused", "bad is not good")),
        ("", ("file/unclassified", "no row of obs/accept/kinds.py says what this file is and who checks it")),
    ]
    assert {r.finding.where for r in results if r.finding} == {"components/c.py:1"}
    assert [f.check for f in Accepted("prod", {}, results).checked.findings] == ["file/refused", "file/unclassified"]


def test_a_file_in_a_masked_secret_cannot_be_accepted_unless_it_is_no_configuration() -> None:
    (file,) = config_files(expansion(holder("Secret", "s", {"a": MASK}, chart="tiny")))
    (result,) = check_files([file], rows=[Row("tiny", "Secret/s", "a", TEXT)])
    assert result.finding
    assert result.finding.check == "file/unreadable"
    (result,) = check_files([file], rows=[Row("tiny", "Secret/s", "a", CREDENTIAL)])
    assert (result.finding, result.skipped) == (None, "")


@pytest.mark.usefixtures("own_cache")
def test_a_program_that_is_not_there_is_not_asked_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    @dataclass
    class Never:
        tool: str = "thanos"

        def refusal(self, _program: Path | None, _text: str, _folder: Path) -> str:
            raise AssertionError

    both = Kind("both", (Never(), Form(loki_overrides)))
    results = check_files(files(holder("ConfigMap", "c", {"a.txt": "{}"})), rows=[Row("", "*", "*", both)])
    assert [(r.by, bool(r.skipped), r.finding) for r in results] == [("thanos", True, None), (OURS, False, None)]
    assert "obs tools build thanos" in results[0].skipped
    assert Accepted("prod", {}, results).checked.skipped == (results[0].skipped,)
