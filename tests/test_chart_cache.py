"""Archives enter the cache whole and checked or not at all; digests come from repositories only."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import tiny_charts as tiny
import yaml

from components.charts import ChartPin, archive_path, check_archive
from obs import chart_cache
from obs.chart_archive import ChartError, ChartRefused, ChartUnavailable, sha256
from obs.chart_cache import State

pytestmark = pytest.mark.usefixtures("own_cache")
PIN = tiny.pin()


def state(pin: ChartPin, lock_file: Path) -> State:
    return chart_cache.verify([pin], lock_file=lock_file)[0].state


def test_an_archive_comes_from_a_directory_with_its_origin(shelf: Path, lock_file: Path) -> None:
    archive = tiny.archive(shelf, PIN)
    assert chart_cache.pull([PIN], str(shelf), lock_file=lock_file) == [PIN]
    (row,) = chart_cache.verify([PIN], lock_file=lock_file)
    assert (row.state, row.locked, row.source) == (State.NOT_LOCKED, None, str(archive))
    assert row.sha256 == sha256(archive.read_bytes())
    assert chart_cache.use(PIN, lock_file=lock_file).path.read_bytes() == archive.read_bytes()


def test_a_chart_folder_is_packed_with_its_bundled_charts(shelf: Path, lock_file: Path) -> None:
    tiny.chart_folder(shelf, dependencies=[{"name": "inner", "version": "0.1.0"}])
    tiny.chart_folder(shelf / "tiny" / "charts", name="inner", version="0.1.0")
    chart_cache.pull([PIN], f"{shelf}/", lock_file=lock_file)
    names = tiny.members(archive_path(PIN))
    assert names[0] == "tiny/Chart.yaml"
    assert {"tiny/templates/config.yaml", "tiny/charts/inner/Chart.yaml"} < set(names)


def test_another_version_inside_an_archive_is_refused(tmp_path: Path, shelf: Path, lock_file: Path) -> None:
    tiny.archive(shelf, tiny.pin(version="1.2.4")).rename(shelf / PIN.archive_name)
    with pytest.raises(ChartRefused, match=r"tiny 1\.2\.3: .* holds tiny 1\.2\.4, not the pinned version"):
        chart_cache.pull([PIN], str(shelf), lock_file=lock_file)
    assert tiny.in_cache(tmp_path) == []


def test_another_version_in_a_chart_folder_is_refused(shelf: Path, lock_file: Path) -> None:
    tiny.chart_folder(shelf, version="2.0.0")
    with pytest.raises(ChartRefused, match=r"holds tiny 2\.0\.0"):
        chart_cache.pull([PIN], str(shelf), lock_file=lock_file)


def test_another_version_put_into_the_cache_by_hand_is_refused_at_use(shelf: Path, lock_file: Path) -> None:
    archive_path(PIN).parent.mkdir(parents=True)
    tiny.archive(shelf, tiny.pin(version="1.2.4")).rename(archive_path(PIN))
    with pytest.raises(ChartRefused, match=r"holds tiny 1\.2\.4"):
        chart_cache.use(PIN, lock_file=lock_file)
    assert state(PIN, lock_file) is State.MISMATCH


@pytest.mark.parametrize("share", [0.5, 0.98])
def test_a_truncated_archive_is_refused(tmp_path: Path, shelf: Path, lock_file: Path, share: float) -> None:
    archive = tiny.archive(shelf, PIN, files={"files/noise": os.urandom(5000).hex()})
    data = archive.read_bytes()
    archive.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(ChartRefused, match="is not a whole chart archive"):
        chart_cache.pull([PIN], str(shelf), lock_file=lock_file)
    assert tiny.in_cache(tmp_path) == []


def test_a_directory_without_the_chart_says_what_it_looked_for(shelf: Path, lock_file: Path) -> None:
    with pytest.raises(ChartUnavailable, match=r"neither tiny-1\.2\.3\.tgz nor a chart folder tiny"):
        chart_cache.pull([PIN], str(shelf), lock_file=lock_file)
    assert state(PIN, lock_file) is State.MISSING
    with pytest.raises(ChartUnavailable, match="obs charts pull"):
        chart_cache.use(PIN, lock_file=lock_file)


def test_a_write_that_fails_leaves_nothing(
    tmp_path: Path, shelf: Path, lock_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny.archive(shelf, PIN)

    def full(*_: Any) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="no space"):
        chart_cache.pull([PIN], str(shelf), lock_file=lock_file)
    assert tiny.in_cache(tmp_path) == []


def test_locking_records_what_the_repository_publishes(published: ChartPin, lock_file: Path, shelf: Path) -> None:
    chart_cache.lock([published], lock_file=lock_file)
    digest = sha256((shelf / PIN.archive_name).read_bytes())
    entry = {"name": "tiny", "version": "1.2.3", "digest": f"sha256:{digest}"}
    assert yaml.safe_load(lock_file.read_text()) == {"charts": [entry]}
    (row,) = chart_cache.verify([published], lock_file=lock_file)
    assert (row.state, row.locked, row.sha256) == (State.OK, digest, digest)
    assert chart_cache.use(published, lock_file=lock_file).sha256 == digest


def test_locking_without_the_repositories_writes_nothing(tmp_path: Path, shelf: Path, lock_file: Path) -> None:
    tiny.archive(shelf, PIN)
    chart_cache.pull([PIN], str(shelf), lock_file=lock_file)
    other = tiny.pin("other")
    with pytest.raises(ChartError, match=r"nothing is locked:\ntiny 1\.2\.3: .*\nother 1\.2\.3: "):
        chart_cache.lock([PIN, other], lock_file=lock_file)
    assert not lock_file.exists()
    assert tiny.in_cache(tmp_path) == ["tiny-1.2.3.tgz", "tiny-1.2.3.tgz.json"]


def test_a_version_that_was_published_anew_is_not_locked_again(
    published: ChartPin, lock_file: Path, shelf: Path
) -> None:
    chart_cache.lock([published], lock_file=lock_file)
    before = lock_file.read_text()
    tiny.archive(shelf, PIN, files={"values.yaml": "greeting: other\n"})
    tiny.index(shelf, PIN)
    with pytest.raises(ChartRefused, match=r"charts\.lock records"):
        chart_cache.lock([published], lock_file=lock_file)
    assert lock_file.read_text() == before


def lock_with(lock_file: Path, digest: str) -> None:
    lock_file.write_text(yaml.safe_dump({"charts": [{"name": "tiny", "version": "1.2.3", "digest": digest}]}))


def test_a_wrong_digest_is_refused_at_every_use(shelf: Path, lock_file: Path) -> None:
    tiny.archive(shelf, PIN)
    chart_cache.pull([PIN], str(shelf), lock_file=lock_file)
    lock_with(lock_file, "sha256:" + "a" * 64)
    with pytest.raises(ChartRefused, match=f"charts.lock records {'a' * 64}"):
        chart_cache.use(PIN, lock_file=lock_file)
    (row,) = chart_cache.verify([PIN], lock_file=lock_file)
    assert (row.state, row.locked) == (State.MISMATCH, "a" * 64)
    assert "do not use it" in row.detail


def test_a_wrong_digest_is_refused_on_arrival(tmp_path: Path, shelf: Path, lock_file: Path) -> None:
    tiny.archive(shelf, PIN)
    lock_with(lock_file, "a" * 64)
    with pytest.raises(ChartRefused, match=r"charts\.lock records"):
        chart_cache.pull([PIN], str(shelf), lock_file=lock_file)
    assert tiny.in_cache(tmp_path) == []


def test_pulling_repairs_an_archive_that_does_not_match(published: ChartPin, lock_file: Path) -> None:
    chart_cache.lock([published], lock_file=lock_file)
    archive_path(published).write_bytes(b"damaged")
    assert state(published, lock_file) is State.MISMATCH
    assert chart_cache.pull([published], lock_file=lock_file) == [published]
    assert state(published, lock_file) is State.OK


def test_a_digest_of_another_version_is_no_digest(shelf: Path, lock_file: Path) -> None:
    newer = tiny.pin(version="1.3.0")
    tiny.archive(shelf, newer)
    lock_with(lock_file, "a" * 64)
    chart_cache.pull([newer], str(shelf), lock_file=lock_file)
    assert state(newer, lock_file) is State.NOT_LOCKED


@pytest.mark.parametrize("text", ["charts: 3\n", "[]\n", "charts: [{name: a}]\n", "a: [\n"])
def test_a_broken_lock_file_is_named_with_its_form(lock_file: Path, text: str) -> None:
    lock_file.write_text(text)
    with pytest.raises(ChartError, match=r"charts\.lock: must be a list under `charts`"):
        chart_cache.digests(lock_file)


def test_a_digest_that_is_none_is_named(lock_file: Path) -> None:
    lock_with(lock_file, "sha256:latest")
    with pytest.raises(ChartError, match=r"digest of tiny 1\.2\.3 is 'latest'"):
        chart_cache.digests(lock_file)


def test_an_archive_that_was_damaged_in_the_cache_is_refused_with_the_remedy(shelf: Path, lock_file: Path) -> None:
    tiny.archive(shelf, PIN)
    chart_cache.pull([PIN], f"{shelf}/", lock_file=lock_file)
    path = archive_path(PIN)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ChartRefused, match=r"damaged.*obs charts pull"):
        chart_cache.use(PIN, lock_file=lock_file)
    assert state(PIN, lock_file) is State.MISMATCH


def test_a_deployment_from_an_archive_on_this_machine_is_checked_too(shelf: Path, lock_file: Path) -> None:
    tiny.archive(shelf, PIN)
    check_archive(PIN, shelf / PIN.archive_name, lock_file)
    digest = "0" * 64
    lock_file.write_text(f"charts:\n- {{name: {PIN.name}, version: {PIN.version}, digest: 'sha256:{digest}'}}\n")
    with pytest.raises(ValueError, match=r"is not the archive that charts\.lock records"):
        check_archive(PIN, shelf / PIN.archive_name, lock_file)
