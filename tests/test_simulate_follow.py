"""A fault is watched from its injection to the last word about it, and healed whatever happens."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fake_platform import Platform, serving

from obs.simulate import follow as module
from obs.simulate.follow import Outcome, SimulateError, end, follow
from obs.simulate.scenario import Scenario
from obs.simulate.timeline import Timeline


def fault(*alerts: str, name: str = "fault") -> Scenario:
    return Scenario(
        name=name, title="A fault", description="d", system="s", changes=(), alerts=alerts or ("PageNow",), within="1m"
    )


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_POLL", 0.01)


def watched(platform: Platform, alerts: tuple[str, ...] = (), **more: Any) -> Outcome:
    with serving(platform) as urls:
        return follow(fault(*alerts), urls, **{"compression": 30, "timeout": 0.4, **more})


def steps(outcome: Outcome) -> list[str]:
    return [f"{e.alert} {e.kind} {e.receiver}".strip() for e in outcome.timeline.events]


def test_every_step_is_told_in_order() -> None:
    outcome = watched(Platform())
    assert outcome.problems == ()
    assert steps(outcome) == [
        "fault injected",
        "PageNow pending",
        "PageNow firing",
        "PageNow told pager",
        "PageNow told channel",
        "fault healed",
        "PageNow resolved",
        "PageNow told that it is resolved pager",
        "PageNow told that it is resolved channel",
    ]
    told = next(e for e in outcome.timeline.events if e.receiver == "pager")
    assert (told.severity, told.summary, told.runbook) == ("critical", "summary of PageNow", "http://books/PageNow.md")


def test_the_time_to_detection_is_counted_for_each_critical_alert() -> None:
    outcome = watched(Platform(fires=("PageNow", "LookSoon")), ("PageNow", "LookSoon"))
    said = outcome.to_dict()
    assert list(said["detection"]["critical"]) == ["PageNow"]
    assert 0 < said["detection"]["first"] <= said["detection"]["critical"]["PageNow"]
    assert said["detection"]["production_estimate"] == 30 * said["detection"]["first"]
    assert said["alerts"]["LookSoon"]["told"].keys() == {"desk"}


def test_the_fault_holds_as_long_as_asked() -> None:
    said = watched(Platform(), hold=0.3).to_dict()
    assert said["healed"] - said["alerts"]["PageNow"]["firing"] >= 0.3


def test_an_alert_that_does_not_fire_is_a_problem() -> None:
    platform = Platform(fires=("LookSoon",))
    outcome = watched(platform, ("PageNow", "LookSoon"))
    assert outcome.problems == ("waited 0 s for PageNow to fire",)
    assert platform.healed == 1


def test_another_alert_that_fires_is_named() -> None:
    outcome = watched(Platform(fires=("PageNow", "LookSoon")))
    assert outcome.problems == ("LookSoon fired too, which fault does not name",)


def test_a_receiver_that_hears_nothing_is_named() -> None:
    outcome = watched(Platform(deaf=("channel",)))
    assert outcome.problems == ("waited 0 s for channel to be told of PageNow",)


def test_an_alert_that_a_worse_one_mutes_need_not_be_told() -> None:
    platform = Platform(fires=("PageNow", "LookSoon"), muted={"LookSoon": "PageNow"})
    outcome = watched(platform, ("PageNow", "LookSoon"))
    assert outcome.problems == ()
    assert "LookSoon muted PageNow" in steps(outcome)


def test_a_mute_by_an_alert_that_nobody_has_is_a_problem() -> None:
    platform = Platform(fires=("LookSoon",), muted={"LookSoon": "PageNow"})
    outcome = watched(platform, ("LookSoon",))
    assert outcome.problems == ("waited 0 s for the alert that mutes LookSoon: no alert has f-PageNow",)
    assert outcome.to_dict()["alerts"]["LookSoon"]["muted_by"] == []


def test_a_mute_says_whether_an_alert_or_a_silence_does_it() -> None:
    for by, named in (("PageNow", "PageNow"), ("4f2b", "silence 4f2b")):
        platform = Platform(fires=("PageNow", "LookSoon"), muted={"LookSoon": by})
        assert watched(platform, ("PageNow", "LookSoon")).to_dict()["alerts"]["LookSoon"]["muted_by"] == [named]


def test_an_alert_that_is_told_after_it_was_muted_must_be_told_to_an_end() -> None:
    platform = Platform(fires=("PageNow", "LookSoon"), muted={"LookSoon": "PageNow"})

    def unmute(timeline: Timeline) -> None:
        if timeline.detected:
            platform.muted = {}
        if timeline.tracks["LookSoon"].told:
            platform.deaf = ("desk",)

    outcome = watched(platform, ("PageNow", "LookSoon"), hold=0.2, say=unmute)
    assert outcome.problems == ("waited 0 s for desk to be told that LookSoon is resolved",)


def test_the_end_of_an_alert_that_is_muted_again_need_not_be_told() -> None:
    platform = Platform(fires=("PageNow", "LookSoon"))

    def mute(timeline: Timeline) -> None:
        if timeline.detected and not timeline.healed:
            platform.deaf, platform.muted = ("desk",), {"LookSoon": "PageNow"}

    outcome = watched(platform, ("PageNow", "LookSoon"), hold=0.2, say=mute)
    assert outcome.problems == ()
    assert "LookSoon told desk" in steps(outcome)
    assert "LookSoon told that it is resolved desk" not in steps(outcome)


def test_who_was_never_told_of_the_end_of_an_alert_is_not_told_of_it_again() -> None:
    platform = Platform(fires=("LookSoon",))
    told = {"labels": {"alertname": "LookSoon"}, "fingerprint": "f-LookSoon", "status": "firing"}
    platform.sent.append({"at": 1.0, "receiver": "desk", "payload": {"alerts": [told]}})
    platform.deaf = ("desk",)
    outcome = watched(platform, ("LookSoon",))
    assert outcome.problems == ()
    assert outcome.to_dict()["alerts"]["LookSoon"]["known"] == ["desk"]


def test_who_was_told_of_the_end_must_be_told_again() -> None:
    platform = Platform(fires=("LookSoon",))
    for at, status in ((1.0, "firing"), (2.0, "resolved")):
        told = {"labels": {"alertname": "LookSoon"}, "fingerprint": "f-LookSoon", "status": status}
        platform.sent.append({"at": at, "receiver": "desk", "payload": {"alerts": [told]}})
    platform.deaf = ("desk",)
    outcome = watched(platform, ("LookSoon",), timeout=1)
    assert any("desk to be told of LookSoon" in problem for problem in outcome.problems)


def test_an_alert_that_does_not_resolve_is_a_problem() -> None:
    outcome = watched(Platform(lasting=("PageNow",)))
    assert outcome.problems == ("waited 0 s for PageNow to resolve",)


def test_an_end_that_nobody_hears_of_is_a_problem() -> None:
    platform = Platform()

    def deafen(timeline: Timeline) -> None:
        if timeline.detected:
            platform.deaf = ("pager",)

    outcome = watched(platform, say=deafen)
    assert outcome.problems == ("waited 0 s for pager to be told that PageNow is resolved",)


def test_a_server_that_comes_back_is_no_problem() -> None:
    platform = Platform()

    def toggle(_: Timeline) -> None:
        platform.down = ("alertmanager",) if platform.looks < 6 else ()

    assert watched(platform, say=toggle).problems == ()
    assert platform.looks >= 6


def test_a_server_that_stays_away_is_named() -> None:
    problems = watched(Platform(down=("alertmanager",))).problems
    assert re.fullmatch(r"alertmanager at http://127.0.0.1:\d+: 503 .*", problems[-1])


def test_an_interruption_heals() -> None:
    platform = Platform()

    def interrupt(_: Timeline) -> None:
        assert platform.holds == "fault"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        watched(platform, say=interrupt)
    assert (platform.holds, platform.healed) == (None, 1)


def test_a_second_fault_at_once_is_refused() -> None:
    platform = Platform(holds="other")
    with pytest.raises(SimulateError, match="other holds already, one fault at a time; `obs simulate --heal` ends it"):
        watched(platform)
    assert (platform.holds, platform.healed) == ("other", 0)


def test_a_platform_that_is_not_healthy_is_left_alone() -> None:
    platform = Platform(before=("LookSoon",))
    with pytest.raises(SimulateError, match="LookSoon: firing already"):
        watched(platform)
    assert platform.healed == 0


def test_a_fault_that_the_platform_does_not_have_is_refused_with_the_nearest() -> None:
    with serving(Platform()) as urls, pytest.raises(SimulateError, match="no scenario 'falt'; did you mean 'fault'"):
        follow(fault(name="falt"), urls, compression=30)


def test_a_platform_that_is_gone_is_one_clear_error() -> None:
    with serving(Platform()) as urls:
        pass
    with pytest.raises(SimulateError, match=r"simulator at http://127.0.0.1:\d+ does not answer"):
        follow(fault(), urls, compression=30)


def test_what_holds_can_be_ended() -> None:
    platform = Platform(holds="other")
    with serving(platform) as urls:
        assert end(urls.simulator) == "other"
        assert end(urls.simulator) is None
    assert platform.holds is None
