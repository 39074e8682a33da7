"""Drift between a contract and what was scraped: each kind planted, and told."""

from __future__ import annotations

import pytest

from model.contract import Contract, Metric
from obs.contracts.compare import Component, Drift, Scraped, compare
from obs.contracts.exposition import Family, families

METRICS = {
    "jobs_total": Metric(name="jobs_total", type="counter", labels=("queue",)),
    "depth": Metric(name="depth", type="gauge", labels=("queue",)),
    "took_seconds": Metric(name="took_seconds", type="histogram", labels=("path",)),
    "pause_seconds": Metric(name="pause_seconds", type="summary"),
    "build_info": Metric(name="build_info", type="info", labels=("version",)),
}
SOUND = """\
# TYPE jobs_total counter
jobs_total{queue="a"} 3
# TYPE depth gauge
depth{queue="a"} 1
# TYPE took_seconds histogram
took_seconds_bucket{path="/",le="+Inf"} 1
took_seconds_sum{path="/"} 0.5
took_seconds_count{path="/"} 1
# TYPE pause_seconds summary
pause_seconds_sum 1
pause_seconds_count 1
# TYPE build_info gauge
build_info{version="1"} 1
# TYPE go_goroutines gauge
go_goroutines 9
"""


def contract(metrics: dict[str, Metric] | None = None, evidence: str = "scraped") -> Contract:
    return Contract(
        name="planted",
        exporter="x",
        version="1",
        source="here",
        evidence=evidence,  # type: ignore[arg-type]
        metrics=METRICS if metrics is None else metrics,
    )


def scraped(
    page: str, *, sometimes: frozenset[str] = frozenset(), libraries: bool = False, ignore: str = ""
) -> Scraped:
    return Scraped(
        contract="planted",
        version="1",
        how="here",
        components={None: families(page)},
        sometimes=sometimes,
        libraries=libraries,
        ignore=ignore,
    )


def drifts(page: str, **options: frozenset[str]) -> list[tuple[str, str]]:
    return [(d.kind, d.metric) for d in compare(contract(), scraped(page, **options)).drifts]  # type: ignore[arg-type]


def test_what_is_as_promised_has_no_drift() -> None:
    found = compare(contract(), scraped(SOUND))
    assert (found.drifts, set(found.seen), found.unseen) == ((), set(METRICS), ())


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('jobs_total{queue="a"} 3\n', "", [("missing", "jobs_total")]),
        ("# TYPE go_g", "# TYPE surprise gauge\nsurprise 1\n# TYPE go_g", [("extra", "surprise")]),
        ("# TYPE depth gauge", "# TYPE depth counter", [("type", "depth")]),
        ('depth{queue="a"}', "depth", [("label-missing", "depth")]),
        ('depth{queue="a"}', 'depth{queue="a",shard="1"}', [("label-extra", "depth")]),
        ('took_seconds_bucket{path="/",le="+Inf"} 1\n', "", [("part", "took_seconds")]),
        ('took_seconds_sum{path="/"} 0.5\n', "", [("part", "took_seconds")]),
        ("pause_seconds_count 1\n", "", [("part", "pause_seconds")]),
        ("# TYPE pause_seconds summary", "# TYPE pause_seconds histogram", [("type", "pause_seconds")]),
        ("# TYPE build_info gauge", "# TYPE build_info counter", [("type", "build_info")]),
    ],
)
def test_each_planted_drift_is_found_and_nothing_else(old: str, new: str, expected: list[tuple[str, str]]) -> None:
    assert old in SOUND
    assert drifts(SOUND.replace(old, new)) == expected


def test_a_page_without_types_is_taken_by_its_names() -> None:
    """Spark's servlet tells no types: parts of a histogram are then metrics of their own."""
    page = "\n".join(line for line in SOUND.splitlines() if not line.startswith("#")) + "\n"
    assert drifts(page) == []
    assert drifts(page.replace('took_seconds_count{path="/"} 1\n', "")) == [("part", "took_seconds")]


