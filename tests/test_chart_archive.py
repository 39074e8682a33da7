"""Packing a chart folder, and refusing what is no sound archive."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import tiny_charts as tiny

from obs.chart_archive import ChartRefused, pack

PIN = tiny.pin()


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    folder = tmp_path / "shelf"
    folder.mkdir()
    return folder


def test_packing_the_same_files_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = (tiny.chart_folder(tmp_path / where) for where in ("a", "b"))
    os.utime(second / "values.yaml", (1, 1))
    (second / "values.yaml").chmod(0o600)
    assert pack(first, PIN) == pack(second, PIN)
    (second / "values.yaml").write_text("greeting: bye\n")
    assert pack(first, PIN) != pack(second, PIN)


def test_packing_leaves_out_what_helmignore_names(tmp_path: Path, shelf: Path) -> None:
    ignore = "# comment\n*.bak\nci/\n/docs/*.md\nhack\n"
    kept = {"docs/deep/a.md": "", "sub/docs/a.md": "", "templates/ci.yaml": "", "ci.txt": ""}
    left = {"a.bak": "", "sub/b.bak": "", "ci/values.yaml": "", "docs/a.md": "", "hack": "", "templates/.hidden": ""}
    folder = tiny.chart_folder(tmp_path, files={".helmignore": ignore, **kept, **left})
    (shelf / "a.tgz").write_bytes(pack(folder, PIN))
    names = {name.removeprefix("tiny/") for name in tiny.members(shelf / "a.tgz")}
    assert names == {"Chart.yaml", "values.yaml", "templates/config.yaml", ".helmignore", *kept}


def test_a_negated_ignore_pattern_is_refused_not_misread(tmp_path: Path) -> None:
    folder = tiny.chart_folder(tmp_path, files={".helmignore": "!values.yaml\n"})
    with pytest.raises(ChartRefused, match=r"\.helmignore: negated pattern '!values.yaml'"):
        pack(folder, PIN)


def test_a_chart_folder_without_its_dependencies_is_refused(tmp_path: Path) -> None:
    folder = tiny.chart_folder(tmp_path, dependencies=[{"name": "inner", "version": "0.1.0"}])
    with pytest.raises(ChartRefused, match="lacks the bundled charts inner"):
        pack(folder, PIN)


def test_a_link_in_a_chart_folder_is_refused(tmp_path: Path) -> None:
    folder = tiny.chart_folder(tmp_path)
    (folder / "templates" / "passwd").symlink_to("/etc/passwd")
    with pytest.raises(ChartRefused, match="passwd is a symbolic link"):
        pack(folder, PIN)
