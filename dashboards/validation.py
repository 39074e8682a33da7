"""What makes a dashboard wrong, said before Grafana shows it wrongly or not at all."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from dashboards import thresholds
from dashboards.layout import COLUMNS
from dashboards.queries import DATASOURCE, ENVIRONMENT, REF_IDS, SOURCES
from model.dashboard import Dashboard, Panel, PanelKind
from model.promql import CLUSTER
from model.source import Defined, Site

OURS = (DATASOURCE, *SOURCES.values(), ENVIRONMENT, CLUSTER)
LEVELS = (0, 1, 2)
# Grafana refuses other uids (pkg/util/shortid_generator.go, IsValidShortUID and the length of the column).
_UID = re.compile(r"[A-Za-z0-9_-]{1,40}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

Problem = tuple[Site, str]
T = TypeVar("T", bound=Defined)


def validate(dashboard: Dashboard) -> None:
    """Raises ValueError with one line per problem: file:line, dashboard, panel, what is wrong, what is allowed."""
    found = [*_heading(dashboard), *_variables(dashboard), *_rows(dashboard)]
    found += [(panel.where, f"panel {panel.title!r}: {text}") for panel in dashboard.panels for text in _panel(panel)]
    if found:
        raise ValueError("\n".join(f"{where}: dashboard {dashboard.uid!r}: {text}" for where, text in found))


def _heading(dashboard: Dashboard) -> Iterator[Problem]:
    if _UID.fullmatch(dashboard.uid) is None:
        yield dashboard.where, "the uid must be 1 to 40 letters, digits, - or _"
    if not dashboard.title.strip():
        yield dashboard.where, "the title is empty"
    if not dashboard.description.strip():
        yield dashboard.where, "the description is empty"
    if dashboard.level not in LEVELS:
        yield dashboard.where, f"level {dashboard.level} is not one of {', '.join(map(str, LEVELS))}"


def _variables(dashboard: Dashboard) -> Iterator[Problem]:
    for variable in dashboard.variables:
        if variable.name in OURS or variable.label == CLUSTER:
            yield variable.where, f"variable {variable.name!r}: {', '.join(OURS)} come by themselves"
        elif _NAME.fullmatch(variable.name) is None:
            yield variable.where, f"variable {variable.name!r}: a name has letters, digits and _ only"
    yield from _repeated(dashboard.variables, lambda v: v.name, "two variables are named")
    yield from _repeated(dashboard.variables, lambda v: v.label, "two variables choose the label")


def _rows(dashboard: Dashboard) -> Iterator[Problem]:
    if not dashboard.rows:
        yield dashboard.where, "there are no rows"
    for row in dashboard.rows:
        if not row.title.strip():
            yield row.where, "a row has an empty title"
        if not row.panels:
            yield row.where, f"row {row.title!r} has no panels; leave it out"
    yield from _repeated(dashboard.rows, lambda r: r.title, "two rows are titled")
    yield from _repeated(dashboard.panels, lambda p: p.title, "two panels are titled")


def _panel(panel: Panel) -> Iterator[str]:
    if not panel.title.strip():
        yield "the title is empty"
    if not 1 <= panel.width <= COLUMNS:
        yield f"width {panel.width} is not within 1 to {COLUMNS} columns"
    if panel.height < 1:
        yield f"height {panel.height} is not at least 1"
    yield from _content(panel)
    yield from thresholds.problems(panel.thresholds)


def _content(panel: Panel) -> Iterator[str]:
    if panel.kind is PanelKind.TEXT:
        if not panel.text.strip() or panel.signals:
            yield "a text panel has a text and no signals"
        return
    if panel.lookup is not None:
        if panel.signals or panel.text or not panel.description.strip():
            yield "a panel with a lookup has a description, and neither signals nor a text"
        return
    if panel.kind is PanelKind.LOGS or not panel.signals or panel.text:
        wanted = "a lookup" if panel.kind is PanelKind.LOGS else "one signal or more and no text"
        yield f"a {panel.kind} panel has {wanted}"
    if len(panel.signals) > len(REF_IDS):
        yield f"{len(panel.signals)} signals are more than the {len(REF_IDS)} that one panel can name"
    units = {signal.unit: signal.title for signal in panel.signals}
    if len(units) > 1:
        shown = ", ".join(f"{title!r} in {unit}" for unit, title in units.items())
        yield f"its signals have more than one unit ({shown}); show each unit in a panel of its own"
    titles = [signal.title for signal in panel.signals]
    if len(set(titles)) < len(titles):
        yield "two of its signals have the same title"


def _repeated(values: Iterable[T], key: Callable[[T], str], what: str) -> Iterator[Problem]:
    first: dict[str, T] = {}
    for value in values:
        if key(value) in first:
            yield value.where, f"{what} {key(value)!r}; the other is at {first[key(value)].where}"
        first.setdefault(key(value), value)
