"""What goes wrong with certificates."""

from __future__ import annotations

from obs.simulate.exporters.cert_manager import CERTIFICATES, DAY
from obs.simulate.scenario import Change, Down, Scenario, Set, Step, Timestamp

_NOT_AFTER = "certmanager_certificate_not_after_timestamp_seconds"
_ONE = CERTIFICATES[0]


def _scenario(
    name: str, title: str, description: str, change: Change | Down, *alerts: str, within: str = "20m"
) -> Scenario:
    return Scenario(
        name=name,
        title=title,
        description=description,
        system="cert_manager",
        changes=(change,),
        alerts=alerts,
        within=within,
    )


SCENARIOS = (
    _scenario(
        "certificate-late",
        "A certificate is not renewed",
        "Its renewal has failed for two weeks: a week of five is left.",
        Change(_NOT_AFTER, Timestamp(7 * DAY), _ONE),
        "CertificateRenewalLate",
        within="65m",
    ),
    _scenario(
        "certificate-expiring",
        "A certificate is about to expire",
        "Nobody repaired its renewal: two days are left.",
        Change(_NOT_AFTER, Timestamp(2 * DAY), _ONE),
        "CertificateExpiring",
        "CertificateRenewalLate",
        within="65m",
    ),
    _scenario(
        "certificate-not-ready",
        "A certificate is not issued",
        "The name does not point at the ingress any more: its challenge fails.",
        Change("certmanager_certificate_ready_status", Set(1), {**_ONE, "condition": "False"}),
        "CertificateNotReady",
    ),
    _scenario(
        "certificate-issuer-not-ready",
        "An issuer cannot issue",
        "The Secret with the account's key was deleted.",
        Change("certmanager_clusterissuer_ready_status", Set(1), {"condition": "False"}),
        "CertificateIssuerNotReady",
    ),
    _scenario(
        "cert-manager-sync",
        "A controller of cert-manager fails",
        "Its role lost a right in an upgrade: every round ends with an error.",
        Change("certmanager_controller_sync_error_count", Step(4, "1m"), {"controller": "challenges"}),
        "CertManagerSyncFailing",
        within="40m",
    ),
    _scenario(
        "cert-manager-down",
        "cert-manager does not answer",
        "Nothing is known of any certificate.",
        Down("cert-manager"),
        "CertManagerSilent",
        within="6m",
    ),
)
