from __future__ import annotations

import contextvars
import json
import textwrap
import threading
from importlib.metadata import version
from pathlib import Path

import pytest
from pulumi.runtime.settings import set_root_resource
from recorded_program import RULE, only, run

from obs.record import ProgramError, Secret, record
from obs.stack_config import ConfigError, read_stack_config


def test_urns_parents_and_components_are_those_of_the_engine(tmp_path: Path) -> None:
    recording = run(
        tmp_path,
        RULE,
        """
        outer = Part("outer")
        inner = Part("inner", ResourceOptions(parent=outer))
        rule("leaf", parent=inner)
        rule("free")
        """,
    )
    prefix = "urn:pulumi:dev::shop::"
    part, kind = "shop:index:Part", "kubernetes:monitoring.coreos.com/v1:PrometheusRule"
    assert [resource.urn for resource in recording.resources] == [
        f"{prefix}{kind}::free",
        f"{prefix}{part}::outer",
        f"{prefix}{part}${part}::inner",
        f"{prefix}{part}${part}${kind}::leaf",
    ]
    assert [resource.seq for resource in recording.resources] == [0, 1, 2, 3]
    leaf = only(recording, "leaf")
    assert leaf.parent == f"{prefix}{part}${part}::inner"
    assert only(recording, "outer").parent == recording.stack_urn == f"{prefix}pulumi:pulumi:Stack::shop-dev"
    assert recording.components_of(leaf) == ("outer", "inner")


OWNED = """
    outer = Part("outer")
    inner = Part("inner", ResourceOptions(parent=outer))
    rule("leaf", parent=Part("innermost", ResourceOptions(parent=inner)))
    rule("free")
    rule("near", parent=outer)
"""


@pytest.mark.parametrize(
    ("more", "owners"),
    [
        # The one component that composes everything is left out where there is one below it.
        ("", {"leaf": "inner", "innermost": "inner", "near": "outer", "outer": "outer", "free": ""}),
        ('Part("second")', {"leaf": "outer", "innermost": "outer", "near": "outer", "outer": "outer", "free": ""}),
    ],
)
def test_the_owner_is_the_outermost_component_that_says_something(
    tmp_path: Path, more: str, owners: dict[str, str]
) -> None:
    recording = run(tmp_path, RULE, OWNED, more)
    assert {name: recording.component_of(only(recording, name)) for name in owners} == owners


def test_dependencies_and_providers_are_recorded(tmp_path: Path) -> None:
    recording = run(
        tmp_path,
        RULE,
        """
        cluster = Provider("cluster", context="kind")
        first = rule("first", provider=cluster)
        rule("second", {"after": first.metadata["name"]}, depends_on=[cluster])
        part = Part("part", ResourceOptions(providers=[cluster]))
        rule("child", parent=part)
        """,
    )
    cluster = "urn:pulumi:dev::shop::pulumi:providers:kubernetes::cluster"
    first, second = only(recording, "first"), only(recording, "second")
    assert first.provider == cluster
    assert second.provider == ""
    assert second.dependencies == tuple(sorted([first.urn, cluster]))
    assert second.property_dependencies["spec"] == (first.urn,)
    assert second.property_dependencies["metadata"] == ()
    assert only(recording, "part").providers == {"kubernetes": cluster}
    assert only(recording, "child").provider == cluster


def test_aliases_and_options_are_recorded(tmp_path: Path) -> None:
    recording = run(
        tmp_path,
        RULE,
        """
        first = rule("first", protect=False)
        rule(
            "second", retain_on_delete=True, ignore_changes=["spec"], replace_on_changes=["kind"], import_="mon/second",
            delete_before_replace=False, deleted_with=first, replace_with=[first],
            additional_secret_outputs=["spec"], custom_timeouts=pulumi.CustomTimeouts(create="5m", delete="1m"),
            aliases=[pulumi.Alias(name="old"), pulumi.Alias(parent=None), "urn:pulumi:dev::shop::a:b:C::d"],
        )
        CustomResource.get("third", "v1", "Pod", id="mon/third")
        """,
    )
    first, second, third = (only(recording, name) for name in ("first", "second", "third"))
    assert first.options == {"protect": False, "version": version("pulumi-kubernetes")}
    assert second.options == {
        "version": version("pulumi-kubernetes"),
        "retainOnDelete": True,
        "ignoreChanges": ["spec"],
        "replaceOnChanges": ["kind"],
        "importId": "mon/second",
        "deleteBeforeReplace": False,
        "deletedWith": first.urn,
        "replace_with": [first.urn],
        "additionalSecretOutputs": ["spec"],
        "customTimeouts": {"create": "5m", "delete": "1m"},
    }
    assert second.aliases == ({"name": "old"}, {"noParent": True}, "urn:pulumi:dev::shop::a:b:C::d")
    assert second.outputs["id"] == "mon/second"
    assert third.read
    assert third.options["readId"] == "mon/third"
    assert not second.read


