"""Settings of the systems that watch what is delivered: web applications, Jenkins, Argo CD, probes."""

from __future__ import annotations

import pytest
from stack_settings import error_of
from stacks import run

import contracts
from model.scrape import ScrapeKind
from obs.check.catalogue import catalogue
from obs.check.infer import Expression, check_expressions
from plan import Plan

OTEL = {"kind": "otel", "namespace": "shop", "service": "shop/cart"}


def plan_of(name: str, settings: object) -> Plan:
    found = run("dev", config={"systems": {name: settings}, "selfMonitoring": False}).namespace["plan"]
    assert isinstance(found, Plan)
    return found


def test_an_application_that_sends_otlp_is_not_scraped_and_its_rules_read_what_it_sends() -> None:
    plan = plan_of("web_applications", {"applications": {"cart": OTEL}})
    (system,) = plan.systems
    assert [(s.kind, s.job) for s in system.scrapes] == [(ScrapeKind.PART, "shop/cart")]
    asked = [
        Expression(str(r.expr), "recording", r.record, "", r.record) for r in plan.records if "slo" not in r.labels
    ]
    found = check_expressions(asked, catalogue(plan.systems, contracts.load))
    assert [f.message for f in found if f.check != "rules/unused"] == []
    requests = next(rule for rule in plan.records if rule.record == "dataops:application:requests_rate5m")
    assert 'job="shop/cart"' in str(requests.expr)
    assert "label_replace(" in str(requests.expr)
    assert {alert.name for alert in system.alerts} == {"WebLatencyHigh", "WebApplicationSilent"}


def test_credentials_of_a_scrape_become_a_secret_of_its_own() -> None:
    asked = {
        "kind": "spring-boot",
        "namespace": "shop",
        "auth": {"kind": "basic", "username": "p", "secret": "shopPassword"},
    }
    (system,) = plan_of("web_applications", {"applications": {"cart": asked}}).systems
    assert [secret.name for secret in system.secrets] == ["web-cart-scrape"]
    jenkins = next(s for s in plan_of("jenkins", {"auth": {"secret": "jenkinsToken"}}).systems if s.name == "jenkins")
    assert [secret.name for secret in jenkins.secrets] == ["jenkins-scrape"]


@pytest.mark.parametrize(
    ("system", "settings", "message"),
    [
        ("web_applications", {"applications": {"cart": {"kind": "otel", "namespace": "shop"}}}, "belongs to kind otel"),
        ("web_applications", {"applications": {"cart": {**OTEL, "kind": "fastapi"}}}, "belongs to kind otel"),
        ("web_applications", {"applications": {}}, "applications"),
        ("argocd", {"installation": "manifests", "redis": True}, "only the chart can have one"),
        ("probes", {}, "systems.probes: needs exporters.blackbox.targets"),
    ],
)
def test_settings_that_do_not_fit_are_refused(system: str, settings: object, message: str) -> None:
    assert message in error_of({"systems": {system: settings}}, stack="dev")


def test_a_link_speed_takes_the_place_of_what_drivers_do_not_tell() -> None:
    nodes = next(system for system in plan_of("nodes", {"linkMbit": 10_000}).systems if system.name == "nodes")
    usage = next(signal for signal in nodes.signals if signal.name == "node_network_usage")
    assert "node_network_speed_bytes" not in str(usage.expr)
    assert "1250000000" in str(usage.expr)
