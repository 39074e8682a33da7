"""The strict models against the operator's real CRDs, field by field."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from crd_schemas import CRDS, crd_spec, differences
from jsonschema import Draft202012Validator
from pydantic import BaseModel, ConfigDict, Field, create_model

from components.specs.base import Items, Spec, Text
from components.specs.http import Authorization, SecretKey, SecretOrConfigMap, TlsConfigWithFiles
from components.specs.monitors import Endpoint, PodEndpoint, PodMonitorSpec, ServiceMonitorSpec
from components.specs.probes import Prober, ProbeSpec, StaticTargets, Targets
from components.specs.rules import PrometheusRuleSpec, Rule, RuleGroup
from components.specs.scrape_configs import HttpDiscovery, KubernetesDiscovery, ScrapeConfigSpec, StaticConfig
from components.specs.scraping import LabelSelector, NamespaceSelector, Relabeling

needs_crds = pytest.mark.skipif(not CRDS.is_dir(), reason="the operator's CRDs are not beside the checkout")

MODELS: dict[str, type[Spec]] = {
    "prometheusrules": PrometheusRuleSpec,
    "servicemonitors": ServiceMonitorSpec,
    "podmonitors": PodMonitorSpec,
    "probes": ProbeSpec,
    "scrapeconfigs": ScrapeConfigSpec,
}
CLOUDS = (
    "azure consul digitalOcean docker dockerSwarm ec2 eureka gce hetzner ionos kuma lightSail linode nomad openstack"
    " ovhcloud puppetDB scaleway"
)
LEFT_OUT = {"scrapeconfigs": [f"spec.{cloud}SDConfigs: not in the model" for cloud in CLOUDS.split()]}


@needs_crds
@pytest.mark.parametrize("kind", MODELS)
def test_every_field_of_a_model_fits_the_crd_and_nothing_is_left_out_but_clouds(kind: str) -> None:
    assert differences(MODELS[kind], crd_spec(kind)) == LEFT_OUT.get(kind, [])


Key = Annotated[str, Field(min_length=1, pattern="^k")]


class _Fits(Spec):
    key: Key
    mode: Literal["a"] | None = None
    size: Annotated[int, Field(ge=1)] | None = None
    map: dict[str, Text] | None = None
    many: Annotated[tuple[Text, ...], Items(at_least=1, distinct=True)] | None = None


SMALL_CRD: dict[str, Any] = {
    "type": "object",
    "required": ["key"],
    "properties": {
        "key": {"type": "string", "minLength": 1, "pattern": "^k"},
        "mode": {"type": "string", "enum": ["a", "b"]},
        "size": {"type": "integer", "minimum": 1},
        "map": {"type": "object", "additionalProperties": {"type": "string"}},
        "many": {"type": "array", "minItems": 1, "x-kubernetes-list-type": "set", "items": {"type": "string"}},
    },
}
BROKEN: list[tuple[str, dict[str, Any]]] = [
    ("spec.other: not in the CRD", {"other": (str, ...)}),
    ("spec.key: required by the CRD, optional in the model", {"key": (Key, "k")}),
    ("spec.key: minLength None in the model, 1 in the CRD", {"key": (Annotated[str, Field(pattern="^k")], ...)}),
    ("spec.key: pattern None in the model, ^k in the CRD", {"key": (Annotated[str, Field(min_length=1)], ...)}),
    ("spec.key: 'x' does not match ^k", {"key": (Literal["k", "x"], ...)}),
    ("spec.mode: ['a', 'c'] in the model, one of ['a', 'b'] in the CRD", {"mode": (Literal["a", "c"], "a")}),
    ("spec.mode: anything in the model, one of ['a', 'b'] in the CRD", {"mode": (str, "a")}),
    ("spec.size: number in the model, integer in the CRD", {"size": (float, 1)}),
    ("spec.size: minimum 0 in the model, 1 in the CRD", {"size": (Annotated[int, Field(ge=0)], 1)}),
    ("spec.map: a map in the CRD", {"map": (_Fits | None, None)}),
    ("spec.map.*: integer in the model, string in the CRD", {"map": (dict[str, int], {})}),
    ("spec.many: items must differ by value", {"many": (Annotated[tuple[str, ...], Items(at_least=1)], ("a",))}),
    (
        "spec.many: minItems None in the model, 1 in the CRD",
        {"many": (Annotated[tuple[str, ...], Items(distinct=True)], ())},
    ),
    ("spec: the model lets unknown fields through", {"__config__": ConfigDict(extra="ignore")}),
]


@pytest.mark.parametrize(("difference", "change"), BROKEN, ids=[difference for difference, _ in BROKEN])
def test_a_broken_model_is_found(difference: str, change: dict[str, Any]) -> None:
    assert differences(_Fits, SMALL_CRD) == []
    config = change.get("__config__")
    if config:
        broken: type[BaseModel] = type("Broken", (_Fits,), {"model_config": config})
    else:
        broken = create_model("Broken", __base__=_Fits, **change)
    found = differences(broken, SMALL_CRD)
    assert len(found) == 1
    assert found[0].startswith(difference)


def test_a_float_in_an_int_or_string_field_is_found() -> None:
    crd = {"type": "object", "properties": {"expr": {"x-kubernetes-int-or-string": True}}}
    assert differences(create_model("Broken", __base__=Spec, expr=(float, 1)), crd) == [
        "spec.expr: number in the model, integer/string in the CRD"
    ]


def test_a_field_that_a_model_forgets_is_found() -> None:
    crd = {**SMALL_CRD, "properties": {**SMALL_CRD["properties"], "newer": {"type": "string"}}}
    assert differences(_Fits, crd) == ["spec.newer: not in the model"]


RELABELINGS = (Relabeling(source_labels=("a",), target_label="b"), Relabeling(regex="tmp_.*", action="labeldrop"))
CREDENTIALS = Authorization(credentials=SecretKey(name="token", key="value"))
EXAMPLES: dict[str, Spec] = {
    "prometheusrules": PrometheusRuleSpec(
        groups=(
            RuleGroup(
                name="target",
                interval="1m",
                partial_response_strategy="warn",
                query_offset="30s",
                rules=(
                    Rule(record="slo:availability:target", expr="0.999", labels={"slo": "availability"}),
                    Rule(alert="Down", expr="up == 0", for_="5m", keep_firing_for="10m", annotations={"summary": "s"}),
                ),
            ),
        )
    ),
    "servicemonitors": ServiceMonitorSpec(
        selector=LabelSelector(match_labels={"app": "argocd"}),
        namespace_selector=NamespaceSelector(match_names=("argocd",)),
        endpoints=(
            Endpoint(
                target_port=8082,
                scheme="https",
                interval="30s",
                scrape_timeout="10s",
                params={"match[]": ("up", "down")},
                tls_config=TlsConfigWithFiles(
                    ca_file="/ca.crt", cert=SecretOrConfigMap(secret=CREDENTIALS.credentials), key_file="/tls.key"
                ),
                authorization=CREDENTIALS,
                relabelings=RELABELINGS,
            ),
        ),
    ),
    "podmonitors": PodMonitorSpec(
        selector=LabelSelector(), pod_metrics_endpoints=(PodEndpoint(port_number=8090, metric_relabelings=RELABELINGS),)
    ),
    "probes": ProbeSpec(
        prober=Prober(url="blackbox.monitoring.svc:9115"),
        module="http_2xx",
        targets=Targets(static_config=StaticTargets(static=("https://example.org",), labels={"tier": "edge"})),
    ),
    "scrapeconfigs": ScrapeConfigSpec(
        static_configs=(StaticConfig(targets=("isilon:9100",), labels={"system": "isilon"}),),
        http_sd_configs=(HttpDiscovery(url="http://inventory/targets", enable_http2=False),),
        kubernetes_sd_configs=(KubernetesDiscovery(role="Node"),),
        scrape_interval="5m",
        native_histogram_min_bucket_factor="1.1",
    ),
}


def _closed(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema as the API server reads it: unknown fields refused, (?i) where Python wants it."""
    closed = {key: _closed(value) if isinstance(value, dict) else value for key, value in schema.items()}
    if "pattern" in closed:
        closed["pattern"] = str(closed["pattern"]).replace("^(?i)", "(?i)^")
    if isinstance(closed.get("properties"), dict) and closed.get("type") == "object":
        closed["additionalProperties"] = False
    return closed


@needs_crds
@pytest.mark.parametrize("kind", EXAMPLES)
def test_a_manifest_passes_the_schema_of_its_crd(kind: str) -> None:
    validator = Draft202012Validator(_closed(crd_spec(kind)))
    manifest = EXAMPLES[kind].to_manifest()
    assert [error.message for error in validator.iter_errors(manifest)] == []
    (misspelt,) = validator.iter_errors({**manifest, "intervall": "30s"})
    assert "intervall" in misspelt.message
