"""The helm program: finding one, building the pinned one, and ``helm template``."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from components.charts import cache_dir
from obs.chart_archive import ChartError

MODULE = Path(__file__).resolve().parent.parent / "tools" / "helm"
HELM_VARIABLE = "OBS_HELM"
OLDEST = (3, 14)
PACKAGE = "helm.sh/helm/v4/cmd/helm"
_VERSION = re.compile(r"v?(\d+)\.(\d+)")
_BUILD_TIME = "about 2-4 minutes on 2 cores, once"  # 2 min 4 s on 2 cores, November 2026
_SENSITIVE_KEY = re.compile(r"pass|secret|token|key|credential|auth|dsn|url|cert|user", re.IGNORECASE)
TEMPLATE_SECONDS = 120


class HelmMissing(ChartError):
    """No usable helm, and none could be built; the message names what to install."""


class HelmFailed(ChartError):
    """``helm template`` refused a chart; the message is helm's own, with values masked."""


def find(*, build: bool = False) -> Path:
    """The helm to use: OBS_HELM, else PATH (3.14 or later), else the one built from tools/helm before.

    Builds that one when ``build`` is true and there is no other. Raises HelmMissing.
    """
    if named := os.environ.get(HELM_VARIABLE):
        path = shutil.which(named)
        if path is None or _version(path) is None:
            raise HelmMissing(f"{HELM_VARIABLE}={named} is not a helm program")
        return Path(path)
    found = shutil.which("helm")
    if found is not None and (_version(found) or (0, 0)) >= OLDEST:
        return Path(found)
    built = _built()
    if built.is_file():
        return built
    if build:
        return _build(built)
    raise HelmMissing(_advice())


def _advice() -> str:
    return (
        f"helm {OLDEST[0]}.{OLDEST[1]} or later is neither on PATH nor built: install helm, "
        f"or install Go 1.26 and let obs build the pinned one ({_BUILD_TIME})"
    )


@cache
def _version(program: str) -> tuple[int, int] | None:
    """Major and minor version; None for a program that is no helm. Costs 0.03 s."""
    try:
        run = subprocess.run(
            [program, "version", "--short"], capture_output=True, text=True, timeout=30, check=False, env=_environment()
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = _VERSION.match(run.stdout.strip())
    return (int(match[1]), int(match[2])) if run.returncode == 0 and match else None


def _built() -> Path:
    """Where the pinned helm is kept; another go.mod or go.sum makes another place."""
    pins = hashlib.sha256((MODULE / "go.mod").read_bytes() + (MODULE / "go.sum").read_bytes())
    return cache_dir() / "helm" / pins.hexdigest()[:16] / "helm"


def _build(target: Path) -> Path:
    go = shutil.which("go")
    if go is None:
        raise HelmMissing(_advice())
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"helm.{os.getpid()}.part")
    release = re.search(r"helm\.sh/helm/v4 (v\S+)", (MODULE / "go.mod").read_text())
    # Without the flag helm calls itself v4.3, and charts that ask for a patch version refuse.
    flags = f"-s -w -X helm.sh/helm/v4/internal/version.version={release[1] if release else ''}"
    command = [go, "build", "-C", str(MODULE), "-trimpath", "-ldflags", flags, "-o", str(part), PACKAGE]
    console = Console(file=sys.stderr)
    console.print(f"no helm found: building the pinned one from tools/helm ({_BUILD_TIME})")
    try:
        with Progress(SpinnerColumn(), TextColumn("go build"), TimeElapsedColumn(), console=console) as progress:
            progress.add_task("", total=None)
            environment = {**os.environ, "CGO_ENABLED": "0", "GOWORK": "off"}
            run = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        if run.returncode != 0:
            reason = "\n".join(run.stderr.strip().splitlines()[-5:])
            raise HelmMissing(f"{_advice()}\nbuilding it failed:\n{reason}")
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return target


def template(
    helm: Path,
    archive: Path,
    *,
    release: str,
    namespace: str,
    values: Mapping[str, Any],
    kube_version: str,
    api_versions: Sequence[str],
    include_crds: bool = False,
    hooks: bool = False,
) -> str:
    """What ``helm template`` prints for one chart archive: YAML documents, each after a line ``---``.

    No cluster and no network is used, nothing of the user's helm set-up is read. ``hooks`` keeps hook objects.
    Raises HelmFailed with helm's message; values that may be secret are masked in it.
    """
    command = [str(helm), "template", release, str(archive), "--namespace", namespace, "--kube-version", kube_version]
    command += ["--include-crds" if include_crds else "--skip-crds", *([] if hooks else ["--no-hooks"]), "--skip-tests"]
    for version in api_versions:
        command += ["--api-versions", version]
    try:
        run = subprocess.run(
            # The values go in by stdin (JSON is YAML): no file with values is ever on disk.
            [*command, "--values", "-"],
            input=json.dumps(values),
            capture_output=True,
            text=True,
            timeout=TEMPLATE_SECONDS,
            check=False,
            env=_environment(),
        )
    except subprocess.TimeoutExpired:
        raise HelmFailed(f"chart {archive.name}: helm template took more than {TEMPLATE_SECONDS} s") from None
    if run.returncode != 0:
        raise HelmFailed(f"chart {archive.name}, release {release}: {_masked(run.stderr.strip(), values)}")
    return run.stdout


def _environment() -> dict[str, str]:
    """The environment without the user's HELM_* and cluster: the same chart renders the same everywhere."""
    home = cache_dir() / "helm-home"
    kept = {k: v for k, v in os.environ.items() if not k.startswith("HELM_")}
    homes = {f"HELM_{kind}_HOME": str(home / kind.lower()) for kind in ("CACHE", "CONFIG", "DATA")}
    return {**kept, **homes, "HELM_PLUGINS": str(home / "plugins"), "KUBECONFIG": os.devnull}


def _masked(message: str, values: Mapping[str, Any]) -> str:
    """helm's message with every value of a sensitive key, and every long value, replaced by ``[value]``.

    Templates print what they trip over, up to whole maps of values; short plain values stay readable.
    """
    for secret in sorted(set(_hidden(values, sensitive=False)), key=len, reverse=True):
        message = message.replace(secret, "[value]")
    return message[:2000]


def _hidden(value: Any, *, sensitive: bool) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _hidden(inner, sensitive=sensitive or bool(_SENSITIVE_KEY.search(str(key))))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _hidden(inner, sensitive=sensitive)
    elif value is not None and not isinstance(value, bool):
        # A text of many lines is quoted by helm line by line.
        lines = [line.strip() for line in str(value).splitlines()]
        yield from (line for line in lines if len(line) >= (3 if sensitive else 16))
