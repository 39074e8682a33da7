"""Links between dashboards: the time range and what was chosen go along."""

from __future__ import annotations

from collections.abc import Sequence

from model.promql import CLUSTER

# Grafana fills in the chosen range and variables, so a link keeps both.
KEEP = "${__url_time_range}&${__all_variables}"
_TIME = "${__url_time_range}"


def url(uid: str | None) -> str:
    return f"/d/{uid}?{KEEP}"


def series_url(uid: str, carries: Sequence[tuple[str, str]], keeps: Sequence[str], *, table: bool) -> str:
    """The page of the object of one series: ``carries`` are (variable there, label here), ``keeps`` variables of both.

    They are named one by one: of all, the one that is chosen by the click would be there twice, and mean both values.
    """
    if not carries:
        return url(uid)
    # In a table a label is a column; elsewhere it belongs to the field.
    value = "${{__data.fields.{}}}" if table else "${{__field.labels.{}}}"
    chosen = "&".join(f"var-{name}={value.format(label)}" for name, label in ((CLUSTER, CLUSTER), *carries))
    return "&".join((f"/d/{uid}?{_TIME}", *(f"${{{name}:queryparam}}" for name in keeps), chosen))
