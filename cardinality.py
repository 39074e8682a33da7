"""Which metrics are stored where ``cardinality`` is lean: those that something reads, job by job.

Exporters expose ten times what rules and panels read. What is read is known here, so the rest need not be stored.
What people ask at 3 a.m. is read too: the queries of the runbooks of the stack's alerts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import promql_parser

from model.contract import Contract, exposed_names
from model.expr import Expr
from model.scrape import Scrape
from model.system import System

Source = tuple[str, str | None]
"""A contract and the component of its exporter; None for the whole exporter."""
RUNBOOKS = Path(__file__).parent / "runbooks"
NOTHING = "-"
"""A keep-list that keeps nothing: no metric has such a name, and an empty one would keep everything."""
_QUERY = re.compile(r"^```promql\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_PLACEHOLDER = re.compile(r"<[a-z][a-z-]*>")


@dataclass(frozen=True)
class KeepLists:
    """The keep-list of every source of a lean stack.

    ``read`` are the names of series that something reads, ``extra`` regular expressions of what is stored of every
    source beside them.
    """

    read: frozenset[str]
    extra: tuple[str, ...]
    load: Callable[[str], Contract]

    def of(self, *sources: Source, more: Iterable[str] = ()) -> str:
        """The regular expression of the names that are stored of these sources, and ``more`` expressions.

        Several sources are those of a monitor that has one list for all its endpoints. Each of them stores what it
        would by itself: of what it exposes, that which is read.
        """
        exposed = {name for contract, component in sources for name in exposed_names(self.load(contract), component)}
        return "|".join((*sorted(exposed & self.read), *more, *self.extra)) or NOTHING


def keep_lists(
    exprs: Iterable[Expr], names: Iterable[str], extra: Iterable[str], load: Callable[[str], Contract]
) -> KeepLists:
    """Those of a stack that reads these expressions and names. What no contract has may come from any source."""
    read = [selector for expr in exprs for selector in expr.selectors()]
    uncharted = sorted({selector.name for selector in read if selector.no_contract})
    return KeepLists(frozenset((*(selector.name for selector in read), *names)), (*uncharted, *extra), load)


def lean(systems: Iterable[System], lists: KeepLists) -> tuple[System, ...]:
    """The same systems, whose endpoints have their keep-lists; without those that say why they store everything."""

    def keeping(scrape: Scrape) -> Scrape:
        if scrape.stores_all is not None:
            return scrape
        found = (replace(e, keep=lists.of((e.contract, e.component))) for e in scrape.endpoints)
        return replace(scrape, endpoints=tuple(found))

    return tuple(replace(system, scrapes=tuple(map(keeping, system.scrapes))) for system in systems)


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
