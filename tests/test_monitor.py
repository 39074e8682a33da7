"""The interfaces of pulumi that the recorder leans on. They are not public: a new release may change them.

When one of these fails after an update of pulumi, read the SDK's change, adapt obs/monitor.py,
obs/protobuf.py or obs/record.py, and compare a recording with `pulumi preview --json` of a real engine.
"""

from __future__ import annotations

import importlib.metadata
import inspect
import re
from pathlib import Path

import pulumi
import pytest
from pulumi.runtime import rpc, set_all_config
from pulumi.runtime.proto import engine_pb2, resource_pb2, source_pb2
from pulumi.runtime.settings import SETTINGS, Settings, configure
from pulumi.runtime.stack import run_in_stack
from recorded_program import run

from obs.monitor import Callbacks, Engine, Monitor
from obs.recording import ProgramError
from obs.stack_config import StackConfig

SDK = Path(pulumi.__file__).parent
OPTIONS = {
    "protect",
    "deleteBeforeReplace",
    "version",
    "ignoreChanges",
    "additionalSecretOutputs",
    "importId",
    "customTimeouts",
    "replaceOnChanges",
    "pluginDownloadURL",
    "pluginChecksums",
    "retainOnDelete",
    "deletedWith",
    "replace_with",
    "replacement_trigger",
    "transforms",
    "state_migrations",
    "packageRef",
    "hooks",
    "hideDiffs",
    "envVarMappings",
    "parentStackTraceHandle",
    "snippetId",
}


def calls(variable: str) -> set[str]:
    """Methods that the SDK's sources call on ``variable``."""
    sources = [file.read_text() for file in SDK.glob("runtime/*.py") if file.name != "mocks.py"]
    sources.append((SDK / "log.py").read_text())
    return set(re.findall(rf"\b_?{variable}\.([A-Z]\w+)\(", "\n".join(sources)))


def monitor() -> Monitor:
    config = StackConfig(project="shop", stack="dev", values={})
    return Monitor(Path("/program"), config, preview=True, stack_references={})


def test_the_release_is_the_one_that_was_read() -> None:
    assert importlib.metadata.version("pulumi") == "3.272.0"


def test_the_sdk_asks_the_engine_for_nothing_that_is_not_answered_or_refused() -> None:
    answered = {
        "GetDeploymentInfo",
        "RegisterResource",
        "ReadResource",
        "RegisterResourceOutputs",
        "Invoke",
        "SignalAndWaitForShutdown",
    }
    refused_by_callbacks = {
        "RegisterStackTransform",
        "RegisterStackInvokeTransform",
        "RegisterResourceHook",
        "RegisterErrorHook",
    }
    refused = {"Call", "ExistsResource", "RegisterPackage"}
    probed_only_by_old_engines = {"SupportsFeature"}
    assert calls("monitor") == answered | refused_by_callbacks | refused | probed_only_by_old_engines
    assert answered == {name for name in vars(Monitor) if name[0].isupper()}
    assert calls("engine") == {"Log", "RequirePulumiVersion"} == {n for n in vars(Engine) if n[0].isupper()}


def test_the_callbacks_that_are_refused_are_those_of_the_sdk() -> None:
    sources = "\n".join(file.read_text() for file in SDK.glob("runtime/*.py"))
    assert set(re.findall(r"callback(?:s|_server)\.(register_\w+)\(", sources)) == {
        "register_transform",
        "register_stack_transform",
        "register_invoke_transform",
        "register_resource_hook",
        "register_error_hook",
        "register_state_migration",
    }
    with pytest.raises(ProgramError, match="a recording runs no state migration"):
        Callbacks().register_state_migration(calls)


def test_every_field_of_a_registration_is_read_or_known_to_be_an_option() -> None:
    from obs.protobuf import _NOT_OPTIONS

    fields = {field.name for field in resource_pb2.RegisterResourceRequest.DESCRIPTOR.fields}
    assert fields - _NOT_OPTIONS == OPTIONS
    read = {field.name for field in resource_pb2.ReadResourceRequest.DESCRIPTOR.fields}
    assert read - _NOT_OPTIONS - OPTIONS == {"id"}


