"""Each alert of kube-prometheus-stack's own rules has what tells the same here, or a reason."""

from __future__ import annotations

import re
import tarfile
from functools import cache
from pathlib import Path

import pytest
from stacks import STACKS, run

from alerting.overrides import chart_rules
from components.charts import CHARTS, archive_path
from components.services import KUBE_PROMETHEUS

_ALERT = re.compile(rb"^\s*- alert: (\w+)$", re.MULTILINE)


@cache
def ours() -> set[str]:
    return {alert.name for stack in STACKS for alert in run(stack).namespace["plan"].alerts}


def test_what_stands_for_an_alert_is_deployed() -> None:
    named = {name for found in chart_rules().values() if not isinstance(found, str) for name in found}
    assert named
    assert named - ours() == set()


def test_a_reason_is_more_than_a_word() -> None:
    reasons = [found for found in chart_rules().values() if isinstance(found, str)]
    assert reasons
    assert [reason for reason in reasons if len(reason.split()) < 4] == []


def test_the_pinned_chart_has_exactly_these_alerts() -> None:
    archive = archive_path(CHARTS[KUBE_PROMETHEUS])
    if not archive.is_file():
        pytest.skip("kube-prometheus-stack is not in the chart cache: `obs charts pull`")
    assert alerts_of(archive) - ours() == chart_rules().keys() - ours()
    assert chart_rules().keys() & ours() == set()


def alerts_of(archive: Path) -> set[str]:
    with tarfile.open(archive) as chart:
        texts = [
            file.read()
            for entry in chart.getmembers()
            if "/templates/prometheus/rules-1.14/" in entry.name and (file := chart.extractfile(entry))
        ]
    return {name.decode() for text in texts for name in _ALERT.findall(text)}
