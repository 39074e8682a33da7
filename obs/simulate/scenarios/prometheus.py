"""What goes wrong with Prometheus, and with targets."""

from __future__ import annotations

from obs.simulate.exporters.prometheus import RULE_GROUP
from obs.simulate.scenario import Change, Down, Scenario, Set, Step

_ONE_A_MINUTE = Step(1, every="1m")
_GROUP = {"rule_group": RULE_GROUP}


def _scenario(name: str, title: str, description: str, alert: str, within: str, *changes: Change | Down) -> Scenario:
    return Scenario(
        name=name,
        title=title,
        description=description,
        system="prometheus",
        changes=changes,
        alerts=(alert,),
        within=within,
    )


SCENARIOS = (
    _scenario(
        "rules-fail",
        "Rules fail",
        "A rule joins what is there twice since a rollout: every evaluation fails.",
        "PrometheusRuleFailures",
        "18m",
        Change("prometheus_rule_evaluation_failures_total", _ONE_A_MINUTE, _GROUP),
    ),
    _scenario(
        "rules-late",
        "Rules take too long",
        "A group takes longer than its interval.",
        "PrometheusRuleIterationsMissed",
        "22m",
        Change("prometheus_rule_group_iterations_missed_total", _ONE_A_MINUTE, _GROUP),
    ),
    _scenario(
        "alertmanager-refuses",
        "An Alertmanager takes a part of the alerts",
        "It is slow: a third of what Prometheus sends runs into its time limit.",
        "PrometheusAlertmanagerRefuses",
        "20m",
        Change("prometheus_notifications_errors_total", _ONE_A_MINUTE),
        Change("prometheus_notifications_sent_total", Step(2, every="1m")),
    ),
    _scenario(
        "alerts-dropped",
        "Alerts are thrown away",
        "No Alertmanager answers, and the queue is full.",
        "PrometheusAlertsDropped",
        "5m",
        Change("prometheus_notifications_dropped_total", Step(5, every="30s")),
    ),
    _scenario(
        "no-alertmanager",
        "Prometheus finds no Alertmanager",
        "Somebody took the role away by which Prometheus looks for it.",
        "PrometheusWithoutAlertmanager",
        "4m",
        Change("prometheus_notifications_alertmanagers_discovered", Set(0)),
    ),
    _scenario(
        "prometheus-storage",
        "Prometheus cannot compact",
        "Its volume is full.",
        "PrometheusStorageFailing",
        "45m",
        Change("prometheus_tsdb_compactions_failed_total", Step(1, every="5m")),
    ),
    _scenario(
        "too-many-series",
        "Too many series",
        "An application put the number of a request into a label.",
        "PrometheusSeriesHigh",
        "20m",
        Change("prometheus_tsdb_head_series", Set(140_000)),
    ),
    _scenario(
        "prometheus-config",
        "Prometheus rejects its configuration",
        "Two scrapes have one name.",
        "PrometheusConfigRejected",
        "9m",
        Change("prometheus_config_last_reload_successful", Set(0)),
    ),
    _scenario(
        "reloader-fails",
        "The reloaders cannot hand over what is new",
        "The servers beside them do not answer.",
        "ConfigReloaderFailing",
        "14m",
        Change("reloader_last_reload_successful", Set(0)),
    ),
    _scenario(
        "target-down",
        "One of three targets does not answer",
        "The node exporter of one node is blocked by a firewall.",
        "TargetDown",
        "20m",
        Down("node-exporter", node="worker-2"),
    ),
    _scenario(
        "scrape-too-large",
        "A target exposes too much",
        "A scrape has more samples than its monitor allows.",
        "PrometheusScrapesRejected",
        "22m",
        Change("prometheus_target_scrapes_exceeded_sample_limit_total", _ONE_A_MINUTE),
    ),
    _scenario(
        "samples-doubled",
        "Two targets expose one series",
        "A monitor selects two Services of the same pods without telling them apart.",
        "PrometheusSamplesUnusable",
        "40m",
        Change("prometheus_target_scrapes_sample_duplicate_timestamp_total", Step(30, every="30s")),
    ),
    _scenario(
        "discovery-fails",
        "Prometheus may not list Services",
        "A role is missing.",
        "PrometheusDiscoveryFailing",
        "22m",
        Change("prometheus_sd_kubernetes_failures_total", _ONE_A_MINUTE),
    ),
    _scenario(
        "prometheus-down",
        "Prometheus does not show its own metrics",
        "A policy of the network keeps it from itself.",
        "PrometheusSilent",
        "6m",
        Down("prometheus"),
    ),
)
