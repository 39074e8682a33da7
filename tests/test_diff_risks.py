"""Risks of a change by the parts of obs/diff/risk, each with the change that has it and the one that does not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
from stacks import ROOT
from test_diff import snapshot, thing

from model.risks import RISKS
from obs.diff.report.model import Report, report
from obs.diff.snapshot import Snapshot
from obs.expand import RenderedObject


def told(found: Report) -> list[tuple[str, str, str]]:
    return [(str(one.level), one.name, one.text) for one in found.risks]


def named(found: Report) -> list[tuple[str, str]]:
    return [(str(one.level), one.name) for one in found.risks]


def test_the_guide_lists_every_risk() -> None:
    text = (ROOT / "docs" / "how-to" / "review.md").read_text()
    assert set(re.findall(r"^\| `([a-z]+)` \|", text, re.MULTILINE)) == set(RISKS)


# --- objects


def body(kind: str, **spec: object) -> RenderedObject:
    return thing(kind, "a", spec=spec)


def compared(before: RenderedObject, after: RenderedObject) -> list[tuple[str, str, str]]:
    return told(report(snapshot(before), snapshot(after)))


def claim(size: str, **spec: object) -> RenderedObject:
    return body("PersistentVolumeClaim", resources={"requests": {"storage": size}}, **spec)


def test_a_claim_that_shrinks_is_refused() -> None:
    assert compared(claim("10Gi"), claim("2Gi")) == [
        ("high", "refused PersistentVolumeClaim m/a", "asks for 10Gi → 2Gi: a claim may grow and never shrink")
    ]
    assert compared(claim("2Gi"), claim("10Gi")) == []
    moved = compared(claim("10Gi", storageClassName="a"), claim("2Gi", storageClassName="b"))
    assert [name for _, name, _ in moved] == ["replace PersistentVolumeClaim m/a"]


@pytest.mark.parametrize(
    ("before", "after", "names"),
    [
        (thing("ConfigMap", "a", immutable=True), thing("ConfigMap", "a"), ["refused ConfigMap m/a"]),
        (thing("ConfigMap", "a"), thing("ConfigMap", "a", immutable=True), []),
        (
            thing("ConfigMap", "a", immutable=True, data={"k": "1"}),
            thing("ConfigMap", "a", immutable=True, data={"k": "2"}),
            ["replace ConfigMap m/a"],
        ),
        (thing("StorageClass", "a", reclaimPolicy="x"), thing("StorageClass", "a"), ["refused StorageClass m/a"]),
        (thing("StorageClass", "a", provisioner="x"), thing("StorageClass", "a"), ["replace StorageClass m/a"]),
    ],
)
def test_what_is_replaced_and_what_stops_the_deployment(
    before: RenderedObject, after: RenderedObject, names: list[str]
) -> None:
    assert [name for _, name, _ in compared(before, after)] == names


def prometheus(storage: object, **spec: object) -> RenderedObject:
    return body("Prometheus", storage=storage, replicas=2, **spec)


def test_the_operator_makes_a_server_again_and_nothing_is_said_of_its_restart() -> None:
    one, other = (
        {"volumeClaimTemplate": {"spec": {"resources": {"requests": {"storage": s}}}}} for s in ("1Gi", "2Gi")
    )
    found = report(snapshot(prometheus(one)), snapshot(prometheus(other, image="x")))
    (risk,) = found.risks
    assert risk.name == "replace Prometheus m/a"
    assert "the operator deletes it with its pods" in risk.why
    # A directory of the node is part of the template, which changes in place.
    assert compared(prometheus({"emptyDir": {"sizeLimit": "1Gi"}}), prometheus({"emptyDir": {}})) == []


POD = {"containers": [{"name": "c", "image": "x"}]}


def running(kind: str, image: str, **spec: object) -> RenderedObject:
    template = {"spec": {"containers": [{"name": "c", "image": image}]}}
    return body(kind, template=template, **spec)


@pytest.mark.parametrize(
    ("kind", "spec", "level", "who"),
    [
        ("Deployment", {}, "low", "its pod, once another is ready"),
        ("Deployment", {"replicas": 2}, "low", "all 2 pods, one after another"),
        ("Deployment", {"strategy": {"type": "Recreate"}}, "medium", "its pod, which ends before another starts"),
        ("Deployment", {"replicas": 2, "strategy": {"type": "Recreate"}}, "medium", "all 2 pods, at once"),
        (
            "Deployment",
            {"strategy": {"rollingUpdate": {"maxUnavailable": 1}}},
            "medium",
            "its pod, which ends before another starts",
        ),
        ("StatefulSet", {}, "medium", "its pod"),
        ("StatefulSet", {"replicas": 3}, "low", "all 3 pods, one after another"),
        ("DaemonSet", {}, "low", "a pod on each node, one after another"),
        (
            "DaemonSet",
            {"updateStrategy": {"rollingUpdate": {"maxUnavailable": "100%"}}},
            "medium",
            "a pod on each node, all at once",
        ),
    ],
)
def test_a_restart_is_an_interruption_where_no_pod_is_left(
    kind: str, spec: dict[str, Any], level: str, who: str
) -> None:
    found = compared(running(kind, "x:1", **spec), running(kind, "x:2", **spec))
    assert found == [(level, f"restart {kind} m/a", f"restarts {who}: containers[c].image")]


def policy(*peers: Mapping[str, Any], **port: object) -> RenderedObject:
    rules = [{"from": [{"podSelector": {"matchLabels": {"app": "b"}}}, *peers], "ports": [{"port": 90, **port}]}]
    return body("NetworkPolicy", podSelector={"matchLabels": {"app": "a"}}, ingress=rules)


def block(cidr: str, *holes: str) -> Mapping[str, Any]:
    return {"ipBlock": {"cidr": cidr, "except": list(holes)}}


HOLED = block("10.0.0.0/16", "10.0.4.0/24")
PODS: Mapping[str, Any] = {"namespaceSelector": {}}


@pytest.mark.parametrize(
    ("before", "after", "level", "text"),
    [
        (policy(), policy(block("0.0.0.0/0")), "high", "let in now: 0.0.0.0/0 at 90"),
        (policy(), policy(block("::/0")), "high", "let in now: ::/0 at 90"),
        (policy(), policy(block("10.0.0.0/8")), "high", "let in now: 10.0.0.0/8 at 90"),
        (policy(), policy(block("10.0.0.0/16")), "medium", "let in now: 10.0.0.0/16 at 90"),
        (policy(block("10.0.0.0/16")), policy(block("10.0.4.0/24")), "", ""),
        (policy(HOLED), policy(block("10.0.4.0/30")), "medium", "let in now: 10.0.4.0/30 at 90"),
        (policy(HOLED), policy(block("10.0.0.0/16")), "medium", "let in now: 10.0.0.0/16 at 90"),
        (policy(block("10.0.0.0/16")), policy(HOLED), "", ""),
        (policy(PODS), policy(PODS, block("0.0.0.0/0")), "high", "let in now: 0.0.0.0/0 at 90"),
        (policy(), policy(endPort=99), "medium", "let in now: pods app=b at 90-99"),
        (policy(endPort=99), policy(endPort=95), "", ""),
        (policy(), policy(protocol="UDP"), "medium", "let in now: pods app=b at 90/UDP"),
    ],
)  # fmt: skip
def test_who_is_let_in_is_told_by_blocks_and_ranges(
    before: RenderedObject, after: RenderedObject, level: str, text: str
) -> None:
    assert compared(before, after) == ([(level, "network pods app=a of m", text)] if level else [])


@pytest.mark.parametrize(
    ("before", "after", "way"),
    [
        ({"type": "ClusterIP"}, {"type": "LoadBalancer"}, "LoadBalancer for everyone"),
        ({}, {"type": "NodePort"}, "NodePort for everyone"),
        ({}, {"externalIPs": ["192.0.2.1"]}, "external address 192.0.2.1"),
        (
            {"type": "LoadBalancer", "loadBalancerSourceRanges": ["10.0.0.0/24"]},
            {"type": "LoadBalancer", "loadBalancerSourceRanges": ["10.0.0.0/24", "192.0.2.0/24"]},
            "LoadBalancer for 192.0.2.0/24",
        ),
        ({"type": "LoadBalancer"}, {"type": "ClusterIP"}, ""),
    ],
)
def test_a_service_that_leads_in_from_outside_is_a_risk(
    before: dict[str, Any], after: dict[str, Any], way: str
) -> None:
    text = f"is reached from outside of the cluster now: {way}"
    assert compared(body("Service", **before), body("Service", **after)) == (
        [("high", "network Service m/a", text)] if way else []
    )


def ingress(*paths: str) -> RenderedObject:
    backends = [{"path": path, "backend": {"service": {"name": "s"}}} for path in paths]
    return body("Ingress", rules=[{"host": "h", "http": {"paths": backends}}])


def test_an_ingress_that_comes_or_grows_is_a_risk() -> None:
    new = report(snapshot(), snapshot(ingress("/")))
    assert told(new) == [("high", "network Ingress m/a", "is new and leads to Service s at h/")]
    assert compared(ingress("/a"), ingress("/a", "/b")) == [
        ("high", "network Ingress m/a", "leads now to Service s at h/b")
    ]
    assert compared(ingress("/a", "/b"), ingress("/a")) == []


def bound(account: str) -> Snapshot:
    role = thing("Role", "r", rules=[{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}])
    subjects = [{"kind": "ServiceAccount", "name": "strong"}]
    binding = thing("RoleBinding", "b", roleRef={"kind": "Role", "name": "r"}, subjects=subjects)
    pod = {"spec": {**POD, "serviceAccountName": account}}
    return snapshot(role, binding, body("Deployment", template=pod, replicas=2))


def test_pods_that_move_to_an_account_with_more_rights_are_told() -> None:
    found = report(bound("weak"), bound("strong"))
    assert told(found)[0] == (
        "high",
        "rights Deployment m/a",
        "runs as ServiceAccount m/strong, no longer as ServiceAccount m/weak, and may do more: get secrets in m",
    )
    assert [name for _, name in named(report(bound("strong"), bound("weak")))] == ["restart Deployment m/a"]


def test_a_budget_of_disruptions_that_goes_is_told() -> None:
    found = report(snapshot(body("PodDisruptionBudget")), snapshot())
    assert named(found) == [("low", "delete PodDisruptionBudget m/a")]


BUCKET = {"objectStorageConfig": {"name": "b", "key": "k"}}
RECEIVE = [{"url": "http://thanos-receive:19291/api/v1/receive", "writeRelabelConfigs": [{"targetLabel": "class"}]}]
ELSEWHERE = [{"url": "https://mimir.example.com/api/v1/push"}]
SOME = [{**ELSEWHERE[0], "writeRelabelConfigs": [{"action": "keep", "regex": "slo:.*"}]}]


def keeping(retention: str, **spec: Any) -> RenderedObject:
    return thing("Prometheus", "p", spec={"retention": retention, "replicas": 1, **spec})


def compactor(raw: str, hours: str) -> RenderedObject:
    flags = [f"--retention.resolution-raw={raw}", f"--retention.resolution-1h={hours}"]
    return body("StatefulSet", template={"spec": {"containers": [{"name": "c", "args": flags}]}})


GONE = "what is older is deleted for good"
COPY = "what is older goes here; object storage has a copy, kept by its own retention"


@pytest.mark.parametrize(
    ("before", "after", "more", "level", "text"),
    [
        ({}, {}, (), "high", GONE),
        ({}, {"thanos": BUCKET}, (), "high", GONE),
        ({"thanos": BUCKET}, {}, (), "high", GONE),
        ({"thanos": BUCKET}, {"thanos": BUCKET}, (), "low", COPY),
        ({"remoteWrite": RECEIVE}, {"remoteWrite": RECEIVE}, (compactor("7d", "0s"),), "low",
         f"{COPY} (a raw 7d, 1h unlimited)"),
        ({"thanos": BUCKET}, {"thanos": BUCKET}, (compactor("7d", "14d"),), "high", GONE),
        ({"remoteWrite": ELSEWHERE}, {"remoteWrite": ELSEWHERE}, (), "low",
         COPY.replace("object storage", "the store that is written to")),
        ({"remoteWrite": SOME}, {"remoteWrite": SOME}, (), "high", GONE),
    ],
)  # fmt: skip
def test_a_shorter_retention_loses_what_is_kept_nowhere_else(
    before: dict[str, Any], after: dict[str, Any], more: tuple[RenderedObject, ...], level: str, text: str
) -> None:
    found = report(snapshot(keeping("15d", **before), *more), snapshot(keeping("10d", **after), *more))
    retained = [one for one in told(found) if one[1].startswith("retention")]
    assert retained == [(level, "retention Prometheus m/p", f"retention 15d → 10d: {text}")]


def test_blocks_of_an_ingestor_are_in_object_storage() -> None:
    def ingestor(time: str, *flags: str) -> RenderedObject:
        args = [f"--tsdb.retention={time}", *flags]
        return body("StatefulSet", template={"spec": {"containers": [{"name": "c", "args": args}]}})

    uploads = "--objstore.config=$(OBJSTORE_CONFIG)"
    for flags, level in (((uploads,), "low"), ((), "high")):
        found = report(snapshot(ingestor("48h", *flags)), snapshot(ingestor("24h", *flags)))
        assert (level, "retention StatefulSet m/a") in named(found)


# --- findings


def finding(**changes: str) -> dict[str, str]:
    given = {"check": "wiring/key", "subject": "Pod m/a", "where": "f.py:1", "message": "no such key"}
    return {**given, **changes}


def test_what_obs_check_finds_anew_is_a_risk() -> None:
    old, new = finding(), finding(message="no such Secret")
    found = report(snapshot(findings=(old,)), snapshot(findings=(old, new)))
    assert told(found) == [("medium", "finding wiring/key Pod m/a", "no such Secret")]
    assert found.risks[0].where == "f.py:1"
    assert report(snapshot(findings=(old, new)), snapshot(findings=(old,))).risks == ()
    # A side that was not checked: all is told of the new one, and nothing where that one was not.
    assert len(report(snapshot(findings=None), snapshot(findings=(old, new))).risks) == 2
    assert report(snapshot(findings=(old,)), snapshot(findings=None)).risks == ()
    # What is a risk of its own is not told twice.
    twice = (finding(check="upgrade/replace"), finding(check="image/unlocked"))
    assert report(snapshot(findings=()), snapshot(findings=twice)).risks == ()


def test_an_image_that_nobody_has_looked_at_is_a_risk() -> None:
    found = report(snapshot(unlocked=("a:1",)), snapshot(unlocked=("a:1", "b:1")))
    assert told(found) == [("high", "image b:1", "is not in images.lock")]
