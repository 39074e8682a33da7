"""docs/security.md shows the very grants, exceptions and flows of the code."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from grants import granted
from stack_settings import settings
from stacks import NEED_NO_EXPORTER, ROOT, run

from components.flows import flows
from components.pod_security import EXCEPTIONS

PAGE = ROOT / "docs" / "security.md"
END = "<!-- end -->\n"
KAFKA = {"mode": "distributed", "kafka": {"address": "kafka.kafka.svc:9092"}}
# Together they have every part in every form.
STACKS: dict[str, dict[str, object]] = {
    "as it is": {},
    "distributed": {"size": "large", "logs": {"mode": "distributed"}, "traces": KAFKA},
    "side cars": {"metricsStore": {"mode": "sidecar"}},
    "exporters": {
        "exporters": {"redis": {"cache": {"address": "cache.shop.svc:6379"}}, "pushgateway": {}},
        "systems": NEED_NO_EXPORTER,
    },
}


def grants() -> Iterator[str]:
    yield "| account | in | may | on |"
    yield "|---|---|---|---|"
    rows: dict[tuple[str, str, str], list[str]] = {}
    for account, namespace, rule in granted(run("prod")):
        on = rule.get("resources") or rule["nonResourceURLs"]
        rows.setdefault((account, namespace or "the cluster", ", ".join(rule["verbs"])), []).extend(on)
    yield from (f"| {who} | {where} | {may} | {', '.join(on)} |" for (who, where, may), on in sorted(rows.items()))


def exceptions() -> Iterator[str]:
    yield "| workload | breaks | because |"
    yield "|---|---|---|"
    for one in EXCEPTIONS:
        yield f"| {one.workload} | {', '.join(sorted(one.rules))} | {one.reason} |"


def flow_rows() -> Iterator[str]:
    yield "| to | port | from | for |"
    yield "|---|---|---|---|"
    rows: dict[tuple[str, str, str], dict[str, None]] = {}
    for config in STACKS.values():
        for flow in flows(settings("prod", **config)):
            ports = ", ".join(f"{port}{'/UDP' if flow.protocol == 'UDP' else ''}" for port in flow.ports)
            row = (flow.target.name, ports, flow.why)
            rows.setdefault(row, {}).update(dict.fromkeys(source.name for source in flow.sources))
    for (target, ports, why), sources in sorted(rows.items()):
        yield f"| {target} | {ports} | {', '.join(sources)} | {why} |"


@pytest.mark.parametrize("table", [grants, exceptions, flow_rows], ids=["grants", "exceptions", "flows"])
def test_a_table_of_the_page_is_what_the_code_has(
    table: object, update_golden: bool, request: pytest.FixtureRequest
) -> None:
    begin = f"<!-- {request.node.callspec.id}, written by `make golden` -->\n"
    text = PAGE.read_text()
    before, rest = text.split(begin)
    _, after = rest.split(END, 1)
    assert callable(table)
    wanted = before + begin + "\n".join(table()) + "\n" + END + after
    if update_golden:
        PAGE.write_text(wanted)
    assert text == wanted or update_golden, "docs/security.md is older than the code: run `make golden`"
