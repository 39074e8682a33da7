"""Every override of every part, in every mode: what is rendered shows it, or the settings refuse it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest
from cached_charts import needs_charts
from rendered_stacks import rendered
from stacks import ROOT, run

from components.sizes import SIZES
from model.quantity import quantity
from obs.record import ProgramError
from obs.stack_config import read_stack_config
from obs.variants import variants
from settings.part_overrides import VOLUMES
from settings.parts import OWN_KEY, PartName

STACK, FORMS = variants(ROOT)
# Those of production, and those of a form that it has not.
VALUES = read_stack_config(ROOT, STACK).values
EXPORTERS, SYSTEMS = (
    json.loads(VALUES[f"dataops-observability:{key}"]) | FORMS["every exporter"][key]
    for key in ("exporters", "systems")
)
# (stack, what of its configuration is replaced): together every mode of every part.
MODES: dict[str, tuple[str, Mapping[str, Any]]] = {
    **{
        name: (STACK, FORMS[name]) for name in ("large", "side cars", "a store elsewhere", "no traces", "metrics alone")
    },
    "receive": (STACK, {}),
    "a file system": ("dev", {}),
    "few systems": (STACK, {"systems": {}}),
}
Override = tuple[PartName, str]
"""(part, field): replicas, storage, requests.cpu, requests.memory, limits.cpu, limits.memory."""


def marks() -> dict[Override, int | str]:
    """For each override a value that nothing else has. Replicas are 50 at most, so they are few: what may have some."""
    found: dict[Override, int | str] = {}
    for number, part in enumerate(PartName):
        found |= {
            (part, "requests.cpu"): f"{1201 + number}m",
            (part, "limits.cpu"): f"{2301 + number}m",
            (part, "requests.memory"): f"{3401 + number}Mi",
            (part, "limits.memory"): f"{4501 + number}Mi",
            (part, "storage"): f"{701 + number}Gi",
            (part, "replicas"): 4 + number,
        }
    return found


MARKS = marks()


def configured(base: Mapping[str, Any], overrides: Mapping[Override, int | str]) -> dict[str, Any]:
    """The configuration with these overrides, each under its key."""
    parts: dict[str, Any] = {}
    for (part, field), value in overrides.items():
        outer, _, inner = field.partition(".")
        given = parts.setdefault(part.value, {})
        if inner:
            given.setdefault(outer, {})[inner] = value
        else:
            given[outer] = value
    own = {part.value: {**base.get(part.value, {}), **parts.pop(part.value, {})} for part in OWN_KEY}
    return {"exporters": EXPORTERS, "systems": SYSTEMS, **base, **own, "parts": parts}


def refused(stack: str, base: Mapping[str, Any]) -> dict[Override, str]:
    """The overrides that the settings refuse, each with its line; all of them in one error."""
    try:
        run(stack, config=configured(base, MARKS))
    except ProgramError as error:
        lines = [line.strip() for line in str(error).splitlines()[1:]]
    else:
        lines = []
    found: dict[Override, str] = {}
    for line in lines:
        match = re.match(r"(?:parts\.)?(\w+)(?:\.(\w+))?: ", line)
        assert match, line
        found |= {one: line for one in MARKS if one[0] == match[1] and one[1] == (match[2] or one[1])}
    return found


@cache
def refused_in(mode: str) -> dict[Override, str]:
    return refused(*MODES[mode])


def scalars(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from scalars(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from scalars(inner)
    else:
        yield value


def shown(stack: str, config: Mapping[str, Any]) -> tuple[set[Any], set[Any]]:
    """(every scalar, the replicas of every workload and of every resource of the operator) of what is rendered."""
    _, expansion = rendered(stack, config)
    manifests = [one.parsed() for one in expansion.objects if one.kind not in ("ConfigMap", "Secret")]
    specs = [manifest.get("spec") for manifest in manifests]
    replicas = {spec.get("replicas") for spec in specs if isinstance(spec, Mapping)}
    return {str(value) for value in scalars(manifests)}, replicas


@pytest.mark.charts
@needs_charts[1]
@pytest.mark.parametrize("mode", MODES)
def test_an_override_is_shown_by_what_is_rendered_or_it_is_refused(mode: str) -> None:
    stack, base = MODES[mode]
    kept = {one: value for one, value in MARKS.items() if one not in refused_in(mode)}
    texts, replicas = shown(stack, configured(base, kept))
    ignored = [
        f"{part}.{field}"
        for (part, field), value in kept.items()
        if (value not in replicas if field == "replicas" else str(value) not in texts)
    ]
    assert ignored == []


def test_what_is_refused_in_one_mode_is_for_another() -> None:
    """But for volumes and replicas that no mode has."""
    never = set.intersection(*(set(refused_in(mode)) for mode in MODES))
    assert {field for _, field in never} == {"replicas", "storage"}
    assert {part for part, field in never if field == "storage"} == set(PartName) - set(VOLUMES)


def test_those_with_volumes_are_those_that_sizes_give_one() -> None:
    for size in SIZES.values():
        assert {part for part in size if size[part].storage} == set(VOLUMES) & set(size)


def test_the_marks_are_of_their_own() -> None:
    assert len(set(MARKS.values())) == len(MARKS)
    assert all(quantity(str(value)) > 0 for value in MARKS.values())