def test_a_chart_is_one_remote_resource_without_children(tmp_path: Path) -> None:
    recording = run(
        tmp_path,
        RULE,
        """
        from pulumi_kubernetes.helm.v4 import Chart, RepositoryOptsArgs

        def chart(name, **options):
            repository = RepositoryOptsArgs(repo="https://x")
            values = {"replicas": 2}
            opts = ResourceOptions(**options)
            Chart(name, chart="kps", version="1.2.3", values=values, repository_opts=repository, opts=opts)

        chart("stack", parent=Part("part"))
        chart("alone")
        """,
    )
    stack, alone = only(recording, "stack"), only(recording, "alone")
    assert stack.remote
    assert not stack.custom
    assert stack.inputs["values"] == {"replicas": 2}
    assert stack.inputs["repositoryOpts"] == {"repo": "https://x"}
    assert recording.components_of(stack) == ("part",)
    assert recording.components_of(alone) == ("alone",)
    assert len(recording.resources) == 3


def test_the_source_of_a_resource_is_its_line_in_the_project(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "one.py").write_text(textwrap.dedent(RULE) + "\nPLACE = Part('one')\n")
    last = (tmp_path / "parts" / "one.py").read_text().count("\n")
    recording = run(tmp_path, "from parts import one", 'one.Part("two")')
    assert only(recording, "one").source == f"parts/one.py:{last}"
    assert only(recording, "two").source == "__main__.py:2"


def test_the_source_is_not_in_the_constructors_of_the_programs_own_classes(tmp_path: Path) -> None:
    classes = """
        class Rule(CustomResource):
            def __init__(self, name):
                super().__init__(name, api_version="a/v1", kind="Rule")

        class Special(Rule):
            def __init__(self, name):
                super().__init__(
                    name,
                )
    """
    recording = run(tmp_path, RULE, classes, 'Special("one")')
    assert only(recording, "one").source == f"__main__.py:{(tmp_path / '__main__.py').read_text().count(chr(10)) + 1}"


def test_the_namespace_and_the_configuration_of_the_run_are_returned(tmp_path: Path) -> None:
    recording = run(
        tmp_path, "import pulumi", 'plan = [pulumi.Config().require("key"), pulumi.get_project(), pulumi.get_stack()]'
    )
    assert recording.namespace["plan"] == ["value", "shop", "dev"]
    assert recording.config.values == {"shop:key": "value"}


def test_a_program_runs_in_its_own_directory(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("here")
    program = "import sys", "from pathlib import Path", 'found = (Path("note.txt").read_text(), sys.argv)'
    assert run(tmp_path, *program).namespace["found"] == ("here", [str(tmp_path)])


def test_two_runs_are_independent(tmp_path: Path) -> None:
    program = "import pulumi", 'pulumi.export("key", pulumi.Config().get_secret("token"))', 'pulumi.log.info("once")'
    first = run(tmp_path, *program, secrets={"token": "hunter2"})
    second = run(tmp_path, *program)
    assert first.outputs["key"] == Secret("hunter2")
    assert second.outputs.get("key") is None
    assert len(first.logs) == len(second.logs) == 1


def test_the_same_program_records_the_same(tmp_path: Path) -> None:
    # Dependencies on components are awaited in the order of a set of objects, which varies between runs.
    program = """
        whole = Part("whole")
        parts = []
        for name in "abcdef":
            part = Part(name, ResourceOptions(parent=whole, depends_on=list(parts)))
            for number in range(3):
                rule(f"{name}{number}", {"n": number}, parent=part)
            parts.append(part)
    """
    runs = [json.dumps(run(tmp_path, RULE, program).redacted()) for _ in range(6)]
    assert set(runs) == {runs[0]}
    names = [resource["name"] for resource in json.loads(runs[0])["resources"]]
    assert names == ["whole", *(f"{name}{number}" for name in "abcdef" for number in ("", 0, 1, 2))]


def test_a_run_starts_no_thread(tmp_path: Path) -> None:
    recording = run(tmp_path, RULE, "import threading", 'rule("x")', "threads = threading.active_count()")
    assert recording.namespace["threads"] == threading.active_count()


def test_what_this_process_has_configured_does_not_reach_the_program(tmp_path: Path) -> None:
    def configured() -> str:
        set_root_resource(object())  # type: ignore[arg-type]
        return run(tmp_path, RULE, 'Part("part")').resources[0].parent

    assert contextvars.copy_context().run(configured).endswith("::shop-dev")


def test_the_program_that_is_measured_registers_as_many_resources_as_asked() -> None:
    directory = Path(__file__).parent / "programs" / "many"
    config = read_stack_config(directory, "bench", config={"count": 25})
    recording = record(directory, "bench", config=config)
    assert len(recording.resources) == 25
    assert recording.outputs == {"count": 25}
    assert {recording.component_of(resource) for resource in recording.resources} == {
        "base",
        "part-1",
        "part-12",
        "part-23",
    }


def test_an_unknown_stack_and_a_missing_program_are_refused(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: shop\n")
    with pytest.raises(ProgramError, match=r"there is no __main__\.py here"):
        record(tmp_path, "dev")
    (tmp_path / "__main__.py").touch()
    with pytest.raises(ConfigError, match="no stack 'dev'"):
        record(tmp_path, "dev")


def test_the_configuration_of_another_stack_is_refused(tmp_path: Path) -> None:
    config = run(tmp_path, "").config
    with pytest.raises(ValueError, match="is that of stack 'dev', not of 'prod'"):
        record(tmp_path, "prod", config=config)
