"""Archives come from repositories, mirrors and registries, within one deadline for all."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path
from typing import Any

import pytest
import tiny_charts as tiny
import yaml

from components.charts import ChartPin, archive_path
from obs import chart_cache
from obs.chart_archive import ChartRefused, ChartUnavailable
from obs.chart_sources import index_entry

pytestmark = pytest.mark.usefixtures("own_cache")
PIN = tiny.pin()


def test_an_archive_comes_from_the_repository_by_its_index(published: ChartPin, lock_file: Path) -> None:
    assert chart_cache.pull([published], lock_file=lock_file) == [published]
    (row,) = chart_cache.verify([published], lock_file=lock_file)
    assert row.source == f"{published.repository}/{PIN.archive_name}"
    assert chart_cache.pull([published], lock_file=lock_file) == [], "a sound archive is not fetched again"


def test_an_archive_comes_from_a_mirror_index(published: ChartPin, lock_file: Path) -> None:
    unreachable = tiny.pin()
    chart_cache.pull([unreachable], published.repository, lock_file=lock_file)
    assert archive_path(unreachable).is_file()


def test_half_a_download_leaves_nothing(tmp_path: Path, shelf: Path, published: ChartPin, lock_file: Path) -> None:
    (shelf / PIN.archive_name).with_suffix(".short").touch()
    with pytest.raises(ChartUnavailable, match=r"broke off after \d+ of \d+ bytes"):
        chart_cache.pull([published], lock_file=lock_file)
    assert tiny.in_cache(tmp_path) == []


def test_an_archive_that_its_index_does_not_describe_is_refused(
    tmp_path: Path, shelf: Path, published: ChartPin, lock_file: Path
) -> None:
    tiny.index(shelf, PIN, digest="f" * 64)
    with pytest.raises(ChartRefused, match=f"its index states {'f' * 64}"):
        chart_cache.pull([published], lock_file=lock_file)
    assert tiny.in_cache(tmp_path) == []


def test_a_version_that_is_not_in_the_index_is_named(published: ChartPin, lock_file: Path) -> None:
    wanted = tiny.pin(version="3.0.0", repository=published.repository)
    with pytest.raises(ChartUnavailable, match=r"tiny 3\.0\.0: the index of .* has no such version"):
        chart_cache.pull([wanted], lock_file=lock_file)


def test_an_answer_of_the_server_is_reported(published: ChartPin, lock_file: Path) -> None:
    wanted = tiny.pin(repository=f"{published.repository}/nowhere")
    with pytest.raises(ChartUnavailable, match=r"nowhere/index\.yaml answers 404"):
        chart_cache.pull([wanted], lock_file=lock_file)


HEADERS = b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n"


@pytest.mark.parametrize("drip", [b"", HEADERS, b"HTTP/1.1 200 OK\r\nX: "], ids=["silence", "slow body", "slow head"])
def test_repositories_that_do_not_answer_cost_one_deadline_in_all(drip: bytes, lock_file: Path) -> None:
    with tiny.silent_server(drip) as address:
        pins = {tiny.pin(name, repository=address): "repositories" for name in "abcdef"}
        before = time.monotonic()
        failures = chart_cache.obtain(pins, seconds=0.4, lock_file=lock_file)
        took = time.monotonic() - before
    assert list(failures) == list(pins)
    assert all("did not answer within 0.4 s" in str(e) or "timed out" in str(e) for e in failures.values())
    assert 0.3 < took < 1.5, "6 x 0.4 s one after the other"


def test_a_name_server_that_hangs_costs_the_deadline(lock_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def hangs(*_: Any, **__: Any) -> list[Any]:
        time.sleep(3)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hangs)
    before = time.monotonic()
    failures = chart_cache.obtain({PIN: "https://charts.example"}, seconds=0.3, lock_file=lock_file)
    assert time.monotonic() - before < 1.5
    assert "https://charts.example did not answer within 0.3 s" in str(failures[PIN])


def test_one_failure_keeps_the_charts_that_came(published: ChartPin, lock_file: Path) -> None:
    other = tiny.pin("other", repository=published.repository)
    with pytest.raises(ChartUnavailable, match=r"^other 1\.2\.3: ") as failure:
        chart_cache.pull([published, other], lock_file=lock_file)
    assert "tiny" not in str(failure.value)
    assert archive_path(published).is_file()


def test_a_registry_mirror_is_asked_by_helm(
    tmp_path: Path, shelf: Path, lock_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tiny.archive(shelf, PIN)
    script = f'echo "$@" > {tmp_path}/asked; while [ "$1" != --destination ]; do shift; done; cp {archive} "$2"'
    monkeypatch.setenv("OBS_HELM", str(tiny.fake_helm(tmp_path / "bin" / "registry", script)))
    chart_cache.pull([PIN], "oci://mirror.example/charts/", lock_file=lock_file)
    assert (tmp_path / "asked").read_text().startswith("pull oci://mirror.example/charts/tiny --version 1.2.3 ")
    assert chart_cache.verify([PIN], lock_file=lock_file)[0].source == "oci://mirror.example/charts/tiny"


def test_the_registry_stands_in_for_an_index_that_is_out_of_reach(
    tmp_path: Path, shelf: Path, lock_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tiny.archive(shelf, PIN)
    script = f'while [ "$1" != --destination ]; do shift; done; cp {archive} "$2"'
    monkeypatch.setenv("OBS_HELM", str(tiny.fake_helm(tmp_path / "bin" / "registry", script)))
    chart_cache.pull([PIN], lock_file=lock_file)
    assert chart_cache.verify([PIN], lock_file=lock_file)[0].source == PIN.oci


def test_a_registry_that_refuses_is_quoted(lock_file: Path) -> None:
    with pytest.raises(ChartUnavailable, match=r"oci://mirror\.example/tiny: Error: no such host"):
        chart_cache.pull([PIN], "oci://mirror.example", lock_file=lock_file)


def test_a_registry_that_does_not_answer_costs_the_deadline(
    tmp_path: Path, lock_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OBS_HELM", str(tiny.fake_helm(tmp_path / "bin" / "slow", "exec sleep 5")))
    before = time.monotonic()
    failures = chart_cache.obtain({PIN: "oci://mirror.example"}, seconds=0.8, lock_file=lock_file)
    assert time.monotonic() - before < 2.5
    assert "did not answer within 0.8 s" in str(failures[PIN])


ENTRY = {"name": "tiny", "version": "1.2.3", "urls": ["x.tgz"], "annotations": {"changes": "- one\n- two\n"}}
OTHER = {**ENTRY, "version": "1.2.30", "description": "version: 1.2.3"}
INDEX = {"apiVersion": "v1", "entries": {"tin": [OTHER], "tiny": [OTHER, ENTRY], "tiny-more": [ENTRY, OTHER]}}


def plain(value: Any) -> str:
    return yaml.safe_dump(json.loads(json.dumps(value)))


@pytest.mark.parametrize(
    "text",
    [
        plain(INDEX),
        yaml.safe_dump(INDEX),
        json.dumps(INDEX, indent=1),
        plain(INDEX).replace("version: 1.2.3\n", 'version: "1.2.3"\n'),
        json.dumps(INDEX),
    ],
    ids=["as helm writes it", "with anchors", "JSON in lines", "quoted", "JSON"],
)
def test_the_entry_of_a_version_is_found_in_every_form_of_index(text: str) -> None:
    assert index_entry(text.encode(), PIN) == ENTRY
    assert index_entry(text.encode(), tiny.pin(version="1.2.4")) is None
    assert index_entry(text.encode(), tiny.pin("absent")) is None


def test_an_entry_is_found_without_parsing_the_whole_index() -> None:
    text = plain({"entries": {"tiny": [OTHER, ENTRY]}}) + "broken: [\n"
    assert index_entry(text.encode(), PIN) == ENTRY


@pytest.mark.parametrize("page", [b"<html>{[</html>", b"<html>log in</html>", b"a: [", b"entries: 1"])
def test_a_page_that_is_no_index_is_named(page: bytes) -> None:
    with pytest.raises(ChartUnavailable, match=r"tiny 1\.2\.3: the repository's index\.yaml is no index of charts"):
        index_entry(page, PIN)


def test_an_address_outside_http_in_an_index_is_refused(shelf: Path, published: ChartPin, lock_file: Path) -> None:
    entries = {"tiny": [{**ENTRY, "urls": ["file:///etc/passwd"]}]}
    (shelf / "index.yaml").write_text(yaml.safe_dump({"entries": entries}))
    with pytest.raises(ChartRefused, match=r"file:///etc/passwd is not an http\(s\) address"):
        chart_cache.pull([published], lock_file=lock_file)
