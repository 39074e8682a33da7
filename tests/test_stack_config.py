from __future__ import annotations

import json
from pathlib import Path

import pytest

from obs.stack_config import SECRET_PLACEHOLDER, ConfigError, StackConfig, read_stack_config, stacks

SCHEMA = """
  size: {type: integer, default: 3}
  zone: {type: string, description: Where it runs, default: west}
  hosts: {type: array, items: {type: string}, default: [a, b]}
  limits: {type: object, default: {cpu: 1}}
  ready: {type: boolean, default: true}
  kubernetes:context: {value: kind}
  pulumi:tags: {value: {team: data}}
"""


def project(directory: Path, stack: str = "", *, schema: str = SCHEMA, name: str = "dev") -> Path:
    (directory / "Pulumi.yaml").write_text(f"name: shop\nruntime: python\nconfig:\n{schema}\n")
    (directory / f"Pulumi.{name}.yaml").write_text(f"encryptionsalt: v1:x\nconfig:\n{stack}\n")
    return directory


def test_defaults_of_the_schema_fill_what_the_stack_does_not_set(tmp_path: Path) -> None:
    config = read_stack_config(project(tmp_path, "  size: 5\n  shop:zone: east"), "dev")
    assert config.values == {
        "shop:size": "5",
        "shop:zone": "east",
        "shop:hosts": '["a","b"]',
        "shop:limits": '{"cpu":1}',
        "shop:ready": "true",
        "kubernetes:context": "kind",
        "pulumi:tags": '{"team":"data"}',
    }
    assert config.project == "shop"
    assert config.stack == "dev"
    assert config.secret_keys == frozenset()


def test_keys_of_other_namespaces_are_kept_and_win_over_the_project(tmp_path: Path) -> None:
    config = read_stack_config(project(tmp_path, "  kubernetes:context: live\n  aws:config:region: x"), "dev")
    assert config.values["kubernetes:context"] == "live"
    assert config.values["aws:region"] == "x"


# Each pair was read from the real engine (CLI 3.260) by a program that printed its configuration.
@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("on", "on"),
        ("yes", "yes"),
        ("12:30", "12:30"),
        ("false", "false"),
        ("0123", "83"),
        ("0o14", "12"),
        ("0x1F", "31"),
        ("08", "8"),
        ("1.30", "1.3"),
        ("2.0", "2"),
        ("1e3", "1000"),
        ("1_000", "1000"),
        ("-5", "-5"),
        ('"5"', "5"),
        ("12345678901234567890", "12345678901234567890"),
        ("~", ""),
        ("", ""),
        (
            '{z: 1, a: [1.0, true, null, "x"], "on": on, secure: x}',
            '{"a":[1,true,null,"x"],"on":"on","secure":"x","z":1}',
        ),
    ],
)
def test_a_value_reads_as_the_engine_reads_it(tmp_path: Path, written: str, text: str) -> None:
    config = read_stack_config(project(tmp_path, f"  value: {written}"), "dev")
    assert config.values["shop:value"] == text
    assert not config.secret_keys


def test_encrypted_values_become_the_placeholder_wherever_they_stand(tmp_path: Path) -> None:
    stack = "  token: {secure: v1:abc}\n  users: {bob: {pw: {secure: v1:abc}, id: 7}}\n  list: [{secure: v1:abc}, x]"
    config = read_stack_config(project(tmp_path, stack), "dev")
    assert config.values["shop:token"] == SECRET_PLACEHOLDER
    assert json.loads(config.values["shop:users"]) == {"bob": {"pw": SECRET_PLACEHOLDER, "id": 7}}
    assert json.loads(config.values["shop:list"]) == [SECRET_PLACEHOLDER, "x"]
    assert config.secret_keys == {"shop:token", "shop:users", "shop:list"}


def test_given_values_and_secrets_replace_those_of_the_stack(tmp_path: Path) -> None:
    directory = project(tmp_path, "  size: 5\n  token: plain")
    config = read_stack_config(directory, "dev", config={"size": 9, "x:y": [1]}, secrets={"token": "hunter2"})
    assert config.values["shop:size"] == "9"
    assert config.values["x:y"] == "[1]"
    assert config.values["shop:token"] == "hunter2"
    assert config.secret_keys == {"shop:token"}


def test_a_secret_is_in_no_text_of_the_configuration(tmp_path: Path) -> None:
    config = read_stack_config(project(tmp_path), "dev", secrets={"token": "hunter2"})
    assert "hunter2" not in f"{config} {config!r} {config.redacted()}"
    assert config.redacted()["shop:token"] == "[secret]"
    assert config.redacted()["shop:zone"] == "west"


