"""Questions to logs and traces: the parser of the store takes every one of a stack, and refuses what is none.

Loki's parser is built beside Loki, Tempo's everywhere that tests run; without them these tests are skipped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from dashboard_samples import asked, dashboard
from real_tools import REAL, needs
from stacks import ROOT, ran
from test_check_docs import SECTIONS

from model.dashboard import PanelKind, Store
from obs.check.queries import PARSERS, Query, check_queries, queries, refusals
from obs.check.run import Checked
from obs.errors import ObsError
from obs.toolchain_table import TOOLS

_BLOCK = re.compile(r"^ *```(logql|yaml)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
NOTHING = dict.fromkeys(PARSERS.values())
STORES = [pytest.param(store, marks=needs(tool), id=store.name.lower()) for store, tool in PARSERS.items()]


def said(store: Store, *texts: str) -> Mapping[str, str]:
    program = REAL[PARSERS[store]]
    assert program
    return refusals(program, texts)


def of(stack: str) -> list[Query]:
    run = ran(stack)
    return list(queries(run.recording, run.plan))


@pytest.mark.parametrize("store", STORES)
def test_every_query_of_a_stack_is_taken(store: Store) -> None:
    found = [query for stack in ("prod", "local") for query in of(stack) if query.store is store]
    assert found
    refused = {text: why for text, why in said(store, *{query.text for query in found}).items() if why}
    assert refused == {}


def test_queries_of_panels_alerts_data_sources_and_agents_are_asked() -> None:
    kinds = {(query.store, query.subject.partition(" ")[0], query.subject.partition(", ")[2]) for query in of("prod")}
    files = {(store, name) for store, kind, name in kinds if kind == "ConfigMap"}
    assert files == {(Store.LOGS, "config.alloy"), (Store.LOGS, "datasources.yaml")}
    assert {(store, kind) for store, kind, _ in kinds if kind != "ConfigMap"} == {
        (store, kind) for store in Store for kind in ("dashboard", "alert")
    }


def test_what_grafana_fills_in_is_filled_in() -> None:
    """What is left stands in a string: labels of the alert, the id of the trace."""
    texts = {query.text for query in of("prod")}
    assert '{namespace="{{ $labels.namespace }}", pod="{{ $labels.pod }}"}' in texts
    left = {name for text in texts for name in re.findall(r"\$\{?([A-Za-z_.]+)", text)}
    assert left == {"labels.namespace", "labels.pod", "labels.container", "labels.app", "__trace.traceId"}


@pytest.mark.parametrize("store", STORES)
def test_the_examples_of_the_check_are_found_and_fine(store: Store) -> None:
    ((_, block),) = _BLOCK.findall(SECTIONS["deployed/query"])
    examples = yaml.safe_load(block)
    found = [example[store.name.lower()] for example in examples["found"] if store.name.lower() in example]
    fine = [example[store.name.lower()] for example in examples["fine"] if store.name.lower() in example]
    assert found
    assert fine
    answers = said(store, *found, *fine)
    assert all("parse error" in answers[text] for text in found)
    assert [answers[text] for text in fine] == [""] * len(fine)


@pytest.mark.parametrize("store", STORES)
def test_a_refused_query_is_a_finding_with_what_the_parser_says(store: Store) -> None:
    run = ran("dev")
    wrong = asked("Broken", PanelKind.LOGS, store, "{")
    plan = replace(run.plan, dashboards=(dashboard(wrong),))
    findings, unparsed = check_queries(queries(run.recording, plan), REAL)
    (finding,) = findings
    assert (finding.check, finding.subject) == ("deployed/query", "dashboard dataops-workload, panel Broken")
    assert finding.expression == "{"
    assert "unexpected $end" in finding.message
    assert all(PARSERS[store] not in text for text in unparsed)


def test_a_parser_that_breaks_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "logqlsyntax"
    broken.write_text("#!/bin/sh\necho 'panic: no stack' >&2\nexit 2\n")
    broken.chmod(0o755)
    with pytest.raises(ObsError, match=r"logqlsyntax ended with 2: panic: no stack"):
        refusals(broken, ["{}"])


def test_without_its_parser_a_language_is_said_to_be_unparsed() -> None:
    lines = Query(Store.LOGS, "{", "panel", "here:1")
    assert check_queries([], NOTHING) == ([], [])
    findings, (said_,) = check_queries([lines, lines], NOTHING)
    assert findings == []
    assert said_.startswith("LogQL, 2 queries: logqlsyntax ")
    assert said_.endswith("obs tools build logqlsyntax")
    checked = Checked((), ("charts",), (said_,))
    assert checked.left_out == ("charts", said_)


@needs(PARSERS[Store.LOGS])
def test_queries_of_runbooks_and_documents_are_taken() -> None:
    """Of traces no page has any."""
    pages = [*(ROOT / "runbooks").glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    blocks = [block for page in pages for kind, block in _BLOCK.findall(page.read_text()) if kind == "logql"]
    texts = {line.strip() for block in blocks for line in block.splitlines() if line.strip()}
    assert texts
    assert {text: why for text, why in said(Store.LOGS, *texts).items() if why} == {}


def test_what_two_programs_share_is_one_file() -> None:
    """The Go of both reads a list and answers it in the same way; a checkout must keep the link."""
    link = ROOT / "tools" / TOOLS["logqlsyntax"].module / "logqlsyntax" / "parsed.go"
    assert link.resolve() == Path(ROOT / "tools" / "traceqlsyntax" / "parsed.go")
