"""cert-manager: certificates that are not renewed in time, and issuers that cannot issue."""

from __future__ import annotations

from functools import partial

from pydantic import Field

from model.config import Duration, Name, Part
from model.dashboard import PanelKind
from model.expr import Expr
from model.promql import call, increase, max_by, metric, min_by, ne, rate, sum_by
from model.rule import Alert, Severity, Signal
from model.scrape import Endpoint, Scrape, ScrapeKind
from model.system import Domain, RetentionClass, Section, System
from systems.base import Context, SystemSettings, above, panels, silence

JOB = "cert-manager"
_SYNC_ERRORS = "dataops:cert_manager:sync_error_ratio_15m"
_CERTIFICATE = ("namespace", "name")
_NO_OBJECT = "there may be no such object in the cluster, and versions before 1.19 do not tell of it"
_NO_CERTIFICATE = "there may be no certificate yet"


class Thresholds(Part):
    """Share of a certificate's life that is left (cert-manager renews at a third of it, unless told otherwise), and
    share of a controller's rounds that fail.
    """

    life_left_warning: float = Field(default=0.25, gt=0, lt=1)
    life_left_high: float = Field(default=0.10, gt=0, lt=1)
    sync_errors: float = Field(default=0.50, gt=0, lt=1)


class Settings(SystemSettings):
    """Where its chart installed it; ``port`` is that of its Service's port for metrics."""

    namespace: Name = "cert-manager"
    port: str = "tcp-prometheus-servicemonitor"
    interval: Duration = "30s"
    thresholds: Thresholds = Thresholds()


def system(settings: Settings, context: Context) -> System:
    signals = {s.name: s for s in (*_certificate_signals(), *_controller_signals())}
    silent, silent_alert = silence(
        context,
        job=JOB,
        title="cert-manager",
        name="CertManagerSilent",
        component="cert-manager",
        severity=Severity.MEDIUM,
        hides="no alert on certificates can fire and none may be renewed",
    )
    shown = panels({**signals, silent.name: silent}, *_PANELS, (PanelKind.STAT, silent.name))
    return System(
        name="cert_manager",
        title="cert-manager",
        interval="1m",
        retention=RetentionClass.INFRASTRUCTURE,
        scrapes=(_scrape(settings),),
        signals=(*signals.values(), silent),
        alerts=(*_alerts(signals, settings.thresholds), silent_alert),
        sections=(Section(domain=Domain.E2E, title="Certificates", panels=shown),),
    )


def _scrape(settings: Settings) -> Scrape:
    # Service: cert-manager deploy/charts/cert-manager/templates/service.yaml. The labels name and namespace are the
    # certificate's: without honorLabels the target's would win.
    return Scrape(
        name="cert-manager",
        kind=ScrapeKind.SERVICE_MONITOR,
        job=JOB,
        selector={"app.kubernetes.io/name": "cert-manager", "app.kubernetes.io/component": "controller"},
        namespaces=(settings.namespace,),
        endpoints=(
            Endpoint(port=settings.port, contract="cert-manager", interval=settings.interval, honor_labels=True),
        ),
    )


def _certificate_signals() -> tuple[Signal, ...]:
    until = metric("certmanager_certificate_not_after_timestamp_seconds", may_be_absent=_NO_CERTIFICATE)
    since = metric("certmanager_certificate_not_before_timestamp_seconds", may_be_absent=_NO_CERTIFICATE)
    # A certificate that was never issued has 0; the condition Ready tells of it.
    end = min_by(until > 0, *_CERTIFICATE)
    ready = metric("certmanager_certificate_ready_status", ne("condition", "True"), may_be_absent=_NO_CERTIFICATE)
    certificate = "{{namespace}}/{{name}}"
    return (
        Signal(
            name="life_left",
            title="Life left of certificates",
            description="Share of a certificate's validity that is left; 0 and below: it has expired.",
            good="Above 25 %: it is renewed at a third.",
            unit="percentunit",
            expr=(end - call("time")) / (end - max_by(since, *_CERTIFICATE) > 0),
            legend=certificate,
            record="dataops:certificate:life_left_ratio",
            maximum=1,
        ),
        Signal(
            name="expires_in",
            title="Time until certificates expire",
            description="Time that a certificate is still valid.",
            good="Days: longer than it takes to repair a renewal.",
            unit="s",
            expr=end - call("time"),
            legend=certificate,
        ),
        Signal(
            name="not_ready",
            title="Certificates that are not ready",
            description="1 for each certificate that is not issued, or not as its specification wants it.",
            good="Nothing is shown for longer than issuing takes.",
            unit="short",
            expr=max_by(ready, *_CERTIFICATE) > 0,
            legend=certificate,
        ),
    )


