"""Every question to logs of every dashboard, asked of the real Loki for all and for one choice of its variables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

import pytest
from loki_server import Loki, Stream, eventually, loki_file, needs_chart, now, running, settings
from real_tools import needs
from stacks import ran

from components.loki_config import INDEX_LABELS
from dashboards.queries import dashboard_variables, with_all
from model.dashboard import Dashboard, Panel, PanelKind, Store

pytestmark = [pytest.mark.charts, needs_chart("loki"), needs("loki")]

STACK = "local"
SECOND = 10**9
TRACE = "5b8efff798038103d269b633813fc60c"
# Names without a letter that means something in a pattern, which Grafana would escape.
# What the agents write of each kind of pod (components/alloy_config.py): four labels, and metadata beside the line.
PODS = (
    {"namespace": "argocd", "pod": "argocd-server-0", "container": "server", "app": "argocd-server"},
    {"namespace": "spark-jobs", "pod": "etl-driver", "container": "spark-kubernetes-driver", "app": "etl"},
    {"namespace": "trino", "pod": "trino-coordinator-0", "container": "trino-coordinator", "app": "trino"},
    {"namespace": "web", "pod": "shop-7d9-x2", "container": "shop", "app": "shop"},
)
LINES = (("info", "started"), ("ERROR", "could not write"))
_STREAMS = re.compile(r"\{(.*?)\}")
_MATCHER = re.compile(r'(\w+)=~"([^"]*)"')


class Question(NamedTuple):
    board: Dashboard
    panel: Panel

    def asked(self, chosen: Mapping[str, str]) -> str:
        """As Grafana sends it; a field that nobody filled in is its default."""
        assert self.panel.lookup
        fields = {field.name: field.default for field in self.board.fields}
        own = {"__auto": "1m", "__range": "5m", "__interval": "1m"}
        return with_all(self.panel.lookup.query, "1m", {**own, **fields, **chosen})

    def one(self) -> dict[str, str]:
        """A choice of one value for every variable that has the label of a stream: a pod that the panel is about."""
        pod = next(p for p in PODS if matches(self.asked({}), p))
        labels = {v.name: v.label for v in dashboard_variables(self.board)}
        named = {"application": "app", **labels}
        return {name: pod[label] for name, label in named.items() if label in pod}


def matches(query: str, pod: Mapping[str, str]) -> bool:
    found = [pair for streams in _STREAMS.findall(query) for pair in _MATCHER.findall(streams)]
    return all(re.fullmatch(pattern, pod[label]) for label, pattern in found)


@cache
def questions() -> tuple[Question, ...]:
    boards = ran(STACK).plan.dashboards
    return tuple(Question(b, p) for b in boards for p in b.panels if p.lookup and p.lookup.store is Store.LOGS)


@pytest.fixture(scope="module")
def loki(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loki]:
    with running(loki_file(settings(STACK)), tmp_path_factory.mktemp("loki")) as found:
        for pod in PODS:
            assert set(pod) == set(INDEX_LABELS)
            stream: Stream = (pod, [(now(), text, {"level": level, "trace_id": TRACE}) for level, text in LINES])
            assert found.push([stream]).status_code == 204
        around = (now() - 60 * SECOND, now() + 60 * SECOND)
        assert eventually(lambda: len(found.query('{namespace=~".+"}', *around)) == len(PODS) * len(LINES))
        yield found


def answer(loki: Loki, panel: Panel, query: str) -> tuple[str, list[dict[str, Any]]]:
    """(type of the result, its series) as the panel asks: over time for lines and graphs, at once for the others."""
    at_once = panel.kind not in (PanelKind.LOGS, PanelKind.TIMESERIES, PanelKind.STATE_TIMELINE)
    times: dict[str, int | str] = (
        {"time": now()} if at_once else {"start": now() - 300 * SECOND, "end": now() + 60 * SECOND, "step": "15s"}
    )
    path = "query" if at_once else "query_range"
    said = loki.client.get(f"/loki/api/v1/{path}", params={"query": query, **times})
    assert said.status_code == 200, f"{query}: {said.text}"
    data = said.json()["data"]
    return data["resultType"], data["result"]


def test_the_stack_asks_for_logs() -> None:
    assert len(questions()) > 20


@pytest.mark.parametrize("question", questions(), ids=lambda q: f"{q.board.uid} {q.panel.title}")
def test_a_question_is_answered_for_every_choice(question: Question, loki: Loki) -> None:
    panel = question.panel
    kinds = {PanelKind.LOGS: "streams", PanelKind.TIMESERIES: "matrix"}
    typed = {"trace_id": TRACE} if "$trace_id" in getattr(panel.lookup, "query", "") else {}
    for chosen in ({}, question.one()):
        query = question.asked({**chosen, **typed})
        kind, found = answer(loki, panel, query)
        assert kind == kinds.get(panel.kind, "vector")
        assert found, f"nothing for {query}"
        if kind != "streams" and panel.lookup:
            shown = set(re.findall(r"\{\{\s*(\w+)\s*\}\}", panel.lookup.legend))
            assert all(shown <= series["metric"].keys() for series in found), query


@pytest.mark.parametrize("question", questions(), ids=lambda q: f"{q.board.uid} {q.panel.title}")
def test_a_choice_narrows_what_is_shown(question: Question, loki: Loki) -> None:
    nothing = dict.fromkeys(question.one(), "nothing-of-this-name")
    if nothing.keys() & set(re.findall(r"\$(\w+)", question.panel.lookup.query if question.panel.lookup else "")):
        assert answer(loki, question.panel, question.asked(nothing))[1] == []
