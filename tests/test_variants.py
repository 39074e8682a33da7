"""Every form that the settings can choose passes the checks of the rendered stack, not the four stacks alone."""

from __future__ import annotations

from typing import Any

import pytest
from stacks import ROOT

from components.charts import CHARTS, archive_path
from obs.check.run import check_run
from obs.run import run_stack
from obs.stack_config import read_stack_config

REMOTE = {"kind": "remoteWrite", "remoteWrite": {"url": "https://m.example/push", "queryUrl": "https://m.example/q"}}
BUCKETS = {"metrics": "m-x", "logs": "l-x", "traces": "t-x"}
OFF = {"enabled": False}
VARIANTS: dict[str, dict[str, Any]] = {
    "large": {"size": "large", "traces": {"kafka": {"address": "kafka.data.svc:9092"}}},
    "small": {"size": "small"},
    "side cars": {"metricsStore": {"mode": "sidecar"}},
    "shards with side cars": {"metricsStore": {"mode": "sidecar"}, "prometheus": {"shards": 2}},
    "a store elsewhere": {"metricsStore": REMOTE},
    "no logs": {"logs": OFF},
    "no traces": {"traces": OFF},
    "metrics alone": {"logs": OFF, "traces": OFF, "collector": OFF, "objectStorage": {}, "metricsStore": REMOTE},
    "a mirror of images": {"imageRegistry": "mirror.example.com/all"},
    "gcs with a key": {"objectStorage": {"kind": "gcs", "buckets": BUCKETS, "existingSecret": "gcs-key"}},
    "no policies": {"networkPolicies": False},
    "Kubernetes 1.25": {"cluster": {"name": "x", "environment": "production", "kubernetesVersion": "1.25"}},
    "another namespace": {"namespace": "observability"},
    "every exporter": {"exporters": {"redis": {"cache": {"address": "cache.shop.svc:6379"}}, "pushgateway": {}}},
}
# Records and lock are of the stacks as they are.
_OF_THE_STACKS = ("upgrade/", "image/unlocked")


@pytest.mark.charts
@pytest.mark.parametrize("variant", VARIANTS)
def test_a_form_that_may_be_chosen_has_no_finding(variant: str) -> None:
    absent = [str(pin) for pin in CHARTS.values() if not archive_path(pin).is_file()]
    if absent:
        pytest.skip(f"charts are not cached: {', '.join(absent)} (`obs charts pull`)")
    run = run_stack("prod", ROOT, config=read_stack_config(ROOT, "prod", config=VARIANTS[variant]))
    checked = check_run(run, run.expanded(offline=True, keep_going=True), ROOT)
    assert checked.skipped == ()
    found = [f"{f.check} {f.subject}: {f.message}" for f in checked.findings if not f.check.startswith(_OF_THE_STACKS)]
    assert found == []
