"""Chart values against a chart's values.schema.json, and no value in any finding."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from chart_samples import CHILD, DEPENDENCY, VALUES, findings, keys

SECRET = "hunter2-correct-horse"
SCHEMA = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "required": ["replicas", "mode"],
    "properties": {
        "replicas": {"type": "integer", "maximum": 9},
        "mode": {"enum": ["one", "two"]},
        "remote": {"$ref": "https://schemas.example.org/never-fetched.json"},
        "password": {"anyOf": [{"type": "string", "pattern": "^[a-z]$"}, {"type": "object", "required": ["name"]}]},
        "image": {
            "type": "object",
            "properties": {n: {"type": "string"} for n in ("repository", "tag", "pullPolicy", "digest")},
            "additionalProperties": False,
        },
    },
}
WITH_SCHEMA = {"values.schema.json": json.dumps(SCHEMA), "values.yaml": VALUES + 'mode: one\npassword: ""\nremote: 1\n'}


def test_the_charts_schema_is_applied_to_the_values_over_its_defaults(tmp_path: Path) -> None:
    known = keys(tmp_path, {**WITH_SCHEMA, "values.yaml": WITH_SCHEMA["values.yaml"].replace('""', "a")})
    assert findings({"replicas": 3, "image": {"digest": "sha256:0"}, "remote": "anything"}, known) == []
    messages = {f.subject: f.message for f in findings({"replicas": "3", "mode": None}, known)}
    assert messages == {
        "tiny: replicas": 'tiny 1.2.3: replicas must be of type "integer" (values.schema.json of the chart)',
        "tiny: ": 'tiny 1.2.3: the values must have the keys ["replicas", "mode"] (values.schema.json of the chart)',
    }


def test_of_several_alternatives_the_finding_explains_the_one_that_came_nearest(tmp_path: Path) -> None:
    (finding,) = findings({"password": {"value": "x"}}, keys(tmp_path, WITH_SCHEMA))
    assert finding.message == ('tiny 1.2.3: password must have the keys ["name"] (values.schema.json of the chart)')


def test_a_key_that_chart_and_schema_both_refuse_is_one_finding(tmp_path: Path) -> None:
    known = keys(tmp_path, {**WITH_SCHEMA, "values.yaml": VALUES + "mode: one\n"})
    assert [(f.check, f.subject) for f in findings({"image": {"tga": "1"}}, known)] == [
        ("chart/unknown-key", "tiny: image.tga")
    ]


def test_a_key_that_only_the_schema_refuses_is_a_finding(tmp_path: Path) -> None:
    files = {**WITH_SCHEMA, "templates/more.yaml": "{{ .Values.image.extra }}", "values.yaml": VALUES + "mode: one\n"}
    assert [(f.check, f.subject) for f in findings({"image": {"extra": "1"}}, keys(tmp_path, files))] == [
        ("chart/schema", "tiny: image.extra")
    ]


def test_the_schema_of_a_bundled_chart_is_applied_below_its_key(tmp_path: Path) -> None:
    files = {**CHILD, "charts/child/values.schema.json": json.dumps({"properties": {"port": {"type": "integer"}}})}
    found = findings({"child": {"port": "http"}}, keys(tmp_path, files, dependencies=[DEPENDENCY]))
    assert [(f.check, f.subject) for f in found] == [("chart/schema", "tiny: child.port")]


def test_a_value_that_is_not_known_yet_breaks_no_schema(tmp_path: Path) -> None:
    known = keys(tmp_path, {**WITH_SCHEMA, "values.yaml": VALUES + "mode: one\n"})
    assert findings({"replicas": object(), "mode": object()}, known) == []


@pytest.mark.parametrize(
    "values",
    [
        {"passwrd": SECRET},
        {"image": SECRET},
        {"replicas": {"token": SECRET}},
        {"password": SECRET},
        {"password": {"value": SECRET}},
        {"mode": SECRET},
        {"image": {"secret": SECRET}},
    ],
)
def test_no_finding_shows_a_value(tmp_path: Path, values: dict[str, object]) -> None:
    found = findings(values, keys(tmp_path, WITH_SCHEMA))
    assert found
    assert SECRET not in repr(found)
