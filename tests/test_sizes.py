"""docs/sizes.md shows the very numbers of components/sizes.py, and no size is too large for what it is for."""

from __future__ import annotations

import pytest
from stacks import ROOT

from components.sizes import SIZES, PartSize
from model.quantity import quantity
from settings.parts import PartName, Size

PAGE = ROOT / "docs" / "sizes.md"
BEGIN, END = "<!-- from components/sizes.py, written by `make golden` -->\n", "<!-- end -->\n"
# The parts of the distributed form of Loki and Tempo, and those that it replaces.
DISTRIBUTED = {part for part in PartName if part.value.startswith(("loki", "tempo"))}
SINGLE = {PartName.LOKI, PartName.TEMPO}


def rows() -> str:
    lines = ["| part | small | medium | large |", "|---|---|---|---|"]
    lines += [f"| `{part}` | {' | '.join(_cell(part, size) for size in SIZES)} |" for part in PartName]
    return "\n".join(lines) + "\n"


def _cell(part: PartName, size: Size) -> str:
    if not _used(part, size):
        return "–"
    return _words(SIZES[size][part])


def _used(part: PartName, size: Size) -> bool:
    """Whether the size's own modes have the part; others may be chosen."""
    distributed = size == "large"
    if part in SINGLE:
        return not distributed
    return distributed or part not in DISTRIBUTED


def _words(part: PartSize) -> str:
    r = part.resources
    limits = f" (at most {', '.join(x for x in (r.cpu_limit, r.memory_limit) if x)})" if r.memory_limit else ""
    storage = f", {part.storage}" if part.storage else ""
    return f"{part.replicas} × {r.cpu} / {r.memory}{limits}{storage}"


def test_the_page_has_the_numbers_of_the_code(update_golden: bool) -> None:
    text = PAGE.read_text()
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    wanted = before + BEGIN + rows() + END + after
    if update_golden:
        PAGE.write_text(wanted)
    assert text == wanted or update_golden, "docs/sizes.md is older than components/sizes.py: run `make golden`"


def total(size: Size) -> tuple[float, float]:
    """(CPU, bytes) that a size requests, without what runs on each node and what only some stacks name."""
    per_node = {PartName.ALLOY, PartName.NODE_EXPORTER}
    optional = {part for part in PartName if part.value.endswith("Exporter") or part is PartName.PUSHGATEWAY}
    receive = {PartName.THANOS_RECEIVE, PartName.THANOS_RECEIVE_ROUTER}
    left_out = per_node | optional | (set() if size == "large" else receive)
    parts = [(SIZES[size][p]) for p in PartName if p not in left_out and _used(p, size)]
    cpu = sum(p.replicas * float(quantity(p.resources.cpu)) for p in parts)
    return cpu, sum(p.replicas * float(quantity(p.resources.memory)) for p in parts)


def test_small_leaves_room_for_the_applications_on_three_nodes_of_two_cpus() -> None:
    cpu, memory = total("small")
    assert cpu < 6 / 3
    assert memory < 3 * 7.5e9 / 3


@pytest.mark.parametrize(("smaller", "larger"), [("small", "medium"), ("medium", "large")])
def test_each_size_is_larger_than_the_one_before(smaller: Size, larger: Size) -> None:
    assert all(small < large for small, large in zip(total(smaller), total(larger), strict=True))
