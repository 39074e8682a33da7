"""Servers of a running stack: do they answer, and do alerts arrive."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from fake_stack import CLUSTER, Fake, as_planned, served, watchdog

from obs.verify.client import Server
from obs.verify.datasources import Urls, check_datasources
from obs.verify.finding import Result

NOWHERE = "http://127.0.0.1:1"


def checked(
    prometheus: Fake,
    alertmanager: Fake | None = None,
    told: str | None = CLUSTER,
    loki: str | None = None,
    tempo: str | None = None,
) -> Result:
    with ExitStack() as stack:
        url = stack.enter_context(served(prometheus))
        given = stack.enter_context(served(alertmanager)) if alertmanager else None
        server = stack.enter_context(Server(url, "Prometheus"))
        if prometheus.alertmanagers == ["itself"]:
            prometheus.alertmanagers = [f"{given}/api/v2/alerts"]
        return check_datasources(
            server, Urls(prometheus=url, alertmanager=given, loki=loki, tempo=tempo), CLUSTER, told
        )


def test_servers_that_answer_are_clean() -> None:
    prometheus = as_planned()
    prometheus.alertmanagers = ["itself"]
    with served(Fake()) as url:
        result = checked(prometheus, Fake(), loki=url, tempo=url)
    assert result.findings == ()
    assert result.ok == result.total == 4


@pytest.mark.parametrize("kind", ["loki", "tempo"])
def test_a_server_that_is_not_there_is_told_with_address_and_reason(kind: str) -> None:
    result = checked(as_planned(), loki=NOWHERE) if kind == "loki" else checked(as_planned(), tempo=NOWHERE)
    [finding] = result.findings
    assert (finding.check, finding.severity) == ("datasources/unreachable", "error")
    assert f"{kind.capitalize()} {NOWHERE}/ready: " in finding.message
    assert "refused" in finding.message
    assert (result.ok, result.total) == (1, 2)


def test_a_server_that_is_not_ready_is_told_with_its_reason() -> None:
    with served(Fake(broken={"/ready": 503})) as url:
        [finding] = checked(as_planned(), loki=url).findings
    assert finding.check == "datasources/not-ready"
    assert "answers 503: it hurts" in finding.message


def test_prometheus_of_another_cluster_is_found() -> None:
    [finding] = checked(as_planned(), told="elsewhere").findings
    assert finding.check == "datasources/cluster"


def test_a_querier_that_tells_no_cluster_is_let_be() -> None:
    assert checked(as_planned(), told=None).findings == ()


def test_an_alertmanager_behind_another_address_is_known_by_the_heartbeat() -> None:
    assert checked(as_planned(), Fake(alerts=[watchdog()])).findings == ()


@pytest.mark.parametrize("alerts", [[], [watchdog("elsewhere")]])
def test_an_alertmanager_that_hears_nothing_of_this_prometheus_is_found(alerts: list[dict[str, object]]) -> None:
    [finding] = checked(as_planned(), Fake(alerts=alerts)).findings
    assert finding.check == "datasources/alerting"
    assert "http://127.0.0.1:9093/api/v2/alerts" in finding.message


def test_a_prometheus_that_sends_alerts_nowhere_is_found() -> None:
    prometheus = as_planned()
    prometheus.alertmanagers = []
    [finding] = checked(prometheus, Fake(alerts=[watchdog()])).findings
    assert "sends its alerts to no Alertmanager" in finding.message


def test_behind_a_querier_the_heartbeat_alone_tells() -> None:
    prometheus = as_planned()
    prometheus.broken = {"/api/v1/alertmanagers": 404}
    assert checked(prometheus, Fake(alerts=[watchdog()])).findings == ()
    assert [f.check for f in checked(prometheus, Fake()).findings] == ["datasources/alerting"]


def test_an_alertmanager_whose_peers_still_settle_is_found() -> None:
    [finding] = checked(as_planned(), Fake(alerts=[watchdog()], peers="settling")).findings
    assert finding.check == "datasources/settling"


def test_an_alertmanager_without_peers_is_sound() -> None:
    assert checked(as_planned(), Fake(alerts=[watchdog()], peers="disabled")).findings == ()
