"""The outputs of every stack are those of the one typed definition, from which page and schema are made."""

from __future__ import annotations

import copy
import json
from typing import Any

import jsonschema
import pytest
from stacks import ROOT, STACKS, run

from components.outputs import outputs_schema, outputs_table
from obs.diff.meaning.outputs import schema_differences

PAGE, SCHEMA = ROOT / "docs" / "outputs.md", ROOT / "docs" / "outputs.schema.json"
BEGIN, END = "<!-- from components/outputs.py, written by `make golden` -->\n", "<!-- end -->\n"


def test_page_and_schema_are_of_the_definition(update_golden: bool) -> None:
    text = PAGE.read_text()
    before, _, rest = text.partition(BEGIN)
    wanted = f"{before}{BEGIN}{outputs_table()}{END}{rest.partition(END)[2]}"
    schema = json.dumps(outputs_schema(), indent=2) + "\n"
    if update_golden:
        PAGE.write_text(wanted)
        SCHEMA.write_text(schema)
    assert text == wanted or update_golden, "docs/outputs.md is older than components/outputs.py: run `make golden`"
    assert update_golden or SCHEMA.read_text() == schema


@pytest.mark.parametrize("stack", STACKS)
def test_a_stack_gives_what_the_schema_says(stack: str) -> None:
    outputs = json.loads(json.dumps(run(stack).outputs))
    jsonschema.validate(outputs, outputs_schema())
    assert outputs.keys() == outputs_schema()["properties"].keys()


def test_an_output_of_another_type_is_refused() -> None:
    outputs = {**json.loads(json.dumps(run("dev").outputs)), "systems": "kafka"}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(outputs, outputs_schema())


def changed(name: str, schema: dict[str, Any] | None) -> list[tuple[str, str, str]]:
    """What is said of another definition of one output; None where it goes."""
    after = copy.deepcopy(outputs_schema())
    after["properties"].pop(name, None)
    if schema is not None:
        after["properties"][name] = schema
    return list(schema_differences(outputs_schema(), after))


@pytest.mark.parametrize(
    ("name", "schema", "says"),
    [
        ("clusterName", None, ("breaking", "removed")),
        ("profilesUrl", {"type": "string"}, ("compatible", "added")),
        ("metricsUrl", {"anyOf": [{"type": "string"}, {"type": "null"}]}, ("breaking", "type string → null or string")),
        ("logsUrl", {"type": "string"}, ("compatible", "type null or string → string")),
        ("systems", {"type": "string"}, ("breaking", "type array of string → string")),
        ("outputsVersion", {"type": "integer", "const": 2}, ("breaking", "version 1 → 2")),
    ],
)
def test_a_change_is_compatible_or_breaking(name: str, schema: dict[str, Any] | None, says: tuple[str, str]) -> None:
    assert changed(name, schema) == [(name, *says)]