# A controller that hardly does anything is not judged by one failure.
_CALLS_15M = sum_by(increase(metric("certmanager_controller_sync_call_count"), "15m"), "controller")
_ENOUGH = 10


def _rounds(what: str) -> Expr:
    why = "a controller has it from its first error on" if what == "error" else None
    return sum_by(rate(metric(f"certmanager_controller_sync_{what}_count", may_be_absent=why), "15m"), "controller")


def _controller_signals() -> tuple[Signal, ...]:
    not_true = ne("condition", "True")
    of_namespace = metric("certmanager_issuer_ready_status", not_true, may_be_absent=_NO_OBJECT)
    of_cluster = metric("certmanager_clusterissuer_ready_status", not_true, may_be_absent=_NO_OBJECT)
    return (
        Signal(
            name="issuers_not_ready",
            title="Issuers that are not ready",
            description="1 for each Issuer or ClusterIssuer that cannot issue.",
            good="Nothing is shown.",
            unit="short",
            expr=(max_by(of_namespace, *_CERTIFICATE) | max_by(of_cluster, *_CERTIFICATE)) > 0,
            legend="{{namespace}}/{{name}}",
        ),
        Signal(
            name="sync_errors",
            title="Rounds of cert-manager that fail",
            description="Share of a controller's rounds that failed, over 15 minutes.",
            good="0; a few while something is being issued.",
            unit="percentunit",
            # The counter of errors is there from a controller's first error on.
            expr=(_rounds("error") | _rounds("call") * 0) / (_rounds("call") > 0),
            legend="{{controller}}",
            record=_SYNC_ERRORS,
            maximum=1,
        ),
        Signal(
            name="acme_requests",
            title="Requests to ACME servers",
            description="Requests to Let's Encrypt and the like a second, by answer.",
            good="Few, with 200 and 201. 429 means that a limit of the server is reached.",
            unit="reqps",
            expr=sum_by(
                rate(metric("certmanager_http_acme_client_request_count", may_be_absent="only ACME issuers ask"), "5m"),
                "host",
                "status",
            ),
            legend="{{host}} {{status}}",
        ),
    )


_PANELS: tuple[tuple[PanelKind, *tuple[str, ...]], ...] = (
    (PanelKind.TABLE, "not_ready"),
    (PanelKind.BARGAUGE, "life_left"),
    (PanelKind.TABLE, "expires_in"),
    (PanelKind.TABLE, "issuers_not_ready"),
    (PanelKind.TIMESERIES, "sync_errors"),
    (PanelKind.TIMESERIES, "acme_requests"),
)


def _alerts(signals: dict[str, Signal], limits: Thresholds) -> tuple[Alert, ...]:
    """No seed gives a threshold: shares of a certificate's own life hold for those of 90 days and of one."""
    certificate = "Certificate {{ $labels.namespace }}/{{ $labels.name }}"
    left = partial(Alert, signal=signals["life_left"], op="<", component="cert-manager")
    summary = f"{certificate} has {{{{ $value | humanizePercentage }}}} of its life left"
    return (
        left(
            name="CertificateExpiring",
            threshold=limits.life_left_high,
            for_="15m",
            severity=Severity.HIGH,
            summary=summary,
            description="It should have been renewed long ago, and will expire: clients will refuse the connection.",
        ),
        left(
            name="CertificateRenewalLate",
            threshold=limits.life_left_warning,
            for_="1h",
            severity=Severity.WARNING,
            summary=summary,
            description="It should have been renewed at a third of its life, and was not.",
        ),
        above(
            "CertificateNotReady",
            signals["not_ready"],
            0,
            for_="15m",
            severity=Severity.MEDIUM,
            component="cert-manager",
            summary=f"{certificate} is not ready",
            description="The certificate has not been issued, or not as wanted, for 15 minutes.",
        ),
        above(
            "CertificateIssuerNotReady",
            signals["issuers_not_ready"],
            0,
            for_="15m",
            severity=Severity.MEDIUM,
            component="cert-manager",
            summary="Issuer {{ $labels.namespace }}/{{ $labels.name }} is not ready",
            description="The issuer has not been able to issue certificates for 15 minutes.",
        ),
        above(
            "CertManagerSyncFailing",
            signals["sync_errors"],
            limits.sync_errors,
            for_="15m",
            severity=Severity.WARNING,
            component="cert-manager",
            summary="{{ $value | humanizePercentage }} of the rounds of {{ $labels.controller }} fail",
            description=f"More than {limits.sync_errors:.0%} of the controller's rounds have failed for 15 minutes.",
            guard=_CALLS_15M >= _ENOUGH,
        ),
    )