@pytest.mark.parametrize(
    "metric",
    [
        Metric(name="rare_total", type="counter", optin="--rare"),
        Metric(name="rare_total", type="counter", evidence="read"),
    ],
)
def test_what_is_opt_in_or_only_read_may_be_missing(metric: Metric) -> None:
    found = compare(contract({**METRICS, "rare_total": metric}), scraped(SOUND))
    assert (found.drifts, found.unseen) == ((), ("rare_total",))


def test_a_contract_that_was_only_read_demands_nothing_but_is_held_to_what_is_there() -> None:
    page = SOUND.replace('jobs_total{queue="a"} 3\n', "").replace("# TYPE depth gauge", "# TYPE depth counter")
    found = compare(contract(evidence="read"), scraped(page))
    assert ([(d.kind, d.metric) for d in found.drifts], found.unseen) == ([("type", "depth")], ("jobs_total",))


def test_labels_that_come_and_go_are_no_drift() -> None:
    page = SOUND.replace('depth{queue="a"}', "depth")
    assert drifts(page, sometimes=frozenset({"queue"})) == []


def test_labels_that_an_allow_list_adds_are_no_drift() -> None:
    labels = Metric(name="pod_labels", type="gauge", labels=("pod", "label_POD_LABEL"))
    page = '# TYPE pod_labels gauge\npod_labels{pod="a",label_app="x"} 1\n'
    found = compare(contract({"pod_labels": labels}), scraped(page))
    assert found.drifts == ()
    unknown = compare(contract({"pod_labels": labels}), scraped(page.replace("label_app", "app")))
    assert [(d.kind, d.message) for d in unknown.drifts] == [
        ("label-extra", "has the label app, which the contract does not know")
    ]


def test_a_component_is_asked_for_its_own_metrics_alone() -> None:
    metrics = {
        "a_total": Metric(name="a_total", type="counter", components=("server",)),
        "b_total@server": Metric(name="b_total", type="counter", components=("server",)),
        "b_total@worker": Metric(name="b_total", type="counter", components=("worker",), labels=("queue",)),
        "c_total": Metric(name="c_total", type="counter", components=("elsewhere",)),
    }
    pages: dict[Component, dict[str, Family]] = {
        "server": families("# TYPE a_total counter\na_total 1\n# TYPE b_total counter\nb_total 1\n"),
        "worker": families('# TYPE b_total counter\nb_total{queue="a"} 1\n'),
    }
    run = Scraped(contract="planted", version="1", how="here", components=pages)
    assert compare(contract(metrics), run).drifts == ()
    swapped = Scraped(
        contract="planted",
        version="1",
        how="here",
        components={"server": pages["worker"], "worker": pages["server"]},
    )
    assert compare(contract(metrics), swapped).drifts == (
        Drift(kind="missing", metric="a_total", component="server", message="is not exposed any more"),
        Drift(
            kind="label-extra",
            metric="b_total",
            component="server",
            message="has the label queue, which the contract does not know",
        ),
        Drift(kind="label-missing", metric="b_total", component="worker", message="no series has the label queue"),
        Drift(
            kind="extra",
            metric="a_total",
            component="worker",
            message="is exposed (counter), the contract does not know it",
        ),
    )


def test_libraries_count_where_the_contract_is_theirs() -> None:
    assert [(d.kind, d.metric) for d in compare(contract(), scraped(SOUND, libraries=True)).drifts] == [
        ("extra", "go_goroutines")
    ]


def test_names_that_a_job_makes_are_not_compared() -> None:
    page = SOUND + "# TYPE query_7_rows gauge\nquery_7_rows 1\n"
    assert compare(contract(), scraped(page, ignore=r"query_\d+_rows")).drifts == ()
    assert [d.metric for d in compare(contract(), scraped(page)).drifts] == ["query_7_rows"]