def test_the_settings_of_the_sdk_are_still_bound_to_the_context() -> None:
    parameters = list(inspect.signature(Settings.__init__).parameters)
    assert parameters == [
        "self",
        "project",
        "stack",
        "monitor",
        "engine",
        "parallel",
        "dry_run",
        "legacy_apply_enabled",
        "organization",
        "root_directory",
    ]
    assert list(inspect.signature(configure).parameters) == ["settings"]
    assert list(inspect.signature(set_all_config).parameters) == ["config", "secret_keys"]
    assert inspect.iscoroutinefunction(run_in_stack)
    assert list(inspect.signature(run_in_stack).parameters) == ["func"]
    # Set through a context variable, so that two runs in their own contexts cannot meet.
    assert type(vars(Settings)["callbacks"]).__name__ == "ContextProperty"
    assert type(vars(Settings)["monitor"]).__name__ == "ContextProperty"


def test_a_run_leaves_the_settings_of_this_process_alone(tmp_path: Path) -> None:
    before = (SETTINGS.monitor, SETTINGS.engine, SETTINGS.callbacks, SETTINGS.project, pulumi.Config("shop").get("key"))
    run(tmp_path, "import pulumi", 'pulumi.Config().require("key")')
    after = (SETTINGS.monitor, SETTINGS.engine, SETTINGS.callbacks, SETTINGS.project, pulumi.Config("shop").get("key"))
    assert after == before


def test_the_signatures_of_special_values_are_those_of_the_protocol() -> None:
    assert rpc._special_sig_key == "4dabf18193072939515e22adb298388d"
    assert rpc._special_secret_sig == "1b47061264138c4ac30d75fd1eb44270"
    assert rpc.UNKNOWN == "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
    known = {name for name in vars(rpc) if re.fullmatch(r"_special_\w+_sig", name)}
    assert known == {f"_special_{kind}_sig" for kind in ("asset", "archive", "secret", "resource", "output_value")}


def test_debugging_messages_are_dropped_and_others_kept_with_their_severity() -> None:
    engine = Engine()
    for severity in (engine_pb2.DEBUG, engine_pb2.INFO, engine_pb2.WARNING, engine_pb2.ERROR):
        engine.Log(engine_pb2.LogRequest(severity=severity, message="m", urn="u"))
    assert [(log.severity, log.message, log.urn) for log in engine.logs] == [
        ("info", "m", "u"),
        ("warning", "m", "u"),
        ("error", "m", "u"),
    ]


def test_a_request_that_cannot_be_recorded_is_refused_by_name() -> None:
    with pytest.raises(ProgramError, match="asks the engine for ExistsResource"):
        monitor().ExistsResource(resource_pb2.ExistsResourceRequest())


def test_the_source_is_neither_in_an_installed_package_nor_outside_the_program() -> None:
    frames = [
        ("/program/.venv/lib/python3/site-packages/pulumi_kubernetes/provider.py", 607),
        ("/elsewhere/model.py", 3),
        ("/program/components/helm.py", 41),
        ("/program/components/a%20b.py", 7),
        ("/program/__main__.py", 2),
    ]
    pcs = [source_pb2.SourcePosition(uri=f"file://{file}", line=line) for file, line in frames]
    trace = source_pb2.StackTrace(frames=[source_pb2.StackFrame(pc=pc) for pc in pcs])
    request = resource_pb2.RegisterResourceRequest(
        type="a:b:C", name="x", custom=True, sourcePosition=pcs[0], stackTrace=trace
    )
    recorder = monitor()
    recorder.RegisterResource(request)
    assert [resource.source for resource in recorder.resources.values()] == ["components/a b.py:7"]
    recorder.RegisterResource(
        resource_pb2.RegisterResourceRequest(type="a:b:C", name="y", custom=True, sourcePosition=pcs[0])
    )
    assert [resource.source for resource in recorder.resources.values()][1] == "provider.py:607"


def test_a_value_of_another_release_is_refused() -> None:
    request = resource_pb2.RegisterResourceRequest(type="a:b:C", name="x", custom=True)
    request.object.update({"value": {rpc._special_sig_key: "unheard-of"}})
    with pytest.raises(ValueError, match="has the signature unheard-of"):
        monitor().RegisterResource(request)


def test_files_given_as_inputs_stay_mappings(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text")
    program = """
        import pulumi

        class File(pulumi.CustomResource):
            def __init__(self, name, content):
                super().__init__("a:b:File", name, {"content": content})

        File("one", pulumi.FileAsset("a.txt"))
        File("two", pulumi.StringAsset("text"))
    """
    one, two = run(tmp_path, program).resources
    assert one.inputs == {"content": {"path": "a.txt"}}
    assert two.inputs == {"content": {"text": "text"}}
