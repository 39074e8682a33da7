"""Labels and queries that the texts of alerts and the legends of panels name."""

from __future__ import annotations

import re
from collections.abc import Iterator

_ACTION = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_NAME = r"([A-Za-z_]\w*)"
_LABEL = re.compile(rf"\$labels\.{_NAME}|index\s+\$labels\s+\"([^\"]+)\"")
_DOT_LABEL = re.compile(rf"(?<![\w$])\.Labels\.{_NAME}|index\s+\.Labels\s+\"([^\"]+)\"")
_QUERY = re.compile(r"\bquery\s+(?:\"((?:\\.|[^\"\\])*)\"|`([^`]*)`)")
_LEGEND = re.compile(r"\{\{\s*([A-Za-z_]\w*)\s*\}\}")


def template_labels(text: str) -> Iterator[str]:
    """Labels of the alert's own result that a Prometheus template names, in order.

    ``.Labels`` counts only in a text without ``query``: inside a range over a query's result it is
    that result's.
    """
    actions = _ACTION.findall(text)
    has_query = any(re.search(r"\bquery\b", action) for action in actions)
    for action in actions:
        for pattern in (_LABEL,) if has_query else (_LABEL, _DOT_LABEL):
            for first, second in pattern.findall(action):
                yield first or second


def template_queries(text: str) -> Iterator[str]:
    """PromQL texts that a Prometheus template asks for literally."""
    for action in _ACTION.findall(text):
        for quoted, raw in _QUERY.findall(action):
            yield raw or re.sub(r"\\(.)", r"\1", quoted)


def legend_labels(legend: str) -> Iterator[str]:
    """Labels that a Grafana legend format names; ``__auto`` stands alone and names none."""
    yield from _LEGEND.findall(legend)
