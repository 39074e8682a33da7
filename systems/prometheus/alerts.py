"""When somebody must look at Prometheus.

Critical is what loses alerts for sure: an alert that no Alertmanager takes, and a Prometheus that knows none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from model.rule import CONFIRMED, Alert, Severity, Signal
from systems.base import above

_COMPONENT = "prometheus"
_above = partial(above, component=_COMPONENT)


def alerts(signals: Mapping[str, Signal]) -> Iterator[Alert]:
    yield from _rule_alerts(signals)
    yield from _notification_alerts(signals)
    yield from _storage_alerts(signals)
    yield from _target_alerts(signals)
    if "remote_write_delay" in signals:
        yield from _write_alerts(signals)


def _rule_alerts(signals: Mapping[str, Signal]) -> Iterator[Alert]:
    yield _above(
        "PrometheusRuleFailures",
        signals["rule_failures"],
        0,
        for_="10m",
        severity=Severity.HIGH,
        summary="{{ $labels.pod }} fails to evaluate rules of {{ $labels.rule_group }}",
        description="Rules of this group have failed again and again for 10 minutes: their alerts cannot fire.",
    )
    yield _above(
        "PrometheusRuleIterationsMissed",
        signals["rule_iterations_missed"],
        0,
        for_="15m",
        severity=Severity.MEDIUM,
        summary="{{ $labels.pod }} leaves out rounds of {{ $labels.rule_group }}",
        description="The group takes longer than its interval, so that its alerts come late.",
    )


def _notification_alerts(signals: Mapping[str, Signal]) -> Iterator[Alert]:
    yield _above(
        "PrometheusAlertmanagerRefuses",
        signals["alerts_refused"],
        0.05,
        for_="10m",
        severity=Severity.MEDIUM,
        summary="{{ $labels.alertmanager }} does not take the alerts of {{ $labels.pod }}",
        description="{{ $value | humanizePercentage }} of them fail. Other Alertmanagers still get them.",
    )
    yield _above(
        "PrometheusAlertsDropped",
        signals["alerts_dropped"],
        0,
        for_=CONFIRMED,
        severity=Severity.CRITICAL,
        summary="Alerts of {{ $labels.pod }} are lost: no Alertmanager takes them",
        description="{{ $value | humanize }} alerts were thrown away in 5 minutes for every Alertmanager.",
    )
    yield Alert(
        name="PrometheusWithoutAlertmanager",
        signal=signals["alertmanagers"],
        op="<",
        threshold=1,
        for_=CONFIRMED,
        severity=Severity.CRITICAL,
        component=_COMPONENT,
        summary="{{ $labels.pod }} knows no Alertmanager",
        description="Service discovery finds none: no alert of this Prometheus reaches anybody.",
    )


def _storage_alerts(signals: Mapping[str, Signal]) -> Iterator[Alert]:
    yield _above(
        "PrometheusStorageFailing",
        signals["storage_failures"],
        2,
        for_="15m",
        severity=Severity.HIGH,
        summary="The storage of {{ $labels.pod }} fails",
        description="{{ $value | humanize }} compactions, reloads, truncations or writes failed in an hour: mostly the "
        "volume is full or damaged.",
    )
    yield _above(
        "PrometheusSeriesHigh",
        signals["series"],
        1,
        for_="15m",
        severity=Severity.WARNING,
        summary="{{ $labels.pod }} has {{ $value | humanizePercentage }} of the series that it is made for",
        description="More series take more memory and shorten the retention; a kill for memory is next.",
    )
    yield _above(
        "PrometheusConfigRejected",
        signals["configuration_rejected"],
        0,
        for_="5m",
        severity=Severity.HIGH,
        summary="{{ $labels.pod }} rejects its configuration",
        description="It goes on with the one before: new targets and rules are missing, and a restart would fail.",
    )
    yield _above(
        "ConfigReloaderFailing",
        signals["reloader_failing"],
        0,
        for_="10m",
        severity=Severity.HIGH,
        summary="The reloader of {{ $labels.pod }} fails",
        description="What was deployed last has not been in force for 10 minutes.",
    )


def _target_alerts(signals: Mapping[str, Signal]) -> Iterator[Alert]:
    yield _above(
        "TargetDown",
        signals["targets_down"],
        0.1,
        for_="15m",
        severity=Severity.MEDIUM,
        summary="{{ $value | humanizePercentage }} of the targets of {{ $labels.job }} do not answer",
        description="They run in {{ $labels.namespace }} and could not be scraped for 15 minutes: nobody watches them.",
    )
    yield _above(
        "PrometheusScrapesRejected",
        signals["scrapes_rejected"],
        0,
        for_="15m",
        severity=Severity.MEDIUM,
        summary="{{ $labels.pod }} rejects scrapes that are above a limit",
        description="A target exposes more samples, bytes or labels than its monitor allows; nothing of it is stored.",
    )
    yield _above(
        "PrometheusSamplesUnusable",
        signals["samples_unusable"],
        0,
        for_="30m",
        severity=Severity.WARNING,
        summary="{{ $labels.pod }} cannot store {{ $value | humanize }} samples per second",
        description="Two targets expose the same series, or one has a wrong clock.",
    )
    yield _above(
        "PrometheusDiscoveryFailing",
        signals["discovery_failures"],
        0,
        for_="15m",
        severity=Severity.MEDIUM,
        summary="Service discovery of {{ $labels.pod }} fails",
        description="New targets are not found, and some that are gone are still asked.",
    )


def _write_alerts(signals: Mapping[str, Signal]) -> Iterator[Alert]:
    yield _above(
        "PrometheusRemoteWriteBehind",
        signals["remote_write_delay"],
        120,
        for_="15m",
        severity=Severity.HIGH,
        summary="{{ $labels.pod }} is {{ $value | humanizeDuration }} behind in writing to {{ $labels.remote_name }}",
        description="Samples wait in the write-ahead log, which keeps about 2 hours; then there is a gap.",
    )
    yield _above(
        "PrometheusRemoteWriteLosing",
        signals["remote_write_lost"],
        0.01,
        for_="5m",
        severity=Severity.HIGH,
        summary="{{ $labels.remote_name }} refuses samples of {{ $labels.pod }} for good",
        description="{{ $value | humanizePercentage }} of them are not sent again: the long-term store has a gap.",
    )
