"""What the strict models of the custom resources refuse, and how they become manifests."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pulumi
import pytest
from pydantic import ValidationError

from components.specs.http import (
    Authorization,
    BasicAuth,
    Credentials,
    OAuth2,
    Proxy,
    SecretKey,
    SecretOrConfigMap,
    TlsConfig,
    TlsConfigWithFiles,
    TokenCredentials,
)
from components.specs.monitors import Endpoint, ServiceMonitorSpec
from components.specs.probes import IngressTargets, Prober, ProbeSpec, StaticTargets, Targets
from components.specs.rules import PrometheusRuleSpec, Rule, RuleGroup
from components.specs.scrape_configs import (
    DnsDiscovery,
    FileDiscovery,
    HttpDiscovery,
    KubernetesDiscovery,
    Namespaces,
    ScrapeConfigSpec,
    StaticConfig,
)
from components.specs.scraping import LabelSelector, NamespaceSelector, Relabeling, Requirement

KEY = SecretKey(name="token", key="value")
CERT = SecretOrConfigMap(secret=KEY)
GROUP = RuleGroup(name="g")
STATIC = StaticTargets(static=("a",))
AUTH = Authorization(credentials=KEY)
BASIC = BasicAuth(username=KEY, password=KEY)
OWN = Namespaces(own_namespace=True)

Case = tuple[str, Callable[[], object]]
REFUSED: list[Case] = [
    ("exactly one of record and alert", lambda: Rule(expr="up")),
    ("exactly one of record and alert", lambda: Rule(expr="up", record="a:b", alert="A")),
    ("a recording rule has no for or annotations", lambda: Rule(expr="up", record="a:b", for_="5m", annotations={})),
    ("should be a Prometheus duration such as", lambda: Rule(expr="up", alert="A", for_="5 minutes")),
    ("should be a string that is not empty", lambda: Rule(expr="", alert="A")),
    ("should be a string that is not empty", lambda: Rule.model_validate({"record": "a:b", "expr": 0.999})),
    ("should be a string that is not empty", lambda: Rule.model_validate({"record": "a:b", "expr": 3600})),
    ("'g' is there 2 times; each name may occur once", lambda: PrometheusRuleSpec(groups=(GROUP, GROUP))),
    ("'abort' or 'warn'", lambda: RuleGroup.model_validate({"name": "g", "partial_response_strategy": "stop"})),
    ("scrapeTimeout 1m is longer than the interval 30s", lambda: Endpoint(interval="30s", scrape_timeout="1m")),
    ("the name of a port or its number", lambda: Endpoint(target_port=0)),
    ("'http' or 'https'", lambda: Endpoint.model_validate({"scheme": "ftp"})),
    ("should be a valid boolean", lambda: Endpoint.model_validate({"honorLabels": "yes"})),
    ("should have 1 item at least", lambda: ServiceMonitorSpec(selector=LabelSelector(), endpoints=())),
    ("any takes precedence", lambda: NamespaceSelector(any=True, match_names=("a",))),
    ("operator In takes values", lambda: Requirement(key="a", operator="In")),
    ("operator Exists takes no values", lambda: Requirement(key="a", operator="Exists", values=("b",))),
    ("action replace needs targetLabel", lambda: Relabeling(source_labels=("a",))),
    ("action hashmod needs a modulus above 0", lambda: Relabeling(action="hashmod", target_label="a")),
    ("labeldrop takes regex, not sourceLabels", lambda: Relabeling(action="labeldrop", source_labels=("a",))),
    ("basicAuth are both given; at most one", lambda: Credentials(authorization=AUTH, basic_auth=BASIC)),
    ("bearerTokenSecret are both given", lambda: TokenCredentials(authorization=AUTH, bearer_token_secret=KEY)),
    ("use basicAuth instead", lambda: Authorization(type="basic", credentials=KEY)),
    ("exactly one of secret and configMap", SecretOrConfigMap),
    ("a client certificate and its key", lambda: TlsConfig(cert=CERT)),
    ("a client certificate and its key", lambda: TlsConfigWithFiles(key_file="/key")),
    ("the ca is given twice", lambda: TlsConfigWithFiles(ca=CERT, ca_file="/ca")),
    ("minVersion TLS13 is above maxVersion TLS12", lambda: TlsConfig(min_version="TLS13", max_version="TLS12")),
    ("noProxy needs proxyUrl", lambda: Proxy(no_proxy="a")),
    ("excludes proxyUrl", lambda: Proxy(proxy_from_environment=True, proxy_url="http://p")),
    ("proxyConnectHeader needs", lambda: Proxy(proxy_connect_header={"A": (KEY,)})),
    ("an http:// or https:// address", lambda: OAuth2(client_id=CERT, client_secret=KEY, token_url="ftp://x")),
    ("without a scheme", lambda: Prober(url="http://blackbox:9115")),
    ("exactly one of staticConfig and ingress", Targets),
    ("exactly one of staticConfig", lambda: Targets(static_config=STATIC, ingress=IngressTargets())),
    ("no target: at least one", lambda: ScrapeConfigSpec(metrics_path="/m")),
    ("'a:1' is there 2 times", lambda: StaticConfig(targets=("a:1", "a:1"))),
    ("type A needs port", lambda: DnsDiscovery(names=("a",), type="A")),
    ("ends in .json, .yml or .yaml", lambda: FileDiscovery(files=("/targets.txt",))),
    (
        "excludes namespaces.ownNamespace",
        lambda: KubernetesDiscovery(role="Pod", api_server="https://k", namespaces=OWN),
    ),
    ("Extra inputs are not permitted", lambda: Endpoint.model_validate({"honourLabels": True})),
]


@pytest.mark.parametrize(("complaint", "build"), REFUSED, ids=[f"{i}: {text}" for i, (text, _) in enumerate(REFUSED)])
def test_what_the_operator_would_refuse_is_refused_before(complaint: str, build: Callable[[], object]) -> None:
    with pytest.raises(ValidationError, match=re.escape(complaint)) as caught:
        build()
    assert caught.value.error_count() == 1


def test_a_value_that_is_refused_is_not_repeated() -> None:
    with pytest.raises(ValidationError) as caught:
        Rule.model_validate({"alert": "A", "expr": "up", "for": "planted-secret", "token": "planted-secret"})
    assert caught.value.error_count() == 2
    assert "planted-secret" not in str(caught.value)


def test_a_manifest_spells_every_field_as_the_crd_does() -> None:
    rule = Rule(alert="Down", expr="up == 0", for_="5m", keep_firing_for="1m")
    group = RuleGroup(name="g", query_offset="1m", partial_response_strategy="warn", rules=(rule,))
    assert PrometheusRuleSpec(groups=(group,)).to_manifest() == {
        "groups": [
            {
                "name": "g",
                "query_offset": "1m",
                "partial_response_strategy": "warn",
                "rules": [{"alert": "Down", "expr": "up == 0", "for": "5m", "keep_firing_for": "1m"}],
            }
        ]
    }
    discovery = HttpDiscovery(url="http://targets", enable_http2=True)
    config = ScrapeConfigSpec(http_sd_configs=(discovery,), convert_classic_histograms_to_nhcb=True)
    assert config.to_manifest() == {
        "httpSDConfigs": [{"url": "http://targets", "enableHTTP2": True}],
        "convertClassicHistogramsToNHCB": True,
    }
    assert Endpoint(enable_http2=False, target_port=8080).to_manifest() == {"enableHttp2": False, "targetPort": 8080}


def test_a_manifest_can_be_read_back_into_its_model() -> None:
    spec = ProbeSpec(prober=Prober(url="[::1]:9115"), module="http_2xx", targets=Targets(static_config=STATIC))
    assert ProbeSpec.model_validate(spec.to_manifest()) == spec


def test_what_is_given_empty_is_written_and_what_is_not_given_is_not() -> None:
    spec = ServiceMonitorSpec(selector=LabelSelector(match_labels={}), endpoints=(Endpoint(port="http"),))
    assert spec.to_manifest() == {"selector": {"matchLabels": {}}, "endpoints": [{"port": "http"}]}


def test_an_output_passes_through_every_kind_of_text_unread() -> None:
    later: Any = pulumi.Output.from_input("later")
    endpoint = Endpoint(port=later, interval=later, scrape_timeout=later, target_port=later, params={"a": (later,)})
    manifest = endpoint.to_manifest()
    assert manifest["interval"] is later
    assert manifest["targetPort"] is later
    assert manifest["params"] == {"a": [later]}
    assert StaticConfig(targets=(later, later)).to_manifest() == {"targets": [later, later]}


def test_a_model_is_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        GROUP.name = "other"  # type: ignore[misc]
