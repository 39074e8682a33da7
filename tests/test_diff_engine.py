"""What the engine writes is read in every form it has: states by `pulumi stack export`, previews by `--json`.

The forms are those of pulumi/pulumi 3.220: sdk/go/common/apitype/core.go (DeploymentV3, ResourceV3),
pkg/display/json.go (PreviewDigest), pkg/backend/display/json.go (secrets are the text [secret]) and
sdk/go/common/resource/sig/sig.go.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from obs.diff.entry import Level
from obs.diff.gates import stopped
from obs.diff.report import json as json_form
from obs.diff.report import markdown
from obs.diff.report import text as text_form
from obs.diff.report.model import Report, report
from obs.diff.snapshot import Snapshot, dumps
from obs.diff.sources import SourceError, of_preview, of_state, steps

SIGN = "4dabf18193072939515e22adb298388d"
CIPHERTEXT = {SIGN: "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:sbDgE3TUzr0hKSwe:lnMYmYe8MUCLD6I4IBM7K"}
PLAINTEXT = {SIGN: "1b47061264138c4ac30d75fd1eb44270", "plaintext": '"value-that-must-not-be-shown"'}
REFERENCE = {SIGN: "5cf8f73096256a8f31e491e813e4eb8e", "urn": "urn:pulumi:prod::p::t::n", "id": "i"}
ASSET = {SIGN: "c44067f5952c0a294b673a41bacd8c17", "hash": "9f86d0", "text": "value-that-must-not-be-shown"}
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
ROOT_URN = "urn:pulumi:prod::dataops-observability::pulumi:pulumi:Stack::dataops-observability-prod"
PLATFORM = "urn:pulumi:prod::dataops-observability::dataops:index:Platform"
PROVIDER = f"{PLATFORM}$pulumi:providers:kubernetes::kubernetes::1c7b4b8f-0fd2-4a0b-9d5a-1d9a3d1f6c11"


def resource(kind: str, name: str, inputs: dict[str, Any], parents: str = "", **more: Any) -> dict[str, Any]:
    return {
        "urn": f"{PLATFORM}${parents}{kind}::{name}",
        "custom": True,
        "id": f"monitoring/{name}",
        "type": kind,
        "inputs": inputs,
        "outputs": {**inputs, "__fieldManager": "pulumi-kubernetes-1a2b3c4d", "__initialApiVersion": "v1"},
        "parent": f"{PLATFORM}::platform",
        "dependencies": [f"{PLATFORM}$kubernetes:core/v1:Namespace::monitoring"],
        "provider": PROVIDER,
        "propertyDependencies": {"metadata": None},
        "aliases": ["urn:pulumi:prod::dataops-observability::kubernetes:core/v1:ConfigMap::old"],
        "created": "2026-11-20T08:00:00.123456789Z",
        "modified": "2026-11-20T08:00:00.123456789Z",
        "sourcePosition": "project:///components/resources.py#120",
        **more,
    }


def manifest(kind: str, name: str, api: str = "v1", **body: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "monitoring", "annotations": {"pulumi.com/patchForce": "true"}}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **body}


def config(name: str, value: Any = "a", **more: Any) -> dict[str, Any]:
    return resource("kubernetes:core/v1:ConfigMap", name, manifest("ConfigMap", name, data={"k": value}), **more)


STACK = {
    "urn": ROOT_URN,
    "custom": False,
    "type": "pulumi:pulumi:Stack",
    "outputs": {"password": CIPHERTEXT, "prometheus": REFERENCE, "clusterName": "dataops"},
}
COMPONENT = {"urn": f"{PLATFORM}::platform", "custom": False, "type": "dataops:index:Platform", "parent": ROOT_URN}
RANDOM = {
    "urn": f"{PLATFORM}$random:index/randomPassword:RandomPassword::grafana-admin",
    "custom": True,
    "id": "none",
    "type": "random:index/randomPassword:RandomPassword",
    "inputs": {"__defaults": ["lower"], "length": 32},
    "outputs": {"result": CIPHERTEXT},
    "additionalSecretOutputs": ["bcryptHash", "result"],
}
CHART = "kubernetes:helm.sh/v4:Chart$"


def exported(*resources: dict[str, Any], **more: Any) -> str:
    deployment = {
        "manifest": {"time": "2026-11-20T08:00:00Z", "magic": "98f7", "version": "v3.220.0"},
        "secrets_providers": {"type": "passphrase", "state": {"salt": "v1:EQVleCdv9FM=:v1:Qr9Z"}},
        "resources": [STACK, COMPONENT, RANDOM, *resources],
        "pending_operations": [{"resource": config("half-made"), "type": "creating"}],
        "metadata": {"integrity_error": None},
    }
    return json.dumps({"version": 4, "features": ["taint"], "deployment": deployment, **more})


def named(found: Snapshot) -> list[str]:
    return [f"{one.kind} {one.name}" for one in found.objects]


def test_a_state_has_the_objects_that_the_stack_has_in_the_cluster() -> None:
    deployment = resource(
        "kubernetes:apps/v1:Deployment",
        "loki:monitoring/loki-gateway",
        manifest("Deployment", "loki-gateway", "apps/v1"),
        CHART,
        parent=f"{PLATFORM}$kubernetes:helm.sh/v4:Chart::loki",
    )
    chart = {"urn": f"{PLATFORM}${CHART[:-1]}::loki", "custom": False, "type": CHART[:-1], "inputs": {"chart": "loki"}}
    release = resource("kubernetes:helm.sh/v3:Release", "crds", {"chart": "crds", "valueYamlFiles": [ASSET]})
    text = exported(
        config("kept", protect=True, retainOnDelete=True),
        config("left::over", delete=True),
        config("read", external=True),
        config("gone", pendingReplacement=True),
        chart,
        deployment,
        release,
    )
    found = of_state(text, "prod", "state.json")
    assert named(found) == ["ConfigMap kept", "Deployment loki-gateway"]
    assert [(one.component, one.origin) for one in found.objects] == [("platform", "program"), ("platform", "loki")]
    assert found.outputs == {"password": "[secret]", "prometheus": REFERENCE["urn"], "clusterName": "dataops"}


@pytest.mark.parametrize("data", [CIPHERTEXT, PLAINTEXT, {"p": CIPHERTEXT}, {"p": PLAINTEXT}, {"p": "dmFsdWU="}, ASSET])
def test_no_form_of_a_secret_is_in_what_is_read_of_a_state(data: dict[str, Any]) -> None:
    secret = resource("kubernetes:core/v1:Secret", "s", manifest("Secret", "s", data=data, stringData=data))
    found = dumps(of_state(exported(secret), "prod", "state.json"))
    assert named(of_state(exported(secret), "prod", "state.json")) == ["Secret s"]
    assert not [word for word in ("must-not-be-shown", "sbDgE3TUzr0hKSwe", "dmFsdWU=", SIGN) if word in found]


@pytest.mark.parametrize("text", [json.dumps({"version": 3, "deployment": None}), exported().replace("resources", "x")])
def test_a_stack_that_nothing_was_deployed_to_is_empty(text: str) -> None:
    assert named(of_state(text, "prod", "state.json")) == []


def state(one: dict[str, Any]) -> dict[str, Any]:
    """As a preview has it: secrets are a text."""
    return json.loads(json.dumps(one).replace(json.dumps(CIPHERTEXT), '"[secret]"'))  # type: ignore[no-any-return]


def step(op: str, old: dict[str, Any] | None, new: dict[str, Any] | None, **more: Any) -> dict[str, Any]:
    states = {key: state(one) for key, one in (("oldState", old), ("newState", new)) if one is not None}
    urn = (new or old or STACK)["urn"]
    return {"op": op, "urn": urn, "provider": PROVIDER, **states, "detailedDiff": None, **more}


def previewed(*given: dict[str, Any], **more: Any) -> tuple[str, Report]:
    changes = {one["op"]: 1 for one in given}
    document = {
        "config": {"dataops-observability:smtpPassword": "[secret]"},
        "steps": [step("same", STACK, STACK), *given],
        "duration": 4093011000,
        "changeSummary": {"same": 1, **changes},
        **more,
    }
    text = json.dumps(document, indent=4)
    return text, report(*of_preview(text, "prod", "p.json"), steps(text, "p.json"))


CLAIM = "kubernetes:core/v1:PersistentVolumeClaim"


def claim(storage_class: str) -> dict[str, Any]:
    return resource(CLAIM, "c", manifest("PersistentVolumeClaim", "c", spec={"storageClassName": storage_class}))


REPLACED = {
    "diffReasons": ["spec"],
    "replaceReasons": ["spec"],
    "detailedDiff": {"spec.storageClassName": {"kind": "update-replace", "inputDiff": False}},
}


@pytest.mark.parametrize(
    "given",
    [
        [step("replace", claim("a"), claim("b"), **REPLACED)],
        # With --show-replacement-steps.
        [
            step("create-replacement", claim("a"), claim("b"), **REPLACED),
            step("replace", claim("a"), claim("b"), **REPLACED),
            step("delete-replaced", claim("a"), None, **REPLACED),
        ],
        # Deleted before it is made again.
        [
            step("delete-replaced", claim("a"), None, **REPLACED),
            step("replace", claim("a"), claim("b"), **REPLACED),
            step("create-replacement", claim("a"), claim("b"), **REPLACED),
        ],
    ],
    ids=["logical", "created first", "deleted first"],
)
def test_a_replacement_is_one_object_with_its_reason(given: list[dict[str, Any]]) -> None:
    _, found = previewed(*given)
    (one,) = found.objects
    assert (one.subject, one.action) == ("PersistentVolumeClaim monitoring/c", "changed")
    assert one.operation == "replace (spec.storageClassName)"
    assert [risk.name for risk in found.risks] == ["replace PersistentVolumeClaim monitoring/c"]


def test_keys_of_the_provider_are_the_reason_where_there_is_no_detail() -> None:
    _, found = previewed(step("replace", claim("a"), claim("b"), replaceReasons=["spec"], diffReasons=["spec", "id"]))
    assert found.objects[0].operation == "replace (spec)"


def test_every_operation_is_told() -> None:
    more = {"diffReasons": ["data"], "detailedDiff": {"data.k": {"kind": "update", "inputDiff": True}}}
    given = [
        step("create", None, config("made")),
        step("update", config("changed"), config("changed", "b"), **more),
        step("delete", config("gone"), None),
        step("delete", config("forgotten", retainOnDelete=True), None),
        step("delete", config("guarded", protect=True), None),
        step("import", config("adopted"), config("adopted", "b")),
        step("read", None, config("looked-at", external=True)),
        step("refresh", config("seen"), config("seen")),
        step("create", None, {**COMPONENT, "urn": f"{PLATFORM}::another"}),
        step("delete", config("left-over", delete=True), None),
    ]
    _, found = previewed(*given)
    assert {one.subject.partition("/")[2]: (one.action, one.operation) for one in found.objects} == {
        "made": ("added", "create"),
        "changed": ("changed", "update (data)"),
        "gone": ("removed", "delete"),
        "forgotten": ("removed", "delete (the cluster keeps it: retainOnDelete)"),
        "guarded": ("removed", "delete (which the engine refuses: protect)"),
        "adopted": ("changed", "import"),
    }
    assert [one.partition(",")[0] for one in found.operations] == [
        "the engine would delete ConfigMap monitoring/left-over"
    ]


def test_what_only_a_deployment_makes_known_is_no_difference_by_itself() -> None:
    same = previewed(step("update", config("c", "a"), config("c", UNKNOWN)))[1]
    assert same.objects == ()
    secret = resource("kubernetes:core/v1:Secret", "s", manifest("Secret", "s", stringData=CIPHERTEXT))
    _, found = previewed(step("update", config("c", "a"), config("d", UNKNOWN)), step("create", None, secret))
    shown = "\n".join(line for one in found.objects for line in one.lines)
    assert "+  k: '[unknown]'" in shown
    assert UNKNOWN not in shown
    assert "+stringData: '[secret]'" in shown


def test_a_preview_that_changes_nothing_or_fails_says_so() -> None:
    assert previewed()[1].empty
    assert steps('{"duration": 1, "changeSummary": {}}', "p.json") == []
    failed = [{"urn": ROOT_URN, "message": "error: a secret\nis missing\n", "severity": "error"}]
    _, found = previewed(step("create", None, config("made")), diagnostics=failed)
    assert any("the preview failed: error: a secret is missing" in note for note in found.notes)


@pytest.mark.parametrize("text", ["[]", "{}", '{"steps": [1]}', '{"resourcePreEvent": {}}\n{"summaryEvent": {}}'])
def test_another_document_is_no_preview(text: str) -> None:
    with pytest.raises(SourceError, match="pulumi preview --json"):
        steps(text, "p.json")


def alone(*given: dict[str, Any], allowed: tuple[str, ...] = ()) -> Report:
    """What is said where both sides are equal, and the engine does something all the same."""
    side = Snapshot(stack="prod", source="here", objects=(), allowed=allowed)
    return report(side, side, given)


def test_what_the_engine_alone_deletes_is_a_risk_by_its_kind() -> None:
    kept = resource(CLAIM, "kept", manifest("PersistentVolumeClaim", "kept"), retainOnDelete=True)
    found = alone(
        step("delete", claim("a"), None),
        step("delete", config("old"), None),
        step("delete", kept, None),
        step("replace", RANDOM, RANDOM, replaceReasons=["length"]),
        step("delete", COMPONENT, None),
    )
    assert [(str(one.level), one.name) for one in found.risks] == [
        ("high", "delete PersistentVolumeClaim monitoring/c"),
        ("medium", "replace RandomPassword grafana-admin"),
        ("low", "delete ConfigMap monitoring/old"),
        ("low", "delete PersistentVolumeClaim monitoring/kept"),
    ]
    assert not found.empty
    assert found.headline == (
        "prod: 0 objects, 4 operations of the engine alone · risk high (delete PersistentVolumeClaim monitoring/c)"
    )
    assert stopped(found, ["risk=high", "delete", "change", "restart"]) == ["risk=high", "delete", "change"]
    for form in (markdown.render, text_form.render, json_form.render):
        assert "PersistentVolumeClaim monitoring/c, which differs in nothing that is rendered" in form(found)


def test_an_operation_without_a_risk_is_a_change() -> None:
    found = alone(step("update", config("drifted"), config("drifted")))
    assert (found.risks, found.empty, stopped(found, ["risk=low", "change"])) == ((), False, ["change"])


def test_risks_of_the_engine_are_allowed_and_sorted_as_all_others() -> None:
    given = (step("replace", config("c"), config("c"), replaceReasons=["data"]), step("delete", claim("a"), None))
    found = alone(*given, allowed=("delete PersistentVolumeClaim monitoring/c", "restart nothing"))
    assert [(one.name, one.approved) for one in found.risks] == [
        ("replace ConfigMap monitoring/c", False),
        ("delete PersistentVolumeClaim monitoring/c", True),
    ]
    assert found.level == Level.MEDIUM
    assert found.notes == ("allowRisks names 'restart nothing', which nothing of this change needs",)
