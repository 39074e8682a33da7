"""Each change of the corpus by itself, as a pull request has it: 5 minutes on two idle cores."""

from __future__ import annotations

import pytest
from cached_charts import needs_charts
from changed_program import CHANGES, Change, compared, said

pytestmark = needs_charts


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.name)
def test_a_change_by_itself_is_told_and_nothing_else(change: Change) -> None:
    found = compared([change])
    for line in change.says:
        assert said(found, line), f"not said: {line}"
    assert {entry.name for entry in found.risks} == set(change.risks)
    if change.silent:
        assert found.empty
    else:
        assert not found.empty
