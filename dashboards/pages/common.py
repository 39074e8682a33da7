"""What several pages have: variables, and rows of logs."""

from __future__ import annotations

from dashboards.shelf import Group, Wanted
from model.dashboard import Lookup, PanelKind, Store, Variable
from systems.alloy.error_lines import ERROR_LEVELS

__site_transparent__ = True
NAMESPACE = ("kubernetes", Variable(name="namespace", label="namespace", metric="kube_pod_info"))
POD = ("kubernetes", Variable(name="pod", label="pod", metric="kube_pod_info"))
CHOSEN = '{namespace=~".+", namespace=~"$namespace"}'
"""The first matcher is for Loki, which refuses to look for what may be empty, as a choice of all is (``.*``)."""
FAILED = f'level=~"(?i)({"|".join(ERROR_LEVELS)})"'
"""A level that the agent found in the line; it is structured metadata, so it stands after the streams are chosen."""


def lines(query: str, title: str, description: str, *, height: int = 12) -> Wanted:
    """Lines of a log, newest first."""
    return Wanted(
        kind=PanelKind.LOGS,
        title=title,
        description=description,
        lookup=Lookup(store=Store.LOGS, query=query),
        width=24,
        height=height,
    )


def counted(query: str, legend: str, title: str, description: str, kind: PanelKind = PanelKind.TIMESERIES) -> Wanted:
    """Numbers made of a log: how many lines, by what."""
    return Wanted(
        kind=kind,
        title=title,
        description=description,
        lookup=Lookup(store=Store.LOGS, query=query, legend=legend),
        width=12,
    )


_BY_APP = f"sum by (namespace, app) (count_over_time({CHOSEN} | {FAILED} [$__range]))"
MOST_ERRORS = counted(
    f"topk(10, {_BY_APP})",
    "{{namespace}} {{app}}",
    "Applications with most errors",
    "The ten that wrote most lines of the levels error and worse in the chosen time. Good: none.",
    PanelKind.BARGAUGE,
)


# Numbers and ids tell lines of one message apart: what holds a digit becomes a #.
_MESSAGE = '`{{ regexReplaceAll "[0-9a-fA-F]*[0-9][0-9a-fA-F.:-]*" __line__ "#" | trunc 120 }}`'
TOP_MESSAGES = counted(
    f"topk(10, sum by (message) (count_over_time({CHOSEN} | {FAILED} | label_format message={_MESSAGE} [$__range])))",
    "{{message}}",
    "Error messages, top 10",
    "The ten messages of the levels error and worse that were written most in the chosen time, their numbers and ids "
    "as #. Good: none. Loki refuses to count more than 500 different ones: choose a namespace, or less time.",
    PanelKind.TABLE,
)


def logs_of(streams: str, title: str) -> Group:
    """A row with the errors of some streams over time, and their lines."""
    by_level = f"sum by (level) (count_over_time({streams} [$__auto]))"
    return Group(
        title="Logs",
        panels=(
            counted(by_level, "{{level}}", f"{title}: lines by level", "Lines by level. Good: few errors."),
            counted(
                f"sum by (pod) (count_over_time({streams} | {FAILED} [$__auto]))",
                "{{pod}}",
                f"{title}: errors by pod",
                "Lines of the levels error and worse. Good: none.",
            ),
            lines(streams, title, "What was written, newest first. A click on a trace's id opens the trace."),
        ),
    )
