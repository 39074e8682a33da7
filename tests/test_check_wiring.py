"""The wiring checks: a stack that fits gives nothing, and each way of breaking it gives its finding."""

from __future__ import annotations

import pytest
import yaml
from wired_stack import SAMPLES, WIRED, changed, findings, rendered, without

from obs.check.wiring import Stack, external_addresses

BREAKS = yaml.safe_load((SAMPLES / "breaks.yaml").read_text())
FINE = yaml.safe_load((SAMPLES / "fine.yaml").read_text())


def test_a_stack_in_which_everything_fits_has_no_finding() -> None:
    assert findings(WIRED) == []


@pytest.mark.parametrize("name", BREAKS)
def test_a_stack_that_is_broken_in_one_way_has_one_finding(name: str) -> None:
    broken = BREAKS[name]
    (found,) = findings(changed(broken["old"], broken["new"]))
    assert (found.check, found.subject, found.where) == (broken["check"], broken["subject"], "parts.py:1")
    assert broken["says"] in found.message
    assert "suggests" not in broken or found.suggestion == broken["suggests"]


@pytest.mark.parametrize("name", FINE)
def test_what_is_no_defect_is_not_found(name: str) -> None:
    assert findings(changed(FINE[name]["old"], FINE[name]["new"])) == []


def test_without_data_sources_and_dashboards_nothing_is_said_of_them() -> None:
    text = without("ConfigMap", "dashboard")
    kept = "\n---\n".join(part for part in text.split("\n---\n") if "grafana_datasource:" not in part)
    assert findings(kept) == []


def test_a_mesh_port_of_alertmanager_is_reached_by_udp_and_tcp() -> None:
    host = "alertmanager-operated.monitoring.svc"
    peers = f"--peer=_tcp-mesh._tcp.{host} --peer=_udp-mesh._udp.{host}"
    assert findings(changed("--listen=0.0.0.0:10902", peers)) == []


def test_the_operators_service_is_another_where_the_resource_names_one() -> None:
    text = changed("  replicas: 2\n  portName: http-web", "  replicas: 2\n  serviceName: own\n  portName: http-web")
    found = findings(text)
    assert {f.check for f in found} == {"wiring/service"}
    assert any("serviceName is own, and no such Service" in f.message for f in found)


def test_a_stateful_set_names_a_service_that_is_there() -> None:
    found = {f.subject: f for f in findings(changed("serviceName: store-headless", "serviceName: stare-headless"))}
    governed = found["StatefulSet monitoring/store"]
    assert governed.check == "wiring/service"
    assert "serviceName is stare-headless, and no such Service is rendered in namespace monitoring" in governed.message
    assert governed.suggestion == "store-headless"


def test_a_certificate_of_cert_manager_is_a_secret() -> None:
    certificate = (
        "\n---\napiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: c}\nspec: {secretName: made}\n"
    )
    assert findings(changed("secretName: given", "secretName: made") + certificate) == []


def test_services_of_other_namespaces_are_listed_with_who_calls_them() -> None:
    assert external_addresses(Stack(rendered(WIRED), "monitoring")) == [
        ("minio.storage", "minio.storage.svc:9000", "ConfigMap monitoring/gateway")
    ]


def test_a_single_pod_may_always_call_itself() -> None:
    text = changed(", {podSelector: {matchLabels: {app: store}}}]", "]")
    alone = text.replace(
        "kind: StatefulSet\nmetadata: {name: store}\nspec:\n  replicas: 2",
        "kind: StatefulSet\nmetadata: {name: store}\nspec:\n  replicas: 1",
    )
    assert [f.check for f in findings(text)] == ["wiring/network-policy"]
    assert findings(alone) == []


@pytest.mark.parametrize(
    ("kind", "name", "check"),
    [
        ("Service", "store", "wiring/service"),
        ("Secret", "login", "wiring/reference"),
        ("Deployment", "gateway", "wiring/monitor"),
    ],
)
def test_what_is_taken_away_is_missed(kind: str, name: str, check: str) -> None:
    assert check in {f.check for f in findings(without(kind, name))}
