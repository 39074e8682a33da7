"""Targets that ask who Prometheus is, or speak TLS: from the settings of a system to its monitor and Secret."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import Field, ValidationError

from components.monitors import scrape_config_spec, service_monitor_spec
from model.scrape import BasicAuth, Bearer, Endpoint, Scrape, ScrapeKind, ScrapeSecret, SecretKey
from systems.access import Credential, TlsSettings
from systems.base import SystemSettings


class Sample(SystemSettings):
    credential: Credential | None = None
    servers: dict[str, TlsSettings] = Field(default_factory=dict)


def credential(**given: Any) -> Credential:
    return Credential.model_validate(given)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "the token is missing"),
        ({"username": "u", "secret": "minioToken"}, "belongs to kind basic"),
        ({"secret": "minioToken", "existingSecret": "s"}, "two ways"),
        ({"kind": "basic"}, "username: is needed"),
        ({"kind": "basic", "username": "u", "existingSecret": "s"}, "username: is needed"),
        ({"secret": "eyJhbGciOi"}, "not the secret itself"),
    ],
)
def test_half_a_credential_is_refused(given: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        credential(**given)


def test_a_credential_is_made_or_found() -> None:
    made = credential(kind="basic", username="prometheus", secret="trinoPassword")
    assert made.secrets("scrape-trino") == (
        ScrapeSecret(name="scrape-trino", plain={"username": "prometheus"}, secret={"password": "trinoPassword"}),
    )
    assert made.auth("scrape-trino") == BasicAuth(
        username=SecretKey("scrape-trino", "username"), password=SecretKey("scrape-trino", "password")
    )
    nameless = credential(kind="basic", username="prometheus")
    assert nameless.secrets("t") == (ScrapeSecret(name="t", plain={"username": "prometheus", "password": ""}),)
    found = credential(existingSecret="minio")
    assert found.secrets("scrape-minio") == ()
    assert found.auth("scrape-minio") == Bearer(SecretKey("minio", "token"))


def test_a_system_says_which_secrets_it_needs() -> None:
    sample = Sample.model_validate(
        {"credential": {"secret": "sampleToken"}, "servers": {"a": {"caSecret": "tls", "clientSecret": "tls"}}}
    )
    assert sample.secret_keys == ("sampleToken",)
    assert dict(sample.external_secrets) == {"tls": ("ca.crt", "tls.crt", "tls.key")}


def test_a_monitor_asks_with_credentials_parameters_and_tls() -> None:
    endpoint = Endpoint(
        port="https",
        contract="c",
        scheme="https",
        params={"collect[]": ("a", "b")},
        auth=Bearer(SecretKey("s", "token")),
        tls=TlsSettings.model_validate({"caSecret": "ca", "serverName": "x"}).tls,
    )
    scrape = Scrape(
        name="s", kind=ScrapeKind.SERVICE_MONITOR, selector={"a": "b"}, endpoints=(endpoint,), job="j", sample_limit=9
    )
    spec = service_monitor_spec(scrape).to_manifest()
    (found,) = spec["endpoints"]
    assert spec["sampleLimit"] == 9
    assert found["params"] == {"collect[]": ["a", "b"]}
    assert found["authorization"] == {"credentials": {"name": "s", "key": "token"}}
    assert found["tlsConfig"] == {"ca": {"secret": {"name": "ca", "key": "ca.crt"}}, "serverName": "x"}


def test_targets_by_address_are_a_scrape_config() -> None:
    scrape = Scrape(
        name="s",
        kind=ScrapeKind.STATIC,
        targets=("ceph.example.com:9283",),
        endpoints=(Endpoint(contract="ceph"),),
        job="ceph",
    )
    spec = scrape_config_spec(scrape).to_manifest()
    assert spec["staticConfigs"] == [{"targets": ["ceph.example.com:9283"]}]
    assert spec["jobName"] == "ceph"
    assert scrape.target_labels(scrape.endpoints[0]) == ("job", "instance", "cluster")
    with pytest.raises(ValueError, match="targets are for kind STATIC"):
        Scrape(name="s", kind=ScrapeKind.PART, targets=("a:1",), endpoints=(Endpoint(contract="ceph"),), job="j")
