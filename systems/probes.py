"""Addresses as their users see them: the platform's portal first, by probes of the blackbox exporter.

The addresses are those of ``exporters.blackbox.targets``, whose name is the label ``target``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from model.dashboard import Panel, PanelKind
from model.promql import call, eq, max_by, metric, min_by, over_time
from model.rule import Alert, Severity, Signal
from model.scrape import Endpoint, Relabeling, Scrape, ScrapeKind
from model.system import Domain, Section, System
from systems.base import Context, SystemSettings, above, silence

# components/exporters/blackbox.py gives probes this job, and each the name of its target.
JOB, TARGET = "blackbox", "target"
_DAY = 86400
_TLS = "only addresses with TLS have a certificate"
_HTTP = "only addresses of HTTP have phases and states"


class Settings(SystemSettings):
    """Nothing to choose: the targets are the exporter's."""

    needs: ClassVar[Mapping[str, str]] = {
        "exporters.blackbox.targets": "the addresses that are looked at; without one there is nothing to watch"
    }


def system(settings: Settings, context: Context) -> System:
    signals = {s.name: s for s in (*_availability(), *_details())}
    silent, silent_alert = silence(
        context,
        job=JOB,
        title="Probes",
        name="ProbesSilent",
        component="portal",
        severity=Severity.HIGH,
        hides="nobody notices when the portal or its certificate is gone",
    )
    panels = [Panel(title=signals[name].title, kind=kind, signals=(signals[name],)) for kind, name in _PANELS]
    panels.append(Panel(title="Silent sources: probes", kind=PanelKind.STAT, signals=(silent,)))
    # Of these labels a probe has job, instance, namespace and target.
    target = Relabeling(target_label=TARGET)
    return System(
        name="probes",
        title="Portal and other addresses",
        interval="30s",
        scrapes=(
            Scrape(
                name="blackbox",
                kind=ScrapeKind.PART,
                job=JOB,
                endpoints=(
                    Endpoint(contract="blackbox-exporter", component="probe", path="/probe", relabelings=(target,)),
                ),
            ),
        ),
        signals=(*signals.values(), silent),
        alerts=(*_alerts(signals), silent_alert),
        sections=(Section(domain=Domain.E2E, title="Portal and other addresses", panels=tuple(panels)),),
    )


def _availability() -> tuple[Signal, ...]:
    success = metric("probe_success", eq("job", JOB))
    return (
        Signal(
            name="probe_success",
            title="Reached",
            description="1 where the last look at an address had the answer that it must have, else 0.",
            good="1 everywhere.",
            unit="short",
            expr=min_by(success, TARGET),
            legend="{{target}}",
            words=((1, "reached"), (0, "not reached")),
        ),
        Signal(
            name="probe_failing",
            title="Addresses that fail",
            description="1 for each address that did not give the answer that it must give.",
            good="Nothing is shown.",
            unit="short",
            expr=1 - max_by(success, TARGET) > 0,
            legend="{{target}}",
        ),
        Signal(
            name="probe_success_24h",
            title="Reached in 24 hours",
            description="Share of the looks at an address in 24 hours that had the answer that it must have.",
            good="99.9 % or more.",
            unit="percentunit",
            expr=min_by(over_time("avg", success, "24h"), TARGET),
            legend="{{target}}",
            record="dataops:probe:success_ratio_24h",
            maximum=1,
        ),
    )


def _details() -> tuple[Signal, ...]:
    expiry = metric("probe_ssl_earliest_cert_expiry", eq("job", JOB), may_be_absent=_TLS)
    return (
        Signal(
            name="probe_duration",
            title="Time of an answer",
            description="How long a look at an address took, with name, connection and TLS.",
            good="Below a second; 5 seconds is where a look is given up.",
            unit="s",
            expr=max_by(metric("probe_duration_seconds", eq("job", JOB)), TARGET),
            legend="{{target}}",
        ),
        Signal(
            name="probe_phases",
            title="Time by phase",
            description="Where the time of an answer goes: resolve, connect, tls, processing, transfer.",
            good="Processing is the server's own; the others are the way to it.",
            unit="s",
            expr=max_by(metric("probe_http_duration_seconds", eq("job", JOB), may_be_absent=_HTTP), TARGET, "phase"),
            legend="{{target}} {{phase}}",
        ),
        Signal(
            name="probe_status",
            title="HTTP status",
            description="Status code of the last answer; 0 where there was none.",
            good="200, or what the probe's module asks for.",
            unit="none",
            expr=max_by(metric("probe_http_status_code", eq("job", JOB), may_be_absent=_HTTP), TARGET),
            legend="{{target}}",
        ),
        Signal(
            name="certificate_left",
            title="Certificates: time left",
            description="Time until the first certificate of an address's chain is no longer valid.",
            good="More than 14 days: it is renewed by itself well before.",
            unit="s",
            expr=min_by(expiry, TARGET) - call("time"),
            legend="{{target}}",
            maximum=90 * _DAY,  # what authorities give
        ),
    )


_PANELS = (
    (PanelKind.STAT, "probe_success"),
    (PanelKind.STAT, "probe_success_24h"),
    (PanelKind.TABLE, "probe_failing"),
    (PanelKind.TIMESERIES, "probe_duration"),
    (PanelKind.TIMESERIES, "probe_phases"),
    (PanelKind.STAT, "probe_status"),
    (PanelKind.BARGAUGE, "certificate_left"),
)


def _alerts(signals: dict[str, Signal]) -> tuple[Alert, ...]:
    return (
        above(
            "ProbeFailing",
            signals["probe_failing"],
            0,
            for_="2m",
            severity=Severity.HIGH,
            component="portal",
            summary="{{ $labels.target }} does not answer as it must",
            description="The address has failed every look of the last 2 minutes: its users see the same.",
        ),
        above(
            "ProbeSlow",
            signals["probe_duration"],
            3,
            for_="10m",
            severity=Severity.WARNING,
            component="portal",
            summary="{{ $labels.target }} takes {{ $value | humanizeDuration }} to answer",
            description="The address has taken more than 3 seconds for 10 minutes.",
        ),
        *(_certificate(signals["certificate_left"], *tier) for tier in _TIERS),
    )


_TIERS = (
    ("ProbeCertificateExpiresSoon", 14, Severity.WARNING),
    ("ProbeCertificateNearlyExpired", 3, Severity.HIGH),
)


def _certificate(left: Signal, name: str, days: int, severity: Severity) -> Alert:
    return Alert(
        name=name,
        signal=left,
        op="<",
        threshold=days * _DAY,
        for_="10m",
        severity=severity,
        component="portal",
        summary="Certificate of {{ $labels.target }} ends in {{ $value | humanizeDuration }}",
        description=f"A certificate of the address's chain is valid for less than {days} days.",
    )
