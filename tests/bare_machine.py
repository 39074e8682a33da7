"""A machine without any tool, and a Go that builds nothing but answers like a program that was built."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import tiny_charts as tiny

_SHELL = ("sh", "cat", "env", "sleep", "chmod", "cp", "dirname", "mkdir")

GO = """\
[ "$1" = mod ] && {{ {download}; exit 0; }}
echo "$*" >> {log}
while [ "$1" != -o ]; do [ "$1" = -modfile ] && cp "$2" {log}.modfile; shift; done
{before}
printf '#!/bin/sh\\necho v{version}\\n' > "$2"
chmod 755 "$2"
"""


def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty cache, and a PATH with nothing but the shell's tools; the first folder of PATH, empty."""
    monkeypatch.setenv("OBS_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("OBS_HELM", raising=False)
    tools, programs = tmp_path / "shell", tmp_path / "bin"
    tools.mkdir()
    programs.mkdir()
    for name in _SHELL:
        (tools / name).symlink_to(next(p for d in ("/bin", "/usr/bin") if (p := Path(d, name)).exists()))
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{tools}")
    return programs


def fake_go(programs: Path, version: str, *, before: str = ":", download: str = ":") -> Path:
    """A ``go`` whose builds say ``version``; the arguments of each build are a line of the file returned.

    ``before`` runs before a program is written to ``$2``, ``download`` answers ``go mod``.
    """
    log = programs.parent / "go.log"
    tiny.program(programs / "go", GO.format(log=log, version=version, before=before, download=download))
    return log
