"""What goes wrong with the Prometheus operator."""

from __future__ import annotations

from obs.simulate.scenario import Change, Down, Scenario, Set, Step

_OF_PROMETHEUS = {"controller": "prometheus"}


def _scenario(name: str, title: str, description: str, alert: str, within: str, *changes: Change | Down) -> Scenario:
    return Scenario(
        name=name,
        title=title,
        description=description,
        system="prometheus_operator",
        changes=changes,
        alerts=(alert,),
        within=within,
    )


SCENARIOS = (
    _scenario(
        "rule-rejected",
        "A rule is refused",
        "Somebody applied a PrometheusRule with an expression that does not parse.",
        "PrometheusOperatorRejects",
        "9m",
        Change(
            "prometheus_operator_managed_resources",
            Set(1),
            {**_OF_PROMETHEUS, "resource": "PrometheusRule", "state": "rejected"},
        ),
    ),
    _scenario(
        "reconcile-fails",
        "The operator fails to reconcile",
        "It may not write the StatefulSet.",
        "PrometheusOperatorReconcileFailing",
        "20m",
        Change("prometheus_operator_reconcile_errors_total", Step(1, every="1m"), _OF_PROMETHEUS),
        Change("prometheus_operator_reconcile_operations_total", Step(2, every="1m"), _OF_PROMETHEUS),
    ),
    _scenario(
        "sync-fails",
        "A server cannot be brought up to date",
        "The object names a Secret that is not there.",
        "PrometheusOperatorSyncFailing",
        "14m",
        Change("prometheus_operator_syncs", Set(1), {**_OF_PROMETHEUS, "status": "failed"}),
    ),
    _scenario(
        "watch-fails",
        "The operator may not watch",
        "A role is missing.",
        "PrometheusOperatorWatchFailing",
        "25m",
        Change("prometheus_operator_watch_operations_failed_total", Step(4, every="1m"), _OF_PROMETHEUS),
        Change("prometheus_operator_watch_operations_total", Step(4, every="1m"), _OF_PROMETHEUS),
    ),
    _scenario(
        "operator-waits",
        "A controller does not become ready",
        "A definition of its objects is missing.",
        "PrometheusOperatorNotReady",
        "14m",
        Change("prometheus_operator_ready", Set(0), _OF_PROMETHEUS),
    ),
    _scenario(
        "operator-down",
        "The operator does not answer",
        "New monitors and rules are not taken up.",
        "PrometheusOperatorSilent",
        "6m",
        Down("prometheus-operator"),
    ),
)
