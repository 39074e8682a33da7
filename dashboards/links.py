"""Links between dashboards: the time range and what was chosen go along."""

from __future__ import annotations

from collections.abc import Sequence

from model.promql import CLUSTER

# Grafana fills in the chosen range and variables, so a link keeps both.
KEEP = "${__url_time_range}&${__all_variables}"
# Not all variables: one that is chosen by the click would be there twice, and mean both values.
_SOME = "${__url_time_range}&${datasource:queryparam}&${environment:queryparam}"


def url(uid: str | None) -> str:
    return f"/d/{uid}?{KEEP}"


def series_url(uid: str, carries: Sequence[tuple[str, str]], *, table: bool) -> str:
    """The page of the object of one series: ``carries`` are (variable there, label here)."""
    if not carries:
        return url(uid)
    # In a table a label is a column; elsewhere it belongs to the field.
    value = "${{__data.fields.{}}}" if table else "${{__field.labels.{}}}"
    chosen = "&".join(f"var-{name}={value.format(label)}" for name, label in ((CLUSTER, CLUSTER), *carries))
    return f"/d/{uid}?{_SOME}&{chosen}"
