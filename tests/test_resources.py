"""Our registrations against those of the provider's own SDK, and what the models refuse."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from typing import Any, NoReturn

import pulumi
import pulumi_kubernetes as k8s
import pytest
from google.protobuf.json_format import MessageToDict  # type: ignore[import-untyped]
from pulumi.runtime import mocks

from components import helm, resources, workloads
from components.charts import ChartPin
from components.specs.base import Strict
from components.specs.http import (
    SecretKey,
)
from components.specs.monitors import Endpoint, PodEndpoint, PodMonitorSpec, ServiceMonitorSpec
from components.specs.probes import Prober, ProbeSpec, StaticTargets, Targets
from components.specs.rules import PrometheusRuleSpec, Rule, RuleGroup
from components.specs.scrape_configs import ScrapeConfigSpec, StaticConfig
from components.specs.scraping import LabelSelector, NamespaceSelector

KEY = SecretKey(name="token", key="value")
RULES = PrometheusRuleSpec(groups=(RuleGroup(name="g", rules=(Rule(record="a:b", expr="0.999"),)),))
SPECS: dict[str, tuple[Callable[..., pulumi.CustomResource], Strict]] = {
    "PrometheusRule": (resources.PrometheusRule, RULES),
    "ServiceMonitor": (
        resources.ServiceMonitor,
        ServiceMonitorSpec(selector=LabelSelector(), endpoints=(Endpoint(port="http"),)),
    ),
    "PodMonitor": (
        resources.PodMonitor,
        PodMonitorSpec(selector=LabelSelector(), pod_metrics_endpoints=(PodEndpoint(port="http"),)),
    ),
    "Probe": (
        resources.Probe,
        ProbeSpec(prober=Prober(url="blackbox:9115"), targets=Targets(static_config=StaticTargets(static=("a",)))),
    ),
    "ScrapeConfig": (resources.ScrapeConfig, ScrapeConfigSpec(static_configs=(StaticConfig(targets=("a:1",)),))),
}


class _Answers(mocks.Mocks):
    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        return args.name, args.inputs

    def call(self, args: mocks.MockCallArgs) -> NoReturn:
        raise NotImplementedError(args.token)


class _Monitor(mocks.MockMonitor):
    """Keeps every registration as it would go to the engine."""

    def __init__(self) -> None:
        super().__init__(_Answers())
        self.requests: list[dict[str, Any]] = []

    def RegisterResource(self, request: Any) -> Any:
        if request.custom:
            self.requests.append(MessageToDict(request))
        return super().RegisterResource(request)  # type: ignore[no-untyped-call]


Program = Callable[[], object]


def registered(program: Callable[[], object]) -> list[dict[str, Any]]:
    """The registrations of a program, without the places in its source."""
    monitor = _Monitor()
    mocks.set_mocks(_Answers(), monitor=monitor)
    mocks.test(program)()  # type: ignore[no-untyped-call]
    return [
        {key: value for key, value in request.items() if key not in {"sourcePosition", "stackTrace"}}
        for request in monitor.requests
    ]


LABELS = {**resources.COMMON_LABELS, "a_b": "c"}
METADATA: Any = {"name": "thing", "namespace": "monitoring", "labels": LABELS}
OURS: Any = {"namespace": "monitoring", "labels": {"a_b": "c"}}
OPTIONS = pulumi.ResourceOptions(protect=True)


def _custom(kind: str) -> tuple[Program, Program]:
    make, spec = SPECS[kind]
    theirs: Any = {"api_version": resources.API_VERSIONS[kind], "kind": kind, "spec": spec.to_manifest()}
    return (
        lambda: make("thing", spec, **OURS),
        lambda: k8s.apiextensions.CustomResource("thing", metadata=METADATA, **theirs),
    )


PLAIN: Any = {"name": "thing", "namespace": "monitoring", "labels": resources.COMMON_LABELS}
CLUSTER_WIDE: Any = {"name": "thing", "labels": resources.COMMON_LABELS}
READ_PODS = [{"apiGroups": ("",), "resources": ("pods",), "verbs": ("get",)}]


def _rules() -> Any:
    return [k8s.rbac.v1.PolicyRuleArgs(api_groups=[""], resources=["pods"], verbs=["get"])]


def _binding(kind: str, namespace: str) -> dict[str, Any]:
    role = k8s.rbac.v1.RoleRefArgs(api_group="rbac.authorization.k8s.io", kind=kind, name="r")
    return {
        "role_ref": role,
        "subjects": [k8s.rbac.v1.SubjectArgs(kind="ServiceAccount", name="a", namespace=namespace)],
    }


_POD = {"metadata": {"labels": {"app": "x"}}, "spec": {"containers": [{"name": "x", "image": "x"}]}}
_SELECTED = {"selector": {"matchLabels": {"app": "x"}}}
WORKLOADS: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "Deployment": (workloads.Deployment, k8s.apps.v1.Deployment, {**_SELECTED, "template": _POD}),
    "Service": (
        workloads.Service,
        k8s.core.v1.Service,
        {"selector": {"app": "x"}, "ports": [{"name": "http", "port": 80, "targetPort": "http"}]},
    ),
    "PersistentVolumeClaim": (
        workloads.PersistentVolumeClaim,
        k8s.core.v1.PersistentVolumeClaim,
        {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    ),
    "NetworkPolicy": (
        workloads.NetworkPolicy,
        k8s.networking.v1.NetworkPolicy,
        {"podSelector": {}, "policyTypes": ["Ingress"]},
    ),
}


def _workload(kind: str) -> tuple[Program, Program]:
    ours, theirs, spec = WORKLOADS[kind]
    return lambda: ours("thing", spec, **OURS), lambda: theirs("thing", spec=spec, metadata=METADATA)


PAIRS: dict[str, tuple[Program, Program]] = {
    "Namespace": (
        lambda: resources.Namespace("thing", labels={"a_b": "c"}, opts=OPTIONS),
        lambda: k8s.core.v1.Namespace("thing", metadata={"name": "thing", "labels": LABELS}, opts=OPTIONS),
    ),
    **{kind: _workload(kind) for kind in WORKLOADS},
    "ServiceAccount": (
        lambda: workloads.ServiceAccount("thing", namespace="monitoring"),
        lambda: k8s.core.v1.ServiceAccount("thing", metadata=PLAIN),
    ),
    "ClusterRole": (
        lambda: workloads.ClusterRole("thing", READ_PODS),
        lambda: k8s.rbac.v1.ClusterRole("thing", rules=_rules(), metadata=CLUSTER_WIDE),
    ),
    "Role": (
        lambda: workloads.Role("thing", READ_PODS, namespace="monitoring"),
        lambda: k8s.rbac.v1.Role("thing", rules=_rules(), metadata=PLAIN),
    ),
    "ClusterRoleBinding": (
        lambda: workloads.ClusterRoleBinding("thing", role="r", account="a", namespace="m"),
        lambda: k8s.rbac.v1.ClusterRoleBinding("thing", metadata=CLUSTER_WIDE, **_binding("ClusterRole", "m")),
    ),
    "RoleBinding": (
        lambda: workloads.RoleBinding("thing", role="r", account="a", namespace="monitoring"),
        lambda: k8s.rbac.v1.RoleBinding("thing", metadata=PLAIN, **_binding("Role", "monitoring")),
    ),
    "ConfigMap": (
        lambda: resources.ConfigMap("thing", {"a.json": "{}"}, **OURS),
        lambda: k8s.core.v1.ConfigMap("thing", data={"a.json": "{}"}, metadata=METADATA),
    ),
    "Secret": (
        lambda: resources.Secret("thing", {"key": "v"}, **OURS),
        lambda: k8s.core.v1.Secret("thing", string_data={"key": "v"}, metadata=METADATA),
    ),
    "Release": (
        lambda: helm.Release("crds", source="https://mirror.example", namespace="m", values={"a": {"b": 1}}),
        lambda: k8s.helm.v3.Release(
            "crds",
            chart="crds",
            version="1.0.0",
            repository_opts=k8s.helm.v3.RepositoryOptsArgs(repo="https://mirror.example"),
            name="crds",
            namespace="m",
            values={"a": {"b": 1}},
            keyring="",
        ),
    ),
    **{kind: _custom(kind) for kind in SPECS},
}


@pytest.fixture(autouse=True)
def a_pinned_chart(monkeypatch: pytest.MonkeyPatch) -> None:
    pin = ChartPin(name="crds", version="1.0.0", repository="https://x.example", oci="oci://x", kubernetes_floor="1.25")
    monkeypatch.setattr(helm, "CHARTS", {"crds": pin})


@pytest.mark.parametrize("kind", PAIRS)
def test_the_engine_cannot_tell_our_registration_from_the_sdks(kind: str) -> None:
    ours, theirs = (registered(program) for program in PAIRS[kind])
    for request in theirs:
        request.pop("aliases", None)  # of API versions that Kubernetes 1.25 no longer has
    assert ours == theirs
    assert ours[0]["version"] == version("pulumi-kubernetes")


def test_a_secret_is_secret_on_the_way_in_and_on_the_way_out() -> None:
    (request,) = registered(PAIRS["Secret"][0])
    assert request["additionalSecretOutputs"] == ["data", "stringData"]
    assert pulumi.runtime.rpc._special_sig_key in request["object"]["stringData"]


def test_a_secret_with_nothing_confidential_in_it_stays_readable() -> None:
    config = {"alertmanager.yaml": "route: {}"}
    (request,) = registered(lambda: resources.Secret("thing", config, confidential=False, **OURS))
    assert request["object"]["stringData"] == config
    assert "additionalSecretOutputs" not in request


def test_metadata_is_an_output_that_others_can_depend_on() -> None:
    def program() -> pulumi.Output[object]:
        namespace = resources.Namespace("monitoring")
        return namespace.metadata.apply(lambda metadata: names.append(metadata["name"]))

    names: list[str] = []
    registered(program)
    assert names == ["monitoring"]


def test_an_output_may_stand_for_any_text_of_a_spec_and_keeps_its_dependency() -> None:
    def program() -> None:
        first = resources.Namespace("apps")
        selector = NamespaceSelector(match_names=(first.metadata["name"],))
        spec = ServiceMonitorSpec(
            selector=LabelSelector(), namespace_selector=selector, endpoints=(Endpoint(port="http"),)
        )
        resources.ServiceMonitor("apps", spec, namespace="monitoring")

    _, monitor = registered(program)
    assert monitor["object"]["spec"]["namespaceSelector"] == {"matchNames": ["apps"]}
    assert [urn.rpartition("::")[2] for urn in monitor["propertyDependencies"]["spec"]["urns"]] == ["apps"]


def test_starting_up_does_not_load_the_sdks_core_api() -> None:
    code = "import sys, components.resources; print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(result.stdout.split())
    assert "components.specs.base" in loaded
    assert loaded.isdisjoint({"pulumi_kubernetes.core.v1", "pulumi_kubernetes.meta.v1", "components.specs.probes"})


def test_a_manifest_names_its_object_and_always_carries_the_common_labels() -> None:
    assert resources.manifest(
        "PrometheusRule",
        "spark",
        {"spec": RULES.to_manifest()},
        namespace="monitoring",
        labels={"app.kubernetes.io/part-of": "other", "team": "data"},
        annotations={"note": "n"},
    ) == {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {
            "name": "spark",
            "namespace": "monitoring",
            "labels": {**resources.COMMON_LABELS, "team": "data"},
            "annotations": {"note": "n"},
        },
        "spec": {"groups": [{"name": "g", "rules": [{"record": "a:b", "expr": "0.999"}]}]},
    }


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"name": "Spark"}, "ConfigMap 'Spark': the name should be lower-case"),
        ({"name": "a" * 254}, "253 characters at most"),
        ({"kind": "Namespace", "name": "a" * 64}, "63 characters at most"),
        ({"labels": {"bad key": "x"}}, "label key 'bad key'"),
        ({"labels": {"team": "data platform"}}, "the value of label 'team'"),
        ({"body": {"data": {"a/b": "x"}}}, "a data key should be"),
        ({"body": {"data": {"a": "é" * 524_289}}}, "1,048,578 bytes of data; the API server takes 1,048,576 at most"),
    ],
)
def test_what_the_api_server_would_refuse_is_refused_before(arguments: dict[str, Any], complaint: str) -> None:
    good: dict[str, Any] = {"kind": "ConfigMap", "name": "a", "body": {"data": {"a": "é" * 524_288}}}
    assert resources.manifest(**good)["metadata"]["name"] == "a"
    with pytest.raises(ValueError, match=re.escape(complaint)):
        resources.manifest(**good | arguments)
