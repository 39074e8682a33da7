"""Software from package registries, into the cache outside the checkout, at the versions that tools/ pins."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from components.charts import cache_dir
from obs.contracts.lab import NotToBeHad
from obs.toolchain_table import MODULES

SUMS = "sha256sums"
"""What `sha256sum *` says of the files that a pom.xml brings, beside it."""


def python(name: str) -> Path:
    """The Python of an environment with what tools/NAME/requirements.txt pins. Raises NotToBeHad."""

    def install(folder: Path) -> None:
        _run([sys.executable, "-m", "venv", folder])
        pins = MODULES / name / "requirements.txt"
        _run([folder / "bin/python", "-m", "pip", "install", "--quiet", "--no-deps", "-r", pins], seconds=3600)

    return once(name, install, in_place=True) / "bin/python"


def jars(name: str) -> Path:
    """The folder with what tools/NAME/pom.xml names and all that it needs, each file as its digest says."""
    mvn = shutil.which("mvn")
    if mvn is None:
        raise NotToBeHad("needs Maven (mvn) on PATH")

    def install(folder: Path) -> None:
        goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={folder}"]
        _run([mvn, "-B", "-q", "-C", "-f", MODULES / name / "pom.xml", *goal], seconds=3600)
        verify(folder, MODULES / name / SUMS)

    return once(name, install)


def debian(name: str, packages: Sequence[str]) -> Path:
    """A folder with the files of Debian packages, unpacked and not installed."""
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise NotToBeHad(f"needs Debian's packages ({', '.join(packages)}), and this is no Debian")

    def install(folder: Path) -> None:
        _run(["apt-get", "download", "-qq", *packages], cwd=folder)
        for package in sorted(folder.glob("*.deb")):
            _run(["dpkg-deb", "-x", package, folder])

    return once(name, install, key=" ".join(packages))


def once(name: str, install: Callable[[Path], None], *, in_place: bool = False, key: str = "") -> Path:
    """The folder of that name and of the pins of tools/NAME, installed when it is not there.

    A failed install leaves nothing. ``in_place`` where what is installed knows its own path; ``key`` is what decides
    about its content beside the pins.
    """
    folder = cache_dir() / "contracts" / f"{name}-{_fingerprint(MODULES / name, key)}"
    done = folder / ".done"
    if done.is_file():
        return folder
    part = folder if in_place else folder.with_name(f"{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        install(part)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    if part != folder:
        part.replace(folder)
    done.touch()
    return folder


def _fingerprint(pins: Path, key: str) -> str:
    digest = hashlib.sha256(key.encode())
    for path in sorted(p for p in pins.glob("*") if p.is_file()) if pins.is_dir() else ():
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def verify(folder: Path, sums: Path) -> None:
    """Raises NotToBeHad where the files of the folder are not those that ``sums`` lists with their digests."""
    wanted = digests(sums.read_text())
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}
    if found != wanted:
        wrong = sorted(name for name in {*found, *wanted} if found.get(name) != wanted.get(name))
        raise NotToBeHad(f"{sums}: what was downloaded is something else: {', '.join(wrong)}")


def digests(text: str) -> Mapping[str, str]:
    """File name -> digest, of lines as sha256sum writes them."""
    return {name: digest for digest, name in (line.split(maxsplit=1) for line in text.splitlines() if line)}


def _run(argv: Sequence[object], *, cwd: Path | None = None, seconds: float = 900) -> None:
    command = [*map(str, argv)]
    try:
        run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds, cwd=cwd)
    except subprocess.TimeoutExpired:
        raise NotToBeHad(f"{' '.join(command[:4])} took more than {seconds:.0f} s") from None
    if run.returncode != 0:
        end = " / ".join((run.stdout + run.stderr).strip().splitlines()[-3:])
        raise NotToBeHad(f"{' '.join(command[:4])} … failed: {end}")
