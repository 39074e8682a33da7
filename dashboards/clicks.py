"""How many clicks a panel is away from level 0: a link is one, opening a collapsed row is one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dashboards.layout import arrange
from model.dashboard import Dashboard, Panel

MOST = 3
"""Spec 60-dashboards 1.2: every piece of information is at most three clicks from the main dashboard."""
_IN_TEXT = re.compile(r"\(/d/([\w-]+)")


def targets(panel: Panel) -> tuple[str, ...]:
    """The dashboards that a panel's link and its text lead to."""
    return (*((panel.link,) if panel.link else ()), *_IN_TEXT.findall(panel.text))


def clicks(dashboards: Sequence[Dashboard]) -> Iterator[tuple[tuple[Dashboard, Panel], int | None]]:
    """(dashboard, panel) -> clicks from level 0; None where only a list of all dashboards leads there.

    Drop-downs and the search do not count: they lead everywhere, and nobody sees where to.
    """
    shown = {d.uid: tuple(_shown(d)) for d in dashboards}
    away = {d.uid: 0 for d in dashboards if d.level == 0}
    ahead = list(away)
    while ahead:
        here = ahead.pop(0)
        for panel, opening in shown.get(here, ()):
            for uid in targets(panel):
                count = away[here] + opening + 1
                if uid not in away or count < away[uid]:
                    away[uid] = count
                    ahead.append(uid)
    for dashboard in dashboards:
        start = away.get(dashboard.uid)
        for panel, opening in shown[dashboard.uid]:
            yield (dashboard, panel), start + opening if start is not None else None


def _shown(dashboard: Dashboard) -> Iterator[tuple[Panel, int]]:
    for row, place in zip(dashboard.rows, arrange(dashboard.rows), strict=True):
        yield from ((panel, int(place.collapsed)) for panel in row.panels)
