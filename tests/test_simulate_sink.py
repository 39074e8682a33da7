"""Notifications are kept over a restart, and half a line of one that was being written is not one."""

from __future__ import annotations

from pathlib import Path

from obs.simulate.sink import Sink


def test_what_was_taken_is_there_after_a_restart(tmp_path: Path) -> None:
    Sink(tmp_path).take("pager", {"alerts": []}, 10.0)
    again = Sink(tmp_path)
    again.take("desk", {"alerts": []}, 20.0)
    assert [entry["receiver"] for entry in again.since(0)] == ["pager", "desk"]
    assert [entry["receiver"] for entry in again.since(15)] == ["desk"]


def test_half_a_line_is_dropped_and_does_not_spoil_the_next(tmp_path: Path) -> None:
    Sink(tmp_path).take("pager", {}, 10.0)
    with (tmp_path / "notifications.jsonl").open("a") as file:
        file.write('{"at": 11.0, "recei')
    Sink(tmp_path).take("desk", {}, 20.0)
    assert [entry["receiver"] for entry in Sink(tmp_path).since(0)] == ["pager", "desk"]
