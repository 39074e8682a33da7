"""What an author of a system gets wrong is said where it is written."""

from __future__ import annotations

from typing import Any

import pytest

import systems
from model.dashboard import Panel, PanelKind
from model.promql import metric
from model.rule import Alert, Severity, Signal
from model.scrape import Endpoint
from model.system import Domain, Section, System
from systems.base import Context, silence

CONTEXT = Context(cluster="c", namespace="monitoring", workloads=("jobs-.*",))
SIGNAL = Signal(name="s", title="S", description="d", good="g", unit="short", expr=metric("up"))
ALERT: dict[str, Any] = {
    "name": "UpLow", "signal": SIGNAL, "op": "<", "threshold": 1, "for_": "5m", "severity": Severity.HIGH,
    "component": "c", "summary": "s", "description": "d",
}  # fmt: skip


# What a system cannot know by itself.
NEEDED: dict[str, dict[str, Any]] = {
    "web_applications": {
        "applications": {"shop": {"kind": "fastapi", "namespace": "shop", "selector": {"app": "shop"}}}
    }
}


@pytest.mark.parametrize("name", systems.available())
def test_every_system_is_built_from_its_defaults(name: str) -> None:
    settings = systems.settings_class(name).model_validate(NEEDED.get(name, {}))
    system = systems.build(name, settings, CONTEXT)
    assert system.name == name
    assert system.contracts


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"severity": "hgh"}, "severity of UpLow must be a Severity: CRITICAL, HIGH"),
        ({"name": "up_low"}, "is not CamelCase"),
        ({"for_": "5 minutes"}, "is not a Prometheus duration"),
    ],
)
def test_a_wrong_alert_is_refused(change: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Alert(**{**ALERT, **change})


def test_a_wrong_panel_section_endpoint_or_interval_is_refused() -> None:
    panel = Panel(title="S", kind=PanelKind.STAT, signals=(SIGNAL,))
    wrong: list[tuple[Any, dict[str, Any], str]] = [
        (Panel, {"title": "S", "kind": "timeserie"}, "must be a PanelKind"),
        (Section, {"domain": "datas", "title": "S", "panels": (panel,)}, "must be a Domain"),
        (Endpoint, {"port": 9121, "contract": "c"}, "name of a port"),
        (Endpoint, {"port": "http", "contract": "c", "interval": "30"}, "Prometheus duration"),
        (System, {"name": "s", "title": "S", "interval": "30", "scrapes": (), "signals": ()}, "Prometheus duration"),
    ]
    for kind, fields, says in wrong:
        with pytest.raises(ValueError, match=says):
            kind(**fields)
    assert Section(domain=Domain.DATA, title="S", panels=(panel,)).panels == (panel,)


def test_a_definition_knows_its_line_even_through_a_helper_of_the_systems() -> None:
    signal, alert = silence(
        CONTEXT, job="x", title="X", name="XSilent", component="x", severity=Severity.HIGH, hides="nothing"
    )
    assert str(signal.where).startswith("tests/test_systems.py:")
    assert alert.where.file == "tests/test_systems.py"


def test_an_alert_for_silence_names_its_cluster() -> None:
    _, alert = silence(
        CONTEXT, job="x", title="X", name="XSilent", component="x", severity=Severity.HIGH, hides="nothing"
    )
    assert alert.labels == {"cluster": "c"}
