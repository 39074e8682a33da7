"""Every question of a stack to logs and traces (LogQL, TraceQL), read by the parser of the store that is asked."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import yaml

from dashboards.queries import with_all
from model.dashboard import Store
from obs import toolchain
from obs.check.deployed import registered_rules
from obs.check.finding import Finding
from obs.errors import ObsError
from obs.protobuf import redacted
from obs.recording import Recording
from obs.toolchain_table import TOOLS
from plan import Plan

PARSERS: Mapping[Store, str] = {Store.LOGS: "logqlsyntax", Store.TRACES: "traceqlsyntax"}
"""The tool that parses what a store is asked."""
_LANGUAGES = {Store.LOGS: "LogQL", Store.TRACES: "TraceQL"}
_SECONDS = 30
_LONGEST = 500
_TIMES = dict.fromkeys(("__auto", "__range", "__interval"), "5m")
# Of a stage of the log agent: between backquotes, or as JSON has it (components/river.py).
_SELECTOR = re.compile(r'^\s*selector\s*=\s*(?:`(.*)`|(".*"))$', re.MULTILINE)
Tools = Mapping[str, Path | None]


class Query(NamedTuple):
    """One question as it is sent: what Grafana fills in is filled in."""

    store: Store
    text: str
    subject: str
    where: str


def parsers() -> Tools:
    """The parsers of this machine, None for one that is not there."""
    return {tool: toolchain.available(tool) for tool in PARSERS.values()}


def check_queries(queries: Iterable[Query], tools: Tools) -> tuple[list[Finding], list[str]]:
    """Findings, and for each language without its parser in ``tools`` what was not parsed."""
    found: list[Finding] = []
    unparsed: list[str] = []
    asked = list(queries)
    for store, name in PARSERS.items():
        of_store = [query for query in asked if query.store is store]
        if (program := tools[name]) is not None:
            said = refusals(program, {query.text for query in of_store})
            found += (
                Finding("deployed/query", query.subject, query.where, said[query.text], expression=query.text)
                for query in of_store
                if said[query.text]
            )
        elif of_store:
            unparsed.append(f"{_LANGUAGES[store]}, {len(of_store)} queries: {toolchain.advice(TOOLS[name])}")
    return found, unparsed


def refusals(program: Path, texts: Collection[str]) -> dict[str, str]:
    """Each text with what the parser says against it, "" where it takes it. Raises ObsError where it says nothing."""
    asked = sorted(texts)
    try:
        run = subprocess.run(
            [program], input=json.dumps(asked), capture_output=True, text=True, check=False, timeout=_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise ObsError(f"{program.name} did not end within {_SECONDS} s over {len(asked)} queries") from None
    if run.returncode != 0:
        raise ObsError(f"{program.name} ended with {run.returncode}: {run.stderr.strip()[-_LONGEST:]}")
    return dict(zip(asked, json.loads(run.stdout), strict=True))


def queries(recording: Recording, plan: Plan) -> Iterator[Query]:
    """What panels ask, what links of alerts and from traces to logs ask, and which lines a log agent's stages take."""
    yield from _of_panels(plan)
    for resource, rule in registered_rules(recording):
        for store, text in _of_alert(rule):
            yield Query(store, text, f"alert {rule['alert']}", resource.source or resource.urn)
    for resource in recording.resources:
        if resource.type.endswith(":ConfigMap"):
            where = resource.source or resource.urn
            for file, text in redacted(resource.inputs).get("data", {}).items():
                subject = f"ConfigMap {resource.name}, {file}"
                yield from (Query(Store.LOGS, query, subject, where) for query in _of_file(file, text))


def _of_panels(plan: Plan) -> Iterator[Query]:
    for dashboard in plan.dashboards:
        fields = {field.name: field.default for field in dashboard.fields}
        for panel in dashboard.panels:
            if panel.lookup is not None:
                text = with_all(panel.lookup.query, "5m", {**_TIMES, **fields})
                subject = f"dashboard {dashboard.uid}, panel {panel.title}"
                yield Query(panel.lookup.store, text, subject, str(panel.where))


def _of_alert(rule: Mapping[str, Any]) -> Iterator[tuple[Store, str]]:
    """From links into Explore (components/explore.py); labels of the alert in them stay templates, inside a string."""
    for url in (rule.get("annotations") or {}).values():
        for panes in parse_qs(urlsplit(url).query).get("panes", ()) if "panes=" in url else ():
            for query in (q for pane in json.loads(panes).values() for q in pane["queries"]):
                store = Store(query["datasource"]["uid"])
                yield store, query["expr" if store is Store.LOGS else "query"]


def _of_file(file: str, text: str) -> Iterator[str]:
    if file.endswith(".alloy"):
        # A stage sees lines that have a stream already, so its selector alone may be empty.
        selectors = (raw or json.loads(escaped) for raw, escaped in _SELECTOR.findall(text))
        yield from (selector.replace("{", '{namespace=~".+", ', 1) for selector in selectors)
    elif file == "datasources.yaml":
        for source in yaml.safe_load(text)["datasources"]:
            if link := source["jsonData"].get("tracesToLogsV2"):
                tags = ", ".join(f'{tag["value"]}="a"' for tag in link["tags"])
                yield link["query"].replace("$$", "$").replace("${__tags}", tags)
