"""Pages of metrics in the terms of contracts."""

from __future__ import annotations

import pytest

from obs.contracts.exposition import Family, NotExposition, families

PAGE = """\
# HELP jobs_total Jobs.
# TYPE jobs_total counter
jobs_total{queue="a"} 3
# TYPE depth gauge
depth{queue="a",shard=""} 1
depth{queue="b"} 2
# TYPE took_seconds histogram
took_seconds_bucket{path="/",le="1"} 1
took_seconds_bucket{path="/",le="+Inf"} 1
took_seconds_sum{path="/"} 0.5
took_seconds_count{path="/"} 1
# TYPE pause_seconds summary
pause_seconds{quantile="0.5"} 1
pause_seconds_sum 1
pause_seconds_count 1
# TYPE failures counter
failures 1
plain{type="gauges"} 4
"""


def family(name: str, kind: str, *labels: str, some: str = "", parts: tuple[str, ...] = ()) -> Family:
    found: Family = Family(
        name=name,
        type=kind,  # type: ignore[arg-type]
        labels=frozenset(labels),
        some=frozenset(some.split()),
        parts=frozenset(parts),
    )
    return found


def test_a_page_is_read_as_a_contract_names_it() -> None:
    found = families(PAGE)
    assert list(found.values()) == [
        family("jobs_total", "counter", "queue"),
        family("depth", "gauge", "queue", some="shard"),
        family("took_seconds", "histogram", "path", parts=("_bucket", "_sum", "_count")),
        family("pause_seconds", "summary", parts=("", "_sum", "_count")),
        family("failures", "counter"),
        family("plain", "untyped", "type"),
    ]
    assert list(found) == [f.name for f in found.values()]


def test_openmetrics_is_read_by_its_own_rules() -> None:
    page = '# TYPE jobs counter\njobs_total 3\njobs_created 1\n# TYPE build info\nbuild_info{version="1"} 1\n# EOF\n'
    found = families(page, "application/openmetrics-text; version=1.0.0; charset=utf-8")
    assert list(found.values()) == [family("jobs_total", "counter"), family("build_info", "gauge", "version")]


def test_a_counter_that_is_no_number_yet_is_one_all_the_same() -> None:
    page = "# TYPE rate counter\nrate_total NaN\n# EOF\n"
    assert list(families(page, "application/openmetrics-text").values()) == [family("rate_total", "counter")]


def test_a_family_without_a_series_is_none() -> None:
    assert families("# TYPE idle gauge\n# HELP idle Nothing yet.\n") == {}


@pytest.mark.parametrize(
    ("page", "content_type"),
    [
        ("<html><body>Log in</body></html>", "text/html"),
        ("jobs_total{queue=", "text/plain"),
        ("# TYPE jobs counter\njobs_total 3\n", "application/openmetrics-text"),  # cut off: no EOF
    ],
)
def test_what_is_no_page_of_metrics_is_told(page: str, content_type: str) -> None:
    with pytest.raises(NotExposition, match="no page of metrics"):
        families(page, content_type)
