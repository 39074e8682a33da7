"""Alertmanager, as the operator runs it."""

from __future__ import annotations

from obs.simulate.exporters.own import part
from obs.simulate.exporters.prometheus import ALERTMANAGER_PODS
from obs.simulate.series import Rows
from obs.simulate.values import Fixed

EXPORTERS = (
    part(
        "alertmanager",
        "alertmanager",
        9093,
        ALERTMANAGER_PODS,
        "alertmanager",
        rows=(
            Rows.of("integration", "webhook", "slack", "pagerduty", "email"),
            Rows.of("reason", "other", "clientError", "serverError", only="alertmanager_notifications_failed_total"),
            Rows.of("state", "active", "suppressed", "unprocessed"),
        ),
        values=(
            ("alertmanager_notifications_total|alertmanager_notification_requests_total", Fixed(3)),
            ("alertmanager_config_hash", Fixed(1.7e14)),
            ("alertmanager_cluster_(failed_peers|health_score|messages_queued)", Fixed(0)),
        ),
    ),
)
