"""Alertmanager: whether it tells what it is told."""

from __future__ import annotations

from dataclasses import replace

from model.dashboard import PanelKind
from model.expr import Expr
from model.promql import count_by, eq, histogram_quantile, increase, max_by, metric, min_by, rate, sum_by
from model.rule import CONFIRMED, Alert, Severity, Signal
from model.scrape import Endpoint, Scrape, ScrapeKind
from model.system import RetentionClass, System
from systems.base import Context, SystemSettings, above, silence
from systems.own import KUBE_PROMETHEUS, equal, refused, section

JOB = f"{KUBE_PROMETHEUS}-alertmanager"
_COMPONENT = "alertmanager"
_SERVER = (eq("job", JOB), eq("container", "alertmanager"))
# One failure of one notification is repeated by itself; a half, so that rounding does not matter.
_MORE_THAN_ONE = 1.5


class Settings(SystemSettings):
    """Nothing to choose: it comes with kube-prometheus-stack."""


def system(settings: Settings, context: Context) -> System:
    signals = {s.name: s for s in (*_notification_signals(), *_cluster_signals())}
    silent, silent_alert = silence(
        context,
        job=JOB,
        title="Alertmanager",
        name="AlertmanagerSilent",
        component=_COMPONENT,
        severity=Severity.HIGH,
        hides="nothing tells whether notifications are delivered, and perhaps none is",
        only=(eq("container", "alertmanager"),),
    )
    silent = replace(silent, name="alertmanager_silent")
    signals[silent.name] = silent
    return System(
        name="alertmanager",
        title="Alertmanager",
        interval="30s",
        retention=RetentionClass.INFRASTRUCTURE,
        scrapes=(
            Scrape(
                name="alertmanager",
                kind=ScrapeKind.PART,
                job=JOB,
                endpoints=(
                    Endpoint(port="http-web", contract="alertmanager"),
                    Endpoint(port="reloader-web", contract="prometheus-config-reloader"),
                ),
            ),
        ),
        signals=tuple(signals.values()),
        alerts=(*_notification_alerts(signals), *_cluster_alerts(signals), replace(silent_alert, signal=silent)),
        sections=(section("Alertmanager", signals, _LAYOUT),),
    )


_LAYOUT = (
    (PanelKind.TIMESERIES, "notification_failures"),
    (PanelKind.TIMESERIES, "notifications"),
    (PanelKind.TIMESERIES, "notification_p95"),
    (PanelKind.TIMESERIES, "alerts"),
    (PanelKind.STAT, "members_missing"),
    (PanelKind.STAT, "configuration_rejected"),
    (PanelKind.STAT, "configurations_differ"),
    (PanelKind.STAT, "alertmanager_silent"),
)


def _failed() -> Expr:
    # It counts what was given up after all retries; every reason is there from the start.
    return sum_by(increase(metric("alertmanager_notifications_failed_total"), "15m"), "integration")


def _notification_signals() -> tuple[Signal, ...]:
    total = metric("alertmanager_notifications_total")
    latency = metric("alertmanager_notification_latency_seconds_bucket")
    return (
        Signal(
            name="notification_failures",
            title="Notifications given up",
            description="Share of the notifications of 15 minutes that could not be delivered, by integration.",
            good="0.",
            unit="percentunit",
            expr=_failed() / (sum_by(increase(total, "15m"), "integration") > 0),
            legend="{{integration}}",
            record="dataops:alertmanager:notification_failure_ratio_15m",
            maximum=1,
        ),
        Signal(
            name="notifications",
            title="Notifications",
            description="Notifications per second that were attempted, by integration.",
            good="Few. The heartbeat alone is one every 5 minutes.",
            unit="ops",
            expr=sum_by(rate(total, "5m"), "integration"),
            legend="{{integration}}",
        ),
        Signal(
            name="notification_p95",
            title="Duration of notifications (P95)",
            description="95th percentile of the time that a delivery took, by integration.",
            good="Seconds.",
            unit="s",
            expr=histogram_quantile(0.95, sum_by(rate(latency, "5m"), "integration", "le")),
            legend="{{integration}}",
        ),
        Signal(
            name="alerts",
            title="Alerts held",
            description="Alerts that an Alertmanager holds, by state; suppressed ones are silenced or muted.",
            good="Few.",
            unit="short",
            expr=max_by(metric("alertmanager_alerts"), "state"),
            legend="{{state}}",
        ),
    )


def _cluster_signals() -> tuple[Signal, ...]:
    there = count_by(equal(metric("up", *_SERVER), 1))
    fingerprint = metric("alertmanager_config_hash")
    return (
        Signal(
            name="members_missing",
            title="Members missing",
            description="Alertmanagers that answer, less those that the one with the smallest view knows.",
            good="0: members that do not know each other notify twice.",
            unit="short",
            expr=there
            - min_by(metric("alertmanager_cluster_members", may_be_absent="one alone may run without a cluster")),
            legend="{{cluster}}",
        ),
        Signal(
            name="configuration_rejected",
            title="Configuration rejected",
            description="1 where Alertmanager could not load its newest configuration and goes on with the one before.",
            good="0.",
            unit="short",
            expr=refused("alertmanager_config_last_reload_successful", "pod"),
            legend="{{pod}}",
        ),
        Signal(
            name="configurations_differ",
            title="Configurations differ",
            description="0 while all Alertmanagers run the same configuration.",
            good="0.",
            unit="short",
            expr=max_by(fingerprint) - min_by(fingerprint),
            legend="{{cluster}}",
        ),
    )


def _notification_alerts(signals: dict[str, Signal]) -> tuple[Alert, ...]:
    failures = signals["notification_failures"]
    share = "{{ $value | humanizePercentage }} of the notifications by {{ $labels.integration }}"
    return (
        above(
            "AlertmanagerNotificationsLost",
            failures,
            0.5,
            for_=CONFIRMED,
            severity=Severity.CRITICAL,
            component=_COMPONENT,
            summary=f"{share} are lost",
            description="Most of what Alertmanager should tell by this integration in 15 minutes was given up.",
            guard=_failed() > _MORE_THAN_ONE,
        ),
        above(
            "AlertmanagerNotificationsFailing",
            failures,
            0.01,
            for_="5m",
            severity=Severity.HIGH,
            component=_COMPONENT,
            summary=f"{share} fail",
            description="Somebody was not told of an alert, or of its end, in the last 15 minutes.",
        ),
    )


def _cluster_alerts(signals: dict[str, Signal]) -> tuple[Alert, ...]:
    return (
        above(
            "AlertmanagerMembersMissing",
            signals["members_missing"],
            0,
            for_="10m",
            severity=Severity.HIGH,
            component=_COMPONENT,
            summary="Alertmanagers of {{ $labels.cluster }} do not know each other",
            description="{{ $value }} that run are not in the cluster: alerts are told twice, silences hold in part.",
        ),
        above(
            "AlertmanagerConfigRejected",
            signals["configuration_rejected"],
            0,
            for_="5m",
            severity=Severity.HIGH,
            component=_COMPONENT,
            summary="{{ $labels.pod }} rejects its configuration",
            description="It routes by the one before; after a restart it would not start.",
        ),
        above(
            "AlertmanagerConfigsDiffer",
            signals["configurations_differ"],
            0,
            for_="15m",
            severity=Severity.MEDIUM,
            component=_COMPONENT,
            summary="Alertmanagers of {{ $labels.cluster }} run different configurations",
            description="Who is told depends on which of them tells.",
        ),
    )
