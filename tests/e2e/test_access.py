"""A real API server holds the stack to what docs/security.md says: its roles, and the standard for its pods."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from api_server import api_server
from local_platform import eventually
from real_tools import REAL, needs
from rendered_stacks import rendered
from sample_pods import SOUND, broken

from components.pod_security import Rule
from obs.check.rendered import Item, Rendered, entries
from obs.check.security.pods import pod_specs
from obs.local.kube import Kube
from obs.local.ports import Ports
from obs.local.process import Command, Servers

pytestmark = [pytest.mark.charts, needs("etcd", "kube-apiserver")]
OPERATOR = "monitoring:kube-prometheus-stack-operator"
PROMETHEUS = "monitoring:kube-prometheus-stack-prometheus"
_GRANTING = ("Namespace", "ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")
# What the operator works on.
_WORK = ("Secret", "ServiceMonitor", "PodMonitor", "PrometheusRule", "Prometheus", "Alertmanager", "ThanosRuler")
# v0.85, the newest that can be built here, writes Events of the old group; v0.93, which is deployed, the new ones.
_OLD_EVENTS = r"resource \"events\" (group: \"\")"
# Such pods are not even valid: what they ask for goes with breaking another rule only.
_INVALID = {Rule.HOST_PROCESS, Rule.PRIVILEGED, Rule.PROC_MOUNT}


@cache
def stack() -> Rendered:
    return Rendered(rendered("prod")[1])


class Api:
    """An API server that has the accounts and roles of stack prod."""

    def __init__(self, kube: Kube) -> None:
        self.kube = kube
        config = yaml.safe_load(kube.kubeconfig.read_text())
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        self._http = httpx.Client(
            base_url=cluster["server"],
            headers={"Authorization": f"Bearer {user['token']}"},
            verify=ssl.create_default_context(cafile=cluster["certificate-authority"]),
            timeout=20,
            trust_env=False,
        )

    def may(self, account: str, verb: str, resource: str, namespace: str = "", group: str = "") -> bool:
        name, _, sub = resource.partition("/")
        asked = {"verb": verb, "resource": name, "subresource": sub, "namespace": namespace, "group": group}
        place = account.partition(":")[0]
        body = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": {
                "user": f"system:serviceaccount:{account}",
                "groups": ["system:authenticated", "system:serviceaccounts", f"system:serviceaccounts:{place}"],
                "resourceAttributes": asked,
            },
        }
        answer = self._http.post("/apis/authorization.k8s.io/v1/subjectaccessreviews", json=body)
        return bool(answer.raise_for_status().json()["status"]["allowed"])

    def admitted(self, namespace: str, spec: Mapping[str, Any]) -> httpx.Response:
        """What it says of a pod, which it does not keep."""
        body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "asked"}, "spec": dict(spec)}
        return self._http.post(f"/api/v1/namespaces/{namespace}/pods", params={"dryRun": "All"}, json=body)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with api_server(tmp_path_factory.mktemp("api")) as kube:
        apply(kube, *_GRANTING)
        for name in stack().namespaces:
            # The controller manager makes it in each namespace, and is not here.
            metadata = {"name": "default", "namespace": name}
            kube.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata})
        yield Api(kube)


def apply(kube: Kube, *kinds: str) -> None:
    for item in stack().of(*kinds):
        place = {"namespace": item.namespace} if item.namespace else {}
        kube.apply({**item.manifest, "metadata": {**item.manifest["metadata"], **place}})


def accounts() -> list[str]:
    return [f"{item.namespace}:{item.name}" for item in stack().of("ServiceAccount")]


def test_no_account_of_the_stack_reads_the_secrets_of_the_cluster(api: Api) -> None:
    assert len(accounts()) > 8
    readers = [a for a in accounts() for verb in ("get", "list", "watch") if api.may(a, verb, "secrets")]
    assert readers == []
    own = [a for a in accounts() if api.may(a, "get", "secrets", "monitoring")]
    assert own == [OPERATOR]


def test_the_operator_may_do_what_it_does_and_not_elsewhere(api: Api) -> None:
    monitoring = "monitoring.coreos.com"
    for verb, resource, namespace, group in (
        ("list", "servicemonitors", "", monitoring),
        ("watch", "prometheusrules", "", monitoring),
        ("create", "events", "team-a", "events.k8s.io"),
        ("create", "endpoints", "kube-system", ""),
        ("update", "secrets", "monitoring", ""),
        ("patch", "prometheuses/status", "monitoring", monitoring),
        ("delete", "statefulsets", "monitoring", "apps"),
    ):
        assert api.may(OPERATOR, verb, resource, namespace, group), (verb, resource, namespace)
        if namespace and resource != "events":
            assert not api.may(OPERATOR, verb, resource, "default", group), (verb, resource)


def test_prometheus_reads_what_it_needs_to_find_targets(api: Api) -> None:
    assert api.may(PROMETHEUS, "get", "nodes/metrics")
    assert api.may(PROMETHEUS, "watch", "endpointslices", group="discovery.k8s.io")
    assert not api.may(PROMETHEUS, "get", "configmaps", "monitoring")
    assert not api.may(PROMETHEUS, "create", "pods", "monitoring")


@pytest.mark.parametrize("rule", Rule)
def test_a_pod_that_breaks_a_rule_is_refused(api: Api, rule: Rule) -> None:
    assert api.admitted("monitoring", SOUND).status_code == httpx.codes.CREATED
    answer = api.admitted("monitoring", broken(rule))
    if rule in _INVALID:
        assert answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY, answer.text
    else:
        assert answer.status_code == httpx.codes.FORBIDDEN, answer.text
        assert "violates PodSecurity" in answer.text


def test_every_pod_of_the_stack_is_admitted(api: Api) -> None:
    for item, spec in pod_specs(stack()):
        answer = api.admitted(item.namespace, _complete(item, spec))
        assert answer.status_code == httpx.codes.CREATED, (item.subject, answer.text)


@needs("prometheus-operator")
def test_the_operator_works_with_the_rights_that_it_has(api: Api, tmp_path: Path) -> None:
    kube = api.kube
    apply(kube, "CustomResourceDefinition")
    kinds = {
        item.name for item in stack().of("CustomResourceDefinition") if item.name.endswith(".monitoring.coreos.com")
    }
    assert eventually(lambda: kinds <= kube.served("monitoring.coreos.com"))
    apply(kube, *_WORK)
    storage = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "longhorn"}}
    kube.apply({**storage, "provisioner": "driver.longhorn.io"})
    servers = Servers(tmp_path / "logs")
    servers.start(operator(kube, tmp_path))
    try:
        sets = "/apis/apps/v1/namespaces/monitoring/statefulsets"
        wanted = {
            "prometheus-kube-prometheus-stack-prometheus",
            "alertmanager-kube-prometheus-stack-alertmanager",
            "thanos-ruler-kube-prometheus-stack-thanos-ruler",
        }
        made = eventually(lambda: wanted == {o["metadata"]["name"] for o in kube.items(sets)}, 90)
        kubelets = "/api/v1/namespaces/kube-system/services/kube-prometheus-stack-kubelet"
        served = eventually(lambda: kube.get(kubelets) is not None)
        log = servers.last_lines("prometheus-operator", 1000)
        assert made, log[-3000:]
        assert served, log[-3000:]
        # It says so for every kind that it may not list, watch or write.
        refused = [line for line in log.splitlines() if "forbidden" in line or "permission" in line]
        assert [line for line in refused if _OLD_EVENTS not in line] == []
    finally:
        servers.stop("prometheus-operator")


def operator(kube: Kube, place: Path) -> Command:
    """The operator as its pod would run it, with a token of its account."""
    namespace, account = OPERATOR.split(":")
    config = yaml.safe_load(kube.kubeconfig.read_text())
    config["users"][0]["user"] = {"token": kube.token(namespace, account, 3600)}
    kubeconfig = place / "kubeconfig"
    kubeconfig.write_text(yaml.safe_dump(config))
    (deployment,) = [item for item in stack().of("Deployment") if item.name == account]
    (container,) = deployment.spec["template"]["spec"]["containers"]
    args = [a for a in container["args"] if not a.startswith("--web.listen-address=")]
    address = Ports(place / "ports.json").address("operator")
    argv = (str(REAL["prometheus-operator"]), *args, f"--web.listen-address={address}")
    return Command(name="prometheus-operator", argv=argv, env={"KUBECONFIG": str(kubeconfig)})


def _complete(item: Item, spec: Mapping[str, Any]) -> dict[str, Any]:
    """As the controllers complete it: the volumes of claims, and the images that the operator knows."""
    claims = [str(claim["metadata"]["name"]) for claim in entries(item.spec.get("volumeClaimTemplates"))]
    volumes = [{"name": name, "persistentVolumeClaim": {"claimName": name}} for name in claims]
    kinds = ("containers", "initContainers")
    named = {kind: [{"image": "x", **container} for container in spec.get(kind) or ()] for kind in kinds}
    return {**spec, **named, "volumes": [*(spec.get("volumes") or ()), *volumes]}
