"""Dashboards of level 2, each a value; a file holds those below one domain."""

from __future__ import annotations

from dashboards.pages import applications, capacity, data, gitops, planning, trouble, workload
from dashboards.shelf import Page

PAGES: tuple[Page, ...] = (
    *gitops.PAGES,
    *capacity.PAGES,
    *planning.PAGES,
    *workload.PAGES,
    *data.PAGES,
    *trouble.PAGES,
    *applications.PAGES,
)
"""In the order in which a panel looks for the page that its series lead to: the first whose keys it has."""
