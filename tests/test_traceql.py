"""Questions to traces are TraceQL: Tempo's own parser takes every one that a stack's dashboards send."""

from __future__ import annotations

import json
import re
import subprocess
from urllib.parse import parse_qs, urlsplit

import pytest
from real_tools import REAL, needs
from stacks import ROOT

from components.explore import traces_link
from dashboards.queries import with_all
from model.dashboard import Store
from obs.run import run_stack

pytestmark = needs("traceqlsyntax")


def parsed(queries: list[str]) -> list[str]:
    """For each query "ok", or what the parser says."""
    program = REAL["traceqlsyntax"]
    assert program
    text = "".join(f"{query}\n" for query in queries)
    return subprocess.run([program], input=text, text=True, capture_output=True, check=True).stdout.splitlines()


@pytest.mark.parametrize("stack", ["prod", "dev"])
def test_every_query_of_a_panel_is_taken(stack: str) -> None:
    boards = run_stack(stack, ROOT).plan.dashboards
    lookups = [panel.lookup for board in boards for panel in board.panels if panel.lookup]
    queries = [with_all(one.query, "5m") for one in lookups if one.store is Store.TRACES]
    assert queries
    assert dict(zip(queries, parsed(queries), strict=True)) == dict.fromkeys(queries, "ok")


def test_what_an_alert_links_to_is_taken() -> None:
    link = traces_link("https://grafana.example.com", ("namespace", "pod"))
    assert link is not None
    (panes,) = parse_qs(urlsplit(re.sub(r"{{.*?}}", "x", link)).query)["panes"]
    assert parsed([json.loads(panes)["alert"]["queries"][0]["query"]]) == ["ok"]


def test_what_is_no_traceql_is_refused_with_its_place() -> None:
    assert parsed(["{ status = error }", "{ status = error", '{ resource.service.name = "a" } | rates()']) == [
        "ok",
        "parse error at line 1, col 17: syntax error: unexpected $end",
        "parse error at line 1, col 35: syntax error: unexpected IDENTIFIER",
    ]