@pytest.mark.parametrize(
    ("schema", "stack", "problem"),
    [
        ("  must: {type: string}", "", "Pulumi.dev.yaml: must: has no value and the project no default"),
        ("  must: {secret: true}", "", "run `pulumi config set --secret must -s dev`"),
        ("  n: {type: integer}", "  n: five", "n: must be of type integer, is a string"),
        ("  n: {type: boolean}", "  n: on", "n: must be of type boolean, is a string"),
        ("  n: {type: string}", "  n: [a]", "n: must be of type string, is a list"),
        ("  n: {type: object}", "  n: 5", "n: must be of type object, is an integer"),
        ("  n: {type: array, items: {type: integer}}", "  n: [1, x]", "n: must be of type array<integer>, is a list"),
        ("  n: {type: array}", "  n: [1]", "'items' are not declared"),
        ("  n: {type: number}", "  n: 1", "n: must be of type number (which is none of array, string, integer"),
        ("  n: {type: string, secret: true}", "  n: x", "n: must be encrypted"),
        ("  n: {type: string, default: 5}", "", "Pulumi.yaml: n: the default must be of type string, is an integer"),
        ('  n: {type: string, secret: true, default: ""}', "", "Pulumi.yaml: n: the default must be encrypted"),
    ],
)
def test_what_the_engine_refuses_is_refused(tmp_path: Path, schema: str, stack: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_stack_config(project(tmp_path, stack, schema=schema), "dev")
    assert problem in str(caught.value)


def test_every_problem_is_named_at_once_and_no_secret_with_it(tmp_path: Path) -> None:
    schema = "  a: {type: integer}\n  b: {type: object}\n  c: {type: string}"
    with pytest.raises(ConfigError) as caught:
        read_stack_config(project(tmp_path, "  b: [hunter2, {secure: v1:x}]", schema=schema), "dev")
    assert [line.split(": ")[1] for line in str(caught.value).splitlines()] == ["a", "b", "c"]
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("schema", "stack"),
    [
        ("  n: {type: string}", "  n: 1.5"),
        ("  n: {type: integer}", '  n: "5"'),
        ("  n: {type: string, secret: true}", "  n: {secure: v1:x}"),
        ("  n: {type: object, secret: true}", "  n: {pw: {secure: v1:x}}"),
        ("  n: {type: array, items: {type: array, items: {type: boolean}}}", "  n: [[true]]"),
        ('  n: {default: "", secret: true}', ""),
    ],
)
def test_what_the_engine_takes_is_taken(tmp_path: Path, schema: str, stack: str) -> None:
    config = read_stack_config(project(tmp_path, stack, schema=schema), "dev")
    assert list(config.values) == ["shop:n"]


def test_a_directory_without_a_project_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no Pulumi\.yaml here"):
        read_stack_config(tmp_path, "dev")


def test_a_project_without_a_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("runtime: python\n")
    with pytest.raises(ConfigError, match=r"Pulumi\.yaml: 'name' is missing"):
        read_stack_config(tmp_path, "dev")


def test_an_unknown_stack_is_answered_with_the_ones_that_exist(tmp_path: Path) -> None:
    for name in ("prod", "dev"):
        project(tmp_path, name=name)
    assert stacks(tmp_path) == ("dev", "prod")
    with pytest.raises(ConfigError, match=r"no stack 'prd'; there are dev, prod; did you mean 'prod'\?"):
        read_stack_config(tmp_path, "prd")


def test_a_project_without_any_stack_says_so(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: shop\n")
    with pytest.raises(ConfigError, match=r"there is no file Pulumi\.<stack>\.yaml at all"):
        read_stack_config(tmp_path, "dev")


@pytest.mark.parametrize(
    ("stack", "problem"),
    [
        ("  a: [hunter2", r"Pulumi\.dev\.yaml:4: not valid YAML"),
        ("  a: 1\n  b: 2\n  a: 3", r"Pulumi\.dev\.yaml:5: not valid YAML: key 'a' twice"),
        ("  a: 2024-01-01", r"Pulumi\.dev\.yaml:3: not valid YAML: an unquoted date"),
        ("  a: !thing x", r"Pulumi\.dev\.yaml:3: not valid YAML"),
        ("  a:b:c: 1", r"Pulumi\.dev\.yaml: a:b:c: a key is <name> or <namespace>:<name>"),
        ("- a", r"Pulumi\.dev\.yaml: 'config' must be a mapping, is a list"),
    ],
)
def test_a_broken_stack_file_is_named_with_its_line(tmp_path: Path, stack: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem) as caught:
        read_stack_config(project(tmp_path, stack), "dev")
    assert "hunter2" not in str(caught.value)


def test_an_empty_stack_file_has_the_defaults_alone(tmp_path: Path) -> None:
    project(tmp_path)
    (tmp_path / "Pulumi.dev.yaml").write_text("")
    assert read_stack_config(tmp_path, "dev").values["shop:size"] == "3"


def test_the_configuration_cannot_be_changed(tmp_path: Path) -> None:
    config = read_stack_config(project(tmp_path), "dev")
    with pytest.raises(AttributeError):
        config.stack = "prod"  # type: ignore[misc]
    assert isinstance(config, StackConfig)
