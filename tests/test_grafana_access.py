"""Grafana's front door: who gets in, by which way, with which secret."""

from __future__ import annotations

import configparser
from typing import Any

import pytest
from rendered_stacks import manifest, rendered
from stack_settings import error_of, settings
from stacks import STACKS, run

from components.grafana_values import grafana_ini, role_of

OIDC: dict[str, Any] = {
    "clientId": "grafana",
    "secret": "grafanaClientKey",
    "authUrl": "https://login.example.com/auth",
    "tokenUrl": "https://login.example.com/token",
    "apiUrl": "https://login.example.com/userinfo",
    "adminGroup": "platform-admins",
}
URL = "https://grafana.example.com"
DEVELOPMENT = {"name": "x", "environment": "development"}
INGRESS: dict[str, Any] = {"className": "nginx", "tlsSecret": "grafana-tls", "annotations": {"example.com/a": "b"}}


@pytest.mark.parametrize("stack", STACKS)
def test_nobody_gets_in_without_logging_in(stack: str) -> None:
    ini = grafana_ini(settings(stack).grafana)
    assert ini["auth.anonymous"]["enabled"] is False
    assert ini["users"]["allow_sign_up"] is False
    assert ini["public_dashboards"]["enabled"] is False
    assert ini["snapshots"]["external_enabled"] is False


def test_cookies_keep_to_https_where_there_is_https() -> None:
    for stack, https in (("prod", True), ("local", False)):
        security = grafana_ini(settings(stack).grafana)["security"]
        assert (security["cookie_secure"], security["strict_transport_security"]) == (https, https)


def test_with_a_provider_the_log_in_form_is_gone_and_groups_give_roles() -> None:
    grafana = settings("prod", grafana={"url": URL, "oidc": {**OIDC, "editorGroup": "team a/editors"}}).grafana
    assert grafana_ini(grafana)["auth"]["disable_login_form"] is True
    assert grafana.oidc is not None
    assert role_of(grafana.oidc) == (
        "contains(groups[*], 'platform-admins') && 'Admin'"
        " || contains(groups[*], 'team a/editors') && 'Editor' || 'Viewer'"
    )


def test_the_clients_secret_must_be_set_and_is_a_secret_of_its_own() -> None:
    config: dict[str, object] = {"grafana": {"url": URL, "oidc": OIDC}}
    assert "pulumi config set --secret grafanaClientKey" in error_of(config, preview=False)
    recording = run("prod", config=config, secrets={"grafanaClientKey": "planted"})
    (secret,) = [r for r in recording.resources if r.name == "grafana-oidc"]
    assert secret.redacted()["inputs"]["stringData"] == {"client-secret": "[secret]"}


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"grafana": {"url": "http://g.example.com"}}, "grafana.url: must begin with https:// in production"),
        (
            {"cluster": DEVELOPMENT, "grafana": {"url": "http://g.example.com", "oidc": OIDC}},
            "grafana.url: must begin with https:// where oidc is on",
        ),
        (
            {"grafana": {"url": URL, "oidc": {**OIDC, "tokenUrl": "http://login.example.com/token"}}},
            "grafana.oidc.tokenUrl: must begin with https://",
        ),
        (
            {"grafana": {"url": URL, "oidc": {**OIDC, "adminGroup": "x') || 'Admin"}}},
            "grafana.oidc.adminGroup: must be letters, digits",
        ),
        (
            {"grafana": {"url": URL, "oidc": {**OIDC, "clientId": "{{ .Values.x }}"}}},
            "grafana.oidc.clientId: must be letters, digits",
        ),
        (
            {"grafana": {"url": URL, "oidc": {**OIDC, "apiUrl": "https://x.example.com/{{ now }}"}}},
            "grafana.oidc.apiUrl: must be an http:// or https:// address without",
        ),
        ({"grafana": {"url": "https://10.0.0.1", "ingress": {}}}, "grafana.url: with an ingress it must name a host"),
        ({"grafana": {"url": f"{URL}:8443", "ingress": {}}}, "grafana.url: with an ingress it must name a host"),
        ({"grafana": {"url": f"{URL}/x", "ingress": {}}}, "grafana.url: with an ingress Grafana is at the root"),
        (
            {"cluster": DEVELOPMENT, "grafana": {"url": "http://g.example.com", "ingress": INGRESS}},
            "grafana.ingress.tlsSecret: is for https, and url begins with http://",
        ),
        (
            {"grafana": {"url": URL, "ingress": {"annotations": {"example.com/a": "{{ fail }}"}}}},
            "grafana.ingress.annotations.example.com/a: must be a text without {{",
        ),
    ],
)
def test_what_would_leave_the_door_open_is_refused(config: dict[str, object], expected: str) -> None:
    assert expected in error_of(config)


@pytest.mark.charts
def test_behind_an_ingress_with_a_provider_no_file_holds_the_secret() -> None:
    grafana = {"url": URL, "ingress": INGRESS, "oidc": OIDC}
    _, expansion = rendered("prod", {"grafana": grafana}, {"grafanaClientKey": "planted"})
    assert not [o.name for o in expansion.objects if "planted" in (o.text or str(o.manifest))]
    ini = configparser.ConfigParser(interpolation=None)
    ini.read_string(manifest(expansion, "ConfigMap", "kube-prometheus-stack-grafana")["data"]["grafana.ini"])
    assert ini["auth.generic_oauth"]["client_id"] == "grafana"
    assert "client_secret" not in ini["auth.generic_oauth"]
    assert ini["auth.anonymous"]["enabled"] == "false"
    pod = manifest(expansion, "Deployment", "kube-prometheus-stack-grafana")["spec"]["template"]["spec"]
    (container,) = [c for c in pod["containers"] if c["name"] == "grafana"]
    env = {e["name"]: e.get("valueFrom", {}).get("secretKeyRef") for e in container["env"]}
    assert env["GF_AUTH_GENERIC_OAUTH_CLIENT_SECRET"] == {"name": "grafana-oidc", "key": "client-secret"}
    assert env["GF_SECURITY_SECRET_KEY"] == {"name": "grafana-admin", "key": "encryption-key"}
    ingress = manifest(expansion, "Ingress", "kube-prometheus-stack-grafana")["spec"]
    assert ingress["tls"] == [{"secretName": "grafana-tls", "hosts": ["grafana.example.com"]}]
    assert [rule["host"] for rule in ingress["rules"]] == ["grafana.example.com"]
    assert ingress["ingressClassName"] == "nginx"
