"""`obs contracts`: what it says and how it ends, with software that is planted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from typer.testing import CliRunner

from obs.cli import app
from obs.contracts import install, sources
from obs.contracts.compare import Scraped
from obs.contracts.exposition import families
from obs.contracts.lab import Failed, Lab, NotToBeHad
from obs.contracts.sources import SOURCES

PAGE = "# TYPE pushgateway_http_push_duration_seconds summary\npushgateway_http_push_duration_seconds_sum 1\n"


def run(*arguments: str) -> tuple[int, Any, str]:
    result = CliRunner().invoke(app, ["contracts", "thanos", "--json", *arguments])
    return result.exit_code, json.loads(result.stdout) if result.stdout else None, result.stderr


def plant(monkeypatch: pytest.MonkeyPatch, found: str | Exception) -> None:
    def scrape(lab: Lab) -> Iterator[Scraped]:
        assert lab.folder.is_dir()
        if isinstance(found, Exception):
            raise found
        yield Scraped(contract="thanos", version="9", how="planted", components={"query": families(found)})

    monkeypatch.setattr(sources, "source", lambda _: scrape)


def test_drift_is_listed_and_ends_with_1(monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch, "# TYPE thanos_surprise gauge\nthanos_surprise 1\n")
    code, (row,), said = run()
    assert code == 1
    assert row["contract"] == "thanos"
    surprises = [drift for drift in row["drift"] if drift["metric"] == "thanos_surprise"]
    assert [(d["kind"], d["component"]) for d in surprises] == [("extra", "query")]
    assert "thanos: thanos_surprise (query): is exposed (gauge), the contract does not know it" in said


def test_software_that_cannot_be_had_is_skipped_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch, NotToBeHad("needs Java 99"))
    code, (row,), _ = run()
    assert (code, row["skipped"], row["drift"]) == (0, "needs Java 99", [])


def test_software_that_fails_is_no_skip(monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch, Failed("it ended"))
    code, (row,), _ = run()
    assert (code, row["failed"]) == (1, "it ended")


def test_a_wrong_name_names_the_right_ones() -> None:
    result = CliRunner().invoke(app, ["contracts", "nosuch"])
    assert result.exit_code == 2
    assert "no source nosuch; there are: " + ", ".join(SOURCES) in result.stderr


@pytest.mark.parametrize("name", SOURCES)
def test_every_source_can_be_run_and_serves_contracts_that_there_are(name: str) -> None:
    import contracts

    assert callable(sources.source(name))
    assert set(sources.contracts(name)) <= set(contracts.names())


def test_a_lab_leaves_nothing_and_stops_what_it_started() -> None:
    with Lab() as lab:
        folder = lab.folder
        lab.start("sleeper", ["sleep", "600"])
        with pytest.raises(Failed, match="not in 1 s"):
            lab.until(lambda: False, "nothing", 1, of="sleeper")
    assert not folder.exists()


def test_a_server_that_ends_is_told_with_its_last_words() -> None:
    with Lab() as lab, pytest.raises(Failed, match=r"(?s)it ended.*planned"):
        lab.start("short", ["sh", "-c", "echo planned"], ready=lab.url("nobody"))


def test_files_of_other_digests_are_refused(tmp_path: Any) -> None:
    jars, sums = tmp_path / "jars", tmp_path / "sums"
    jars.mkdir()
    (jars / "a.jar").write_bytes(b"a")
    sums.write_text("ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb  a.jar\n")
    install.verify(jars, sums)
    (jars / "a.jar").write_bytes(b"b")
    with pytest.raises(NotToBeHad, match=r"something else: a\.jar"):
        install.verify(jars, sums)


def test_an_install_that_fails_leaves_nothing(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OBS_CACHE_DIR", str(tmp_path))

    def broken(folder: Any) -> None:
        (folder / "half").touch()
        raise NotToBeHad("planned")

    with pytest.raises(NotToBeHad, match="planned"):
        install.once("planted", broken)
    assert list((tmp_path / "contracts").iterdir()) == []
    found = install.once("planted", lambda folder: (folder / "whole").touch())
    assert (found / "whole").is_file()
    assert install.once("planted", broken) == found
