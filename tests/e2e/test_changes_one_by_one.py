"""Each change of the corpus by itself, as a pull request has it: 8 minutes of one core."""

from __future__ import annotations

import pytest
from cached_charts import needs_charts
from changed_program import CHANGES, Change, compared, others, unsaid

from obs.diff.gates import stopped
from obs.diff.report import json

pytestmark = needs_charts


@pytest.mark.parametrize("change", [one for one in CHANGES if not one.refused], ids=lambda change: change.name)
def test_a_change_by_itself_is_told_and_no_other_risk(change: Change) -> None:
    found = compared([change])
    assert unsaid(found, change, alone=True) == []
    assert others(found, change.risks) == ([], [])
    assert stopped(found, ["change"]) == ["change"]
    assert "v1:first" not in json.render(found)
    assert "v1:second" not in json.render(found)
