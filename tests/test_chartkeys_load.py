"""Reading a chart archive and keeping what was derived from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from chart_samples import CHILD, VALUES, archive, findings, keys, packed, subjects, tar_file

from obs.check.chart_values import chart_keys_from_archive


def test_a_bundled_chart_may_be_packed_itself(tmp_path: Path) -> None:
    inner = {name.replace("charts/child", "child"): text for name, text in CHILD.items()}
    known = chart_keys_from_archive(
        tar_file(
            tmp_path / "outer.tgz", {"tiny/Chart.yaml": "name: tiny", "tiny/charts/child-0.1.0.tgz": packed(inner)}
        ),
        tmp_path / "cache",
    )
    assert subjects({"child": {"port": 1, "prt": 1}}, known) == ["child.prt"]


def test_nothing_can_be_said_about_a_dependency_that_is_not_in_the_archive(tmp_path: Path) -> None:
    chart = "name: tiny\ndependencies: [{name: minio, tags: [storage]}]"
    known = chart_keys_from_archive(
        tar_file(
            tmp_path / "outer.tgz", {"tiny/Chart.yaml": chart, "tiny/values.yaml": "minio: {enabled: false}\na: 1"}
        ),
        tmp_path / "cache",
    )
    assert subjects({"minio": {"whatever": {"x": 1}}, "tags": {"storage": False, "strage": True}}, known) == [
        "tags.strage"
    ]


def test_what_was_derived_is_kept_and_taken_again_without_reading_the_chart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, kept = archive(tmp_path), tmp_path / "cache"
    first = chart_keys_from_archive(path, kept)

    def unexpected(_: bytes) -> list[Any]:
        raise AssertionError("the archive was read again")

    monkeypatch.setattr("obs.chartkeys.load.read_archive", unexpected)
    assert chart_keys_from_archive(path, kept) == first
    with pytest.raises(AssertionError, match="read again"):
        chart_keys_from_archive(path, tmp_path / "another")


def test_a_changed_archive_and_a_damaged_cache_are_read_anew(tmp_path: Path) -> None:
    path, kept = archive(tmp_path), tmp_path / "cache"
    first = chart_keys_from_archive(path, kept)
    for file in kept.iterdir():
        file.write_text("{")
    assert chart_keys_from_archive(path, kept) == first
    archive(tmp_path, {"values.yaml": VALUES + "brandNew: 1\n"})
    assert subjects({"brandNew": 2}, first) == ["brandNew"]
    assert subjects({"brandNew": 2}, chart_keys_from_archive(path, kept)) == []


def test_what_older_code_derived_is_neither_used_nor_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, kept = archive(tmp_path), tmp_path / "cache"
    chart_keys_from_archive(path, kept)
    (before,) = kept.iterdir()
    monkeypatch.setattr("obs.chartkeys.load._code_digest", lambda: "newer")
    chart_keys_from_archive(path, kept)
    (after,) = kept.iterdir()
    assert after.name.endswith("-newer.json")
    assert after != before


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert findings({}, chart_keys_from_archive(archive(tmp_path), tmp_path / "file" / "cache")) == []


@pytest.mark.parametrize("content", [b"", b"no archive", b"\x1f\x8b\x08\x00 cut"])
def test_what_is_no_archive_gives_one_error_that_names_the_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.tgz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"broken\.tgz is not a readable chart archive"):
        chart_keys_from_archive(path, tmp_path / "cache")


@pytest.mark.parametrize("values", ["a: [", "- a list\n"])
def test_a_chart_whose_values_are_no_map_is_refused(tmp_path: Path, values: str) -> None:
    with pytest.raises(ValueError, match="is not a readable chart archive"):
        keys(tmp_path, {"values.yaml": values})
