from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

import pytest
from recorded_program import RULE, run, write_program

from obs.record import ProgramError, record


def failure(directory: Path, *parts: str, secrets: dict[str, str] | None = None) -> ProgramError:
    with pytest.raises(ProgramError) as caught:
        run(directory, *parts, secrets=secrets)
    return caught.value


def test_a_duplicate_urn_is_refused_and_both_places_are_named(tmp_path: Path) -> None:
    error = failure(tmp_path, "import pulumi", RULE, 'a = Part("part")', 'rule("x")', 'b = Part("part")')
    last = (tmp_path / "__main__.py").read_text().count("\n") + 1
    urn = "urn:pulumi:dev::shop::shop:index:Part::part"
    assert str(error) == (
        f"Duplicate resource URN '{urn}'; try giving it a unique name"
        f" (registered at __main__.py:{last - 2} and at __main__.py:{last})"
    )


def test_resources_of_one_name_and_different_types_are_no_duplicates(tmp_path: Path) -> None:
    assert len(run(tmp_path, RULE, 'Part("same", ResourceOptions(parent=Part("x")))', 'rule("same")').resources) == 3


def test_a_run_error_is_its_message_alone_and_keeps_the_messages_before_it(tmp_path: Path) -> None:
    error = failure(tmp_path, "import pulumi", 'pulumi.log.warn("careful")', 'raise pulumi.RunError("a: bad\\nb: bad")')
    assert str(error) == "a: bad\nb: bad"
    assert [(log.severity, log.message) for log in error.logs] == [("warning", "careful")]
    assert error.__cause__ is None


def test_an_error_without_a_message_is_an_error(tmp_path: Path) -> None:
    assert str(failure(tmp_path, "import pulumi", "raise pulumi.RunError()")) == ""


def test_an_unforeseen_error_is_shown_with_its_last_lines_in_the_project(tmp_path: Path) -> None:
    tmp_path.joinpath("deep.py").write_text(
        "import json\n\ndef fall(n):\n    return fall(n - 1) if n else json.loads('{')\n"
    )
    lines = str(failure(tmp_path, "import deep", "deep.fall(9)")).splitlines()
    assert lines[0].startswith("JSONDecodeError: ")
    assert lines[1:] == ["  deep.py:4 in fall: return fall(n - 1) if n else json.loads('{')"] * 3


def test_an_error_in_an_apply_is_shown_where_it_arose(tmp_path: Path) -> None:
    error = failure(tmp_path, RULE, 'Part("part").urn.apply(lambda urn: urn.nothing)')
    assert str(error).startswith("AttributeError: 'str' object has no attribute 'nothing'\n  __main__.py:")


def test_a_syntax_error_names_its_file(tmp_path: Path) -> None:
    assert "(__main__.py, line 2)" in str(failure(tmp_path, "import pulumi", "x ="))


def test_a_secret_in_an_error_is_masked(tmp_path: Path) -> None:
    program = "import pulumi", 'pulumi.Config().require_secret("token").apply(lambda text: int("no number: " + text))'
    error = failure(tmp_path, *program, secrets={"token": "hunter2"})
    assert "ValueError" in str(error)
    assert "[secret]" in str(error)
    assert "hunter2" not in str(error)


def test_a_secret_that_contains_another_is_masked_whole(tmp_path: Path) -> None:
    program = "import pulumi", 'pulumi.log.info(pulumi.Config().get("a") + pulumi.Config().get("b"))'
    recording = run(tmp_path, *program, secrets={"a": "hunter", "b": "hunter2"})
    assert [log.message for log in recording.logs if log.severity == "info"] == ["[secret][secret]"]


def test_every_text_inside_a_structured_secret_is_masked(tmp_path: Path) -> None:
    program = "import pulumi", 'pulumi.log.info(pulumi.Config().get_object("users")["bob"])', 'pulumi.log.info("at 12")'
    recording = run(tmp_path, *program, secrets={"users": '{"bob": "hunter2", "short": "12"}'})
    assert [log.message for log in recording.logs if log.severity == "info"] == ["[secret]", "at 12"]


def test_a_program_that_exits_is_an_error(tmp_path: Path) -> None:
    assert "the program ended itself (sys.exit(3))" in str(failure(tmp_path, "import sys", "sys.exit(3)"))


def test_a_call_to_a_provider_is_refused_by_name(tmp_path: Path) -> None:
    error = failure(tmp_path, "import pulumi", 'pulumi.runtime.invoke("kubernetes:yaml:decode", {})')
    assert str(error).startswith("the program calls kubernetes:yaml:decode, which only a provider can answer")


@pytest.mark.parametrize(
    ("program", "what"),
    [
        ('rule("x", transforms=[change])', "change: a recording runs no transform"),
        ("pulumi.runtime.register_resource_transform(change)", "change: a recording runs no stack transform"),
        ("pulumi.runtime.register_invoke_transform(change)", "change: a recording runs no invoke transform"),
        (
            'rule("x", hooks=pulumi.ResourceHookBinding(before_create=[pulumi.ResourceHook("hook", change)]))',
            "ResourceHook: a recording runs no resource hook",
        ),
    ],
)
def test_what_would_change_the_deployment_after_the_recording_is_refused(
    tmp_path: Path, program: str, what: str
) -> None:
    assert what in str(failure(tmp_path, RULE, "def change(args):\n    return None", program))


def test_a_failing_run_leaves_nothing_behind_and_prints_nothing(
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    recwarn: pytest.WarningsRecorder,
) -> None:
    before = (dict(os.environ), list(sys.path), list(sys.argv), Path.cwd(), gc.isenabled(), set(sys.modules))
    chain = 'last = rule("r0")\nfor n in range(1, 50): last = rule(f"r{n}", {"after": last.metadata["name"]})'
    run(tmp_path, RULE, chain)
    modules = set(sys.modules)
    failure(tmp_path, RULE, chain, 'rule("r7")', 'raise ValueError("stop")')
    gc.collect()
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []
    assert [str(warning.message) for warning in recwarn if issubclass(warning.category, RuntimeWarning)] == []
    assert before[:5] == (dict(os.environ), list(sys.path), list(sys.argv), Path.cwd(), gc.isenabled())
    assert set(sys.modules) == modules


def test_the_collector_stays_off_where_it_was_off(tmp_path: Path) -> None:
    write_program(tmp_path, "import gc", "running = gc.isenabled()")
    gc.disable()
    try:
        assert record(tmp_path, "dev").namespace["running"] is False
        assert not gc.isenabled()
    finally:
        gc.enable()
    assert record(tmp_path, "dev").namespace["running"] is False
    assert gc.isenabled()
