"""The stack watches itself: which of its parts, and what simulated faults do to parts that really run."""

from __future__ import annotations

from typing import Any

import pytest
from simulated_faults import CLUSTER, START, simulated
from stack_settings import error_of, settings

from obs.simulate.exposition import without
from obs.simulate.scenarios import SCENARIOS
from obs.simulate.simulation import Answer
from systems import OWN

OFF = {"enabled": False}
REMOTE = {"kind": "remoteWrite", "remoteWrite": {"url": "https://m.example/push", "queryUrl": "https://m.example/q"}}
ALONE: dict[str, Any] = {
    "logs": OFF, "traces": OFF, "collector": OFF, "objectStorage": {}, "metricsStore": REMOTE, "systems": {},
}  # fmt: skip
PAGE = Answer(200, "# HELP reloader_last_reload_successful x\nreloader_last_reload_successful 1\nreloader_info 3\n")


def test_the_parts_of_the_stack_are_watched_without_being_named() -> None:
    assert set(settings(systems={}).monitored) == set(OWN)
    assert set(settings(**ALONE).monitored) == {"prometheus", "alertmanager", "prometheus_operator", "grafana"}


def test_a_part_of_the_stack_keeps_the_settings_that_are_given() -> None:
    found = settings(systems={"prometheus": {"series": 5000}}).monitored["prometheus"]
    assert found.model_dump() == {"series": 5000}


def test_a_stack_that_does_not_want_to_watches_only_what_it_names() -> None:
    assert set(settings(systems={"loki": {}}, selfMonitoring=False).monitored) == {"loki"}


@pytest.mark.parametrize("name", ["thanos", "loki", "tempo", "alloy", "collector"])
def test_a_part_that_the_stack_does_not_have_cannot_be_watched(name: str) -> None:
    assert f"systems.{name}: needs " in error_of({**ALONE, "systems": {name: {}}})


def test_a_page_without_a_family_has_neither_its_samples_nor_its_texts() -> None:
    text = '# HELP a_total x\n# TYPE a_total counter\na_total{b="c"} 1\na_total_more 2\n# TYPE d gauge\nd 3\n'
    assert without(text, {"a_total"}) == "a_total_more 2\n# TYPE d gauge\nd 3\n"


def test_a_fault_changes_what_a_part_says_that_really_runs_until_it_is_healed() -> None:
    simulation = simulated(SCENARIOS["reloader-fails"], SCENARIOS["prometheus-down"])
    pod = next(pod for pod in CLUSTER.pods if pod.name.startswith("prometheus-"))

    def said(port: int = 8080) -> Answer:
        return simulation.overlaid(pod.ip, port, "/metrics", PAGE, START)

    assert said() == PAGE
    simulation.inject("reloader-fails", START)
    assert said().text == (
        "reloader_info 3\n# TYPE reloader_last_reload_successful gauge\nreloader_last_reload_successful 0\n"
    )
    assert said(port=9090) == PAGE
    simulation.inject("prometheus-down", START)
    assert (said(port=9090).status, said().status) == (503, 200)
    simulation.heal(START)
    assert said(port=9090) == PAGE
