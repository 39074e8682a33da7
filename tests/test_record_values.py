from __future__ import annotations

import json
from pathlib import Path

import pytest
from recorded_program import RULE, only, run

from obs.record import UNKNOWN, ProgramError, Secret, redacted


def test_values_keep_their_types_and_secrets_and_unknowns_their_place(tmp_path: Path) -> None:
    recording = run(
        tmp_path,
        RULE,
        """
        token = pulumi.Config().require_secret("token")
        first = rule("first")
        rule("second", {
            "int": 5, "big": 2**40, "float": 0.5, "flag": True, "none": None, "text": "x",
            "list": [{"token": token, "open": 1}], "url": pulumi.Output.concat("https://", token), "id": first.id,
        })
        pulumi.export("token", token)
        pulumi.export("number", 3)
        """,
        secrets={"token": "hunter2"},
    )
    spec = only(recording, "second").inputs["spec"]
    assert spec == {
        "int": 5,
        "big": 2**40,
        "float": 0.5,
        "flag": True,
        "none": None,
        "text": "x",
        "list": [{"token": Secret("hunter2"), "open": 1}],
        "url": Secret("https://hunter2"),
        "id": UNKNOWN,
    }
    assert list(spec) == sorted(spec)
    assert [type(spec[key]) for key in ("int", "big", "float", "flag")] == [int, int, float, bool]
    assert only(recording, "second").outputs["spec"] == spec
    assert recording.outputs == {"token": Secret("hunter2"), "number": 3}


def test_a_secret_is_in_nothing_that_is_written(tmp_path: Path) -> None:
    recording = run(
        tmp_path,
        RULE,
        """
        token = pulumi.Config().require_secret("token")
        rule("first", {"deep": [{"url": pulumi.Output.concat("https://", token)}]})
        pulumi.Output.unsecret(token).apply(lambda text: pulumi.log.warn("have " + text))
        pulumi.export("token", token)
        """,
        secrets={"token": "hunter2"},
    )
    written = json.dumps(recording.redacted())
    assert '"url": "[secret]"' in written
    assert '"token": "[secret]"' in written
    assert "hunter2" not in written + repr(recording) + repr(recording.resources)
    assert [(log.severity, log.message) for log in recording.logs] == [("warning", "have [secret]")]
    secret = only(recording, "first").inputs["spec"]["deep"][0]["url"]
    assert f"{secret} {secret!r}" == "[secret] [secret]"
    with pytest.raises(TypeError):
        json.dumps(secret)
    assert redacted((secret, {"a": UNKNOWN})) == ["[secret]", {"a": "[unknown]"}]


def test_a_generated_password_is_a_secret_and_the_same_in_every_run(tmp_path: Path) -> None:
    program = """
        import pulumi
        from pulumi_kubernetes.core.v1 import Secret
        from pulumi_random import RandomPassword

        password = RandomPassword("admin", length=24)
        Secret("grafana", metadata={"name": "grafana"}, string_data={"user": "admin", "password": password.result})
        pulumi.export("hint", pulumi.Output.concat("it is ", password.result))
    """
    recording = run(tmp_path, program)
    result = only(recording, "admin").outputs["result"]
    assert isinstance(result, Secret)
    assert only(recording, "grafana").inputs["stringData"] == {"user": Secret("admin"), "password": result}
    assert recording.outputs["hint"] == Secret(f"it is {result.value}")
    assert result.value not in json.dumps(recording.redacted()) + repr(recording)
    assert only(run(tmp_path, program), "admin").outputs["result"] == result


def test_ids_are_known_only_where_it_is_not_a_preview(tmp_path: Path) -> None:
    program = 'pulumi.export("id", rule("first").id)\npulumi.export("preview", pulumi.runtime.is_dry_run())'
    assert run(tmp_path, RULE, program).outputs == {"id": UNKNOWN, "preview": True}
    assert run(tmp_path, RULE, program, preview=False).outputs == {"id": "first-id", "preview": False}


def test_a_component_has_the_outputs_that_it_registers(tmp_path: Path) -> None:
    recording = run(
        tmp_path, RULE, 'Part("part").register_outputs({"port": 80, "key": pulumi.Output.secret("hunter2")})'
    )
    assert only(recording, "part").outputs == {"port": 80, "key": Secret("hunter2")}


def test_another_stack_is_referred_to_through_given_outputs(tmp_path: Path) -> None:
    recording = run(
        tmp_path,
        """
        import pulumi
        other = pulumi.StackReference(f"{pulumi.get_organization()}/base/{pulumi.get_stack()}")
        pulumi.export("url", other.require_output("url"))
        pulumi.export("key", other.get_output("key"))
        pulumi.export("deep", other.require_output("deep"))
        pulumi.export("none", other.get_output("none"))
        """,
        organization="acme",
        stack_references={
            "acme/base/dev": {"url": "https://x", "key": Secret("hunter2"), "deep": {"a": [Secret("hunter2")]}}
        },
    )
    assert recording.outputs["url"] == "https://x"
    assert recording.outputs["key"] == Secret("hunter2")
    assert recording.outputs["deep"] == Secret({"a": ["hunter2"]})
    assert recording.outputs.get("none") is None
    assert recording.resources[0].read
    assert "hunter2" not in json.dumps(recording.redacted())


def test_a_stack_reference_without_outputs_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProgramError, match=r"__main__\.py:2: no outputs given for the stack 'a/b/c'; given are: x/y/z"):
        run(tmp_path, "import pulumi", 'pulumi.StackReference("a/b/c")', stack_references={"x/y/z": {}})
