"""Which metrics are stored where ``cardinality`` is lean: those that something reads, job by job.

Exporters expose ten times what rules and panels read. What is read is known here, so the rest need not be stored.
What people ask at 3 a.m. is read too: the queries of the runbooks of the stack's alerts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import promql_parser

from model.contract import Contract, exposed_names
from model.scrape import Endpoint, Scrape, ScrapeKind
from model.system import System

RUNBOOKS = Path(__file__).parent / "runbooks"
NOTHING = "-"
"""A keep-list that keeps nothing: no metric has such a name, and an empty one would keep everything."""
_QUERY = re.compile(r"^```promql\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_PLACEHOLDER = re.compile(r"<[a-z][a-z-]*>")


def lean(
    systems: Iterable[System], read: Iterable[str], extra: Iterable[str], load: Callable[[str], Contract]
) -> tuple[System, ...]:
    """The same systems, whose monitors keep what is ``read`` (names of series) and what matches ``extra``.

    A monitor of a part of the stack keeps everything, unless it takes a keep-list.
    """
    names, patterns = frozenset(read), tuple(extra)
    return tuple(
        replace(system, scrapes=tuple(_lean(scrape, names, patterns, load) for scrape in system.scrapes))
        for system in systems
    )


def _lean(scrape: Scrape, read: frozenset[str], extra: tuple[str, ...], load: Callable[[str], Contract]) -> Scrape:
    if scrape.kind is ScrapeKind.PART and not scrape.part_keeps:
        return scrape

    def keep(endpoint: Endpoint) -> Endpoint:
        exposed = set(exposed_names(load(endpoint.contract), endpoint.component))
        return replace(endpoint, keep="|".join((*sorted(exposed & read), *extra)) or NOTHING)

    return replace(scrape, endpoints=tuple(keep(endpoint) for endpoint in scrape.endpoints))


def asked_in_runbooks(alerts: Iterable[str]) -> Iterator[str]:
    """Names of the series that the runbooks of these alerts ask for."""
    for alert in sorted(set(alerts)):
        page = RUNBOOKS / f"{alert}.md"
        for query in _QUERY.findall(page.read_text()) if page.is_file() else ():
            yield from _names(_PLACEHOLDER.sub("x", query))


@cache
def _names(query: str) -> tuple[str, ...]:
    """Nothing for a text that is no query: tests of the runbooks find it."""
    found: list[str] = []

    def visit(node: promql_parser.Expr) -> None:
        if isinstance(node, promql_parser.VectorSelector) and node.name:
            found.append(node.name)

    try:
        promql_parser.walk(promql_parser.parse(query), visit)
    except ValueError:
        return ()
    return tuple(found)
