from __future__ import annotations

import json

from obs.check.finding import Finding


def test_findings_sort_by_file_then_by_line_as_a_number() -> None:
    places = ["b.py:1", "a.py:10", "a.py:9", "a chart"]
    assert [f.where for f in sorted(Finding("c", "s", p, "m") for p in places)] == [
        "a chart",
        "a.py:9",
        "a.py:10",
        "b.py:1",
    ]


def test_findings_with_and_without_an_expression_can_be_sorted_together() -> None:
    bare, full = Finding("c", "s", "a.py:1", "m"), Finding("c", "s", "a.py:1", "m", "up", "down")
    assert sorted([full, bare]) == [bare, full]


def test_a_finding_survives_json() -> None:
    finding = Finding("promql/parse", "alert X", "a.py:1", "unclosed", "sum(", None)
    assert Finding(**json.loads(json.dumps(finding.to_dict()))) == finding
