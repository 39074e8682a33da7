"""What goes wrong with Alertmanager."""

from __future__ import annotations

from obs.simulate.scenario import Change, Down, Scenario, Set, Step

_BY_WEBHOOK = {"integration": "webhook"}
_REFUSED = {**_BY_WEBHOOK, "reason": "serverError"}


def _scenario(
    name: str, title: str, description: str, within: str, changes: tuple[Change | Down, ...], *alerts: str
) -> Scenario:
    return Scenario(
        name=name,
        title=title,
        description=description,
        system="alertmanager",
        changes=changes,
        alerts=alerts,
        within=within,
    )


SCENARIOS = (
    _scenario(
        "notifications-lost",
        "Every notification is refused",
        "A key was changed at the receiver's: all that is sent by webhook is given up.",
        "25m",
        (
            Change("alertmanager_notifications_failed_total", Step(1, every="1m"), _REFUSED),
            Change("alertmanager_notifications_total", Step(1, every="1m"), _BY_WEBHOOK),
        ),
        "AlertmanagerNotificationsFailing",
        "AlertmanagerNotificationsLost",
    ),
    _scenario(
        "notifications-fail",
        "Some notifications are refused",
        "The receiver answers one of six requests with an error.",
        "30m",
        (
            Change("alertmanager_notifications_failed_total", Step(1, every="2m"), _REFUSED),
            Change("alertmanager_notifications_total", Step(3, every="1m"), _BY_WEBHOOK),
        ),
        "AlertmanagerNotificationsFailing",
    ),
    _scenario(
        "alertmanager-alone",
        "Alertmanagers do not find each other",
        "A policy of the network blocks their port 9094.",
        "14m",
        (Change("alertmanager_cluster_members", Set(0)),),
        "AlertmanagerMembersMissing",
    ),
    _scenario(
        "alertmanager-config",
        "Alertmanager rejects its configuration",
        "A route names a receiver that is not there.",
        "9m",
        (Change("alertmanager_config_last_reload_successful", Set(0)),),
        "AlertmanagerConfigRejected",
    ),
    _scenario(
        "alertmanager-down",
        "Alertmanager does not show its metrics",
        "Nothing is known of notifications.",
        "6m",
        (Down("alertmanager"),),
        "AlertmanagerSilent",
    ),
)
