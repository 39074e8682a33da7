from __future__ import annotations

from promql_samples import CATALOGUE, CONTRACTS, SYSTEMS, TARGET, contract, counter, gauge, system

from model.contract import Absent, Contract, Metric, exposed_names
from model.scrape import Endpoint, Relabeling
from obs.check.catalogue import NATIVE_HISTOGRAMS, Catalogue, catalogue


def built(metrics: list[Metric], endpoint: Endpoint | None = None, absent: list[Absent] | None = None) -> Catalogue:
    made = contract("c", metrics, absent or [])
    return catalogue([system("s", endpoint or Endpoint(port="p", contract="c"), job="s-job")], {"c": made}.__getitem__)


def test_a_series_has_the_labels_of_its_exporter_and_of_its_target() -> None:
    (series,) = built([gauge("queue", "name")]).series["queue"]
    assert series.labels == TARGET | {"name"}
    assert (series.type, series.contract, series.job) == ("gauge", "c", "s-job")


def test_without_honor_labels_a_colliding_label_is_renamed() -> None:
    (series,) = built([gauge("queue", "namespace")]).series["queue"]
    assert series.labels == TARGET | {"exported_namespace"}


def test_with_honor_labels_a_colliding_label_keeps_its_name() -> None:
    endpoint = Endpoint(port="p", contract="c", honor_labels=True)
    (series,) = built([gauge("queue", "namespace", "job")], endpoint).series["queue"]
    assert series.labels == TARGET
    assert series.job is None  # the exporter's own job, which nobody knows


def test_relabelings_add_their_label_and_make_an_own_job_unknown() -> None:
    steps = (Relabeling(target_label="team", replacement="data"), Relabeling(target_label="job", replacement="x"))
    (series,) = built([gauge("queue")], Endpoint(port="p", contract="c", relabelings=steps)).series["queue"]
    assert series.labels == TARGET | {"team"}
    assert series.job is None


def test_a_histogram_is_stored_as_buckets_sum_and_count() -> None:
    series = built([Metric(name="d", type="histogram", labels=("x",))]).series
    assert series["d_bucket"][0].labels == TARGET | {"x", "le"}
    assert series["d_sum"][0].labels == series["d_count"][0].labels == TARGET | {"x"}
    assert {series[n][0].type for n in ("d_bucket", "d_sum", "d_count")} == {"counter"}
    assert series["d"][0].optin == NATIVE_HISTOGRAMS


def test_the_base_name_of_a_histogram_is_stored_where_native_histograms_are_on() -> None:
    endpoint = Endpoint(port="p", contract="c", optins=frozenset({NATIVE_HISTOGRAMS}))
    assert built([Metric(name="d", type="histogram")], endpoint).series["d"][0].optin is None


def test_a_summary_is_stored_as_quantiles_sum_and_count() -> None:
    series = built([Metric(name="d", type="summary")]).series
    assert series["d"][0].labels == TARGET | {"quantile"}
    assert {"d_sum", "d_count"} <= series.keys()


def test_a_summary_lacks_what_its_note_or_the_absent_list_says() -> None:
    no_quantiles = built([Metric(name="d", type="summary", note="no quantiles by default")]).series
    assert "d" not in no_quantiles
    assert {"d_sum", "d_count"} <= no_quantiles.keys()
    assert "d_sum" not in built([Metric(name="d", type="summary", note="quantile and _count, no _sum")]).series
    absent = [Absent(name="d_sum", instead=None, why="Dropwizard summaries have no _sum")]
    shortened = built([Metric(name="d", type="summary")], absent=absent)
    assert "d_sum" not in shortened.series
    assert shortened.absent["d_sum"].why == "Dropwizard summaries have no _sum"


def test_only_the_metrics_of_the_scraped_component_are_stored() -> None:
    metrics = [gauge("of_all"), gauge("of_server", components=("server",)), gauge("of_worker", components=("worker",))]
    made = built(metrics, Endpoint(port="p", contract="c", component="server"))
    assert {"of_all", "of_server"} <= made.series.keys()
    assert "of_worker" not in made.series
    assert "component" in made.elsewhere["of_worker"]


def test_an_optin_is_off_unless_the_endpoint_lists_it() -> None:
    metric = gauge("queue", optin="--deep")
    assert built([metric]).series["queue"][0].optin == "--deep"
    on = Endpoint(port="p", contract="c", optins=frozenset({"--deep"}))
    assert built([metric], on).series["queue"][0].optin is None


def test_sources_that_differ_stay_apart_and_equal_ones_are_one() -> None:
    made: dict[str, Contract] = {"a": contract("a", [gauge("q", "x")]), "b": contract("b", [counter("q", "y")])}
    a, again, b = (Endpoint(port=port, contract=name) for port, name in (("p", "a"), ("q", "a"), ("r", "b")))
    series = catalogue([system("s", a, again, b)], made.__getitem__).series["q"]
    assert [(s.contract, s.type) for s in series] == [("a", "gauge"), ("b", "counter")]


def test_every_endpoint_has_up_and_the_other_scrape_series() -> None:
    jobs = {s.job for s in CATALOGUE.series["up"]}
    assert jobs == {"kube-state-metrics", "node-exporter", "spark-driver", "data"}
    assert CATALOGUE.series["scrape_duration_seconds"][0].labels == TARGET
    assert CATALOGUE.series["scrape_sample_limit"][0].optin is not None


def test_alerts_are_series_with_any_label() -> None:
    (alerts,) = CATALOGUE.series["ALERTS"]
    assert alerts.open
    assert {"alertname", "alertstate", "severity"} <= alerts.labels


def test_a_metric_of_a_system_that_is_not_enabled_says_whose_it_is() -> None:
    enabled = [s for s in SYSTEMS if s.name != "spark"]
    made = catalogue(enabled, CONTRACTS.__getitem__, others={"spark": ["spark"]})
    assert "the system spark" in made.elsewhere["spark_job_failed_total"]
    assert "spark_job_failed_total" not in CATALOGUE.elsewhere


def test_exposed_names_expand_families() -> None:
    made = contract("c", [Metric(name="h", type="histogram"), gauge("g")])
    assert list(exposed_names(made)) == ["h", "h_bucket", "h_sum", "h_count", "g"]
