"""The Prometheus operator: whether it turns monitors, rules and servers into what runs."""

from __future__ import annotations

from functools import partial

from model.dashboard import PanelKind
from model.promql import eq, max_by, metric, rate, sum_by
from model.rule import Alert, Severity, Signal
from model.system import RetentionClass, System
from systems.base import Context, SystemSettings, above, silence
from systems.own import KUBE_PROMETHEUS, part, rates, refused, section, share

JOB = f"{KUBE_PROMETHEUS}-operator"
_COMPONENT = "prometheus-operator"
_above = partial(above, component=_COMPONENT)


class Settings(SystemSettings):
    """Nothing to choose: it comes with kube-prometheus-stack."""


def system(settings: Settings, context: Context) -> System:
    signals = {s.name: s for s in (*_work_signals(), *_state_signals())}
    silent, silent_alert = silence(
        context,
        job=JOB,
        title="Prometheus operator",
        name="PrometheusOperatorSilent",
        component=_COMPONENT,
        severity=Severity.MEDIUM,
        hides="nothing tells that a new monitor or rule was refused",
    )
    return System(
        name="prometheus_operator",
        title="Prometheus operator",
        interval="30s",
        retention=RetentionClass.INFRASTRUCTURE,
        scrapes=(part(JOB, "http", "prometheus-operator", honor_labels=True),),
        signals=(*signals.values(), silent),
        alerts=(*_alerts(signals), silent_alert),
        sections=(section("Prometheus operator", {**signals, silent.name: silent}, (*_LAYOUT, _silent(silent))),),
    )


_LAYOUT = (
    (PanelKind.TABLE, "rejected"),
    (PanelKind.TIMESERIES, "reconcile_failures"),
    (PanelKind.TIMESERIES, "reconciles"),
    (PanelKind.TIMESERIES, "watch_failures"),
    (PanelKind.STAT, "failed_syncs"),
    (PanelKind.STAT, "not_ready"),
)


def _silent(signal: Signal) -> tuple[PanelKind, str]:
    return PanelKind.STAT, signal.name


def _work_signals() -> tuple[Signal, ...]:
    operations = metric("prometheus_operator_reconcile_operations_total")
    watch = ("list", "watch")
    return (
        Signal(
            name="reconcile_failures",
            title="Failed reconciliations",
            description="Share of the operator's reconciliations that failed over 5 minutes, by kind of server.",
            good="0.",
            unit="percentunit",
            expr=share(
                rate(metric("prometheus_operator_reconcile_errors_total"), "5m"), rate(operations, "5m"), "controller"
            ),
            legend="{{controller}}",
            maximum=1,
        ),
        Signal(
            name="reconciles",
            title="Reconciliations",
            description="Reconciliations of the operator per second, by kind of server.",
            good="Few; many at a time come from objects that change without end.",
            unit="ops",
            expr=sum_by(rate(operations, "5m"), "controller"),
            legend="{{controller}}",
        ),
        Signal(
            name="watch_failures",
            title="Failed requests to the API",
            description="Share of the operator's lists and watches that failed over 5 minutes, by kind of server.",
            good="0.",
            unit="percentunit",
            expr=rates([f"prometheus_operator_{verb}_operations_failed_total" for verb in watch], "controller")
            / (rates([f"prometheus_operator_{verb}_operations_total" for verb in watch], "controller") > 0),
            legend="{{controller}}",
            maximum=1,
        ),
    )


def _state_signals() -> tuple[Signal, ...]:
    return (
        Signal(
            name="rejected",
            title="Rejected objects",
            description="Monitors, rules and configurations that the operator refuses, by kind.",
            good="0: a refused rule alerts nobody.",
            unit="short",
            expr=max_by(
                metric("prometheus_operator_managed_resources", eq("state", "rejected")), "controller", "resource"
            ),
            legend="{{resource}} of {{controller}}",
        ),
        Signal(
            name="failed_syncs",
            title="Servers that could not be brought up to date",
            description="Prometheus, Alertmanager and Ruler objects whose last synchronisation failed.",
            good="0.",
            unit="short",
            expr=max_by(metric("prometheus_operator_syncs", eq("status", "failed")), "controller"),
            legend="{{controller}}",
        ),
        Signal(
            name="not_ready",
            title="Controllers that are not ready",
            description="1 where a controller of the operator has not seen its objects yet.",
            good="0.",
            unit="short",
            expr=refused("prometheus_operator_ready", "controller"),
            legend="{{controller}}",
        ),
    )


def _alerts(signals: dict[str, Signal]) -> tuple[Alert, ...]:
    return (
        _above(
            "PrometheusOperatorRejects",
            signals["rejected"],
            0,
            for_="5m",
            severity=Severity.HIGH,
            summary="{{ $value }} {{ $labels.resource }} are refused by the {{ $labels.controller }} controller",
            description="What they say is not in force: their targets are not scraped, their alerts cannot fire.",
        ),
        _above(
            "PrometheusOperatorReconcileFailing",
            signals["reconcile_failures"],
            0.1,
            for_="10m",
            severity=Severity.HIGH,
            summary="{{ $value | humanizePercentage }} of the reconciliations of {{ $labels.controller }} fail",
            description="What was deployed last may not be in force.",
        ),
        _above(
            "PrometheusOperatorSyncFailing",
            signals["failed_syncs"],
            0,
            for_="10m",
            severity=Severity.HIGH,
            summary="{{ $value }} objects of {{ $labels.controller }} cannot be brought up to date",
            description="Their servers run with what was deployed before.",
        ),
        _above(
            "PrometheusOperatorWatchFailing",
            signals["watch_failures"],
            0.4,
            for_="15m",
            severity=Severity.MEDIUM,
            summary="{{ $value | humanizePercentage }} of the operator's requests for {{ $labels.controller }} fail",
            description="It does not hear of new monitors, rules and servers.",
        ),
        _above(
            "PrometheusOperatorNotReady",
            signals["not_ready"],
            0,
            for_="10m",
            severity=Severity.MEDIUM,
            summary="The {{ $labels.controller }} controller of the operator is not ready",
            description="It has not seen its objects for 10 minutes, and does nothing.",
        ),
    )
