"""A routing tree with every kind of receiver."""

from __future__ import annotations

from model.promql import eq, matching, ne
from model.route import Inhibition, MailServer, Receiver, Route, RoutingTree

SEVERITY = {word: eq("severity", word) for word in ("critical", "high", "medium", "warning")}
TREE = RoutingTree(
    default="slack-alerts",
    receivers=(
        Receiver(name="pagerduty-critical", kind="pagerduty", secret="pagerduty-key"),
        Receiver(name="slack-critical", kind="slack", secret="slack-critical-url", channel="#dataops-critical"),
        Receiver(name="slack-ops", kind="slack", secret="slack-ops-url", channel="#dataops-ops"),
        Receiver(name="email-ops", kind="email", to="dataops-ops@company.com"),
        Receiver(name="slack-alerts", kind="slack", secret="slack-alerts-url"),
        Receiver(name="slack-monitoring", kind="slack", secret="slack-monitoring-url", channel="#monitoring"),
        Receiver(name="heartbeat", kind="webhook", secret="heartbeat-url"),
        Receiver(name="nobody", kind="null"),
    ),
    routes=(
        Route(receiver="heartbeat", matchers=(eq("alertname", "Watchdog"),), group_interval="1m", repeat_interval="5m"),
        Route(receiver="nobody", matchers=(eq("alertname", "InfoInhibitor"),)),
        Route(receiver="pagerduty-critical", matchers=(SEVERITY["critical"],), resume=True, repeat_interval="4h"),
        Route(receiver="slack-critical", matchers=(SEVERITY["critical"],), group_wait="0s"),
        Route(receiver="slack-ops", matchers=(SEVERITY["high"],), resume=True),
        Route(receiver="email-ops", matchers=(SEVERITY["high"],)),
        Route(receiver="slack-ops", matchers=(SEVERITY["medium"],)),
        Route(receiver="slack-alerts", matchers=(SEVERITY["warning"],)),
        Route(receiver="slack-monitoring", matchers=(matching("severity", "info|low"),)),
    ),
    inhibitions=(
        Inhibition(
            source=(SEVERITY["critical"],),
            target=(matching("severity", "high|medium|warning"), ne("component", "")),
            equal=("cluster", "component"),
        ),
    ),
    mail=MailServer(
        smarthost="smtp.company.com:587", sender="alerts@company.com", username="u", secret="smtp-password"
    ),
)
