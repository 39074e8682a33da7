"""cert-manager's controller, with the certificates of two applications from one ACME server."""

from __future__ import annotations

from obs.simulate.cluster import Cluster
from obs.simulate.exporter import Exporter, Target
from obs.simulate.platform.cert_manager import PORT, SELECTOR
from obs.simulate.series import Labels, Rows, Table
from obs.simulate.values import Events, Fixed, Since

CERTIFICATES = (
    {"namespace": "ojeomneo", "name": "ojeomneo-tls"},
    {"namespace": "reviewmaps", "name": "reviewmaps-tls"},
)
CONTROLLERS = ("certificates-issuing", "challenges", "issuers", "orders")
DAY = 86_400.0


def _ready(labels: Labels) -> float:
    return 1.0 if labels["condition"] == "True" else 0.0


_TABLE = Table(
    rows=(
        Rows(CERTIFICATES, "certmanager_certificate_.+"),
        Rows.of("condition", "True", "False", "Unknown"),
        Rows.of("controller", *CONTROLLERS),
    ),
    defaults={
        "name": "letsencrypt",
        "namespace": "ojeomneo",
        "issuer_name": "letsencrypt",
        "issuer_kind": "ClusterIssuer",
        "issuer_group": "cert-manager.io",
        "status": "200",
        "scheme": "https",
        "host": "acme-v02.api.letsencrypt.org",
        "action": "finalize_order",
        "method": "POST",
    },
    values=(
        (".+_ready_status", _ready),
        # Let's Encrypt's 90 days, of which 30 have gone.
        ("certmanager_certificate_not_before_timestamp_seconds", Since(-30 * DAY)),
        ("certmanager_certificate_renewal_timestamp_seconds", Since(30 * DAY)),
        ("certmanager_certificate_(not_after|expiration)_timestamp_seconds", Since(60 * DAY)),
        ("certmanager_certificate_challenge_status", Fixed(0)),
        ("certmanager_controller_sync_call_count", Events(4)),
        ("certmanager_controller_sync_error_count", Fixed(2)),
    ),
)


def _table(_cluster: Cluster, _target: Target) -> Table:
    return _TABLE


EXPORTERS = (
    Exporter(
        name="cert-manager",
        system="cert_manager",
        port=PORT,
        pods=SELECTOR,
        contract="cert-manager",
        table=_table,
    ),
)
