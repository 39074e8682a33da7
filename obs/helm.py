"""The helm program: finding or building one (obs.toolchain), and ``helm template``."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from components.charts import cache_dir
from obs import toolchain
from obs.chart_archive import ChartError
from obs.toolchain_table import ToolMissing

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
    try:
        if not build:
            return toolchain.find("helm")
        from rich.console import Console

        return toolchain.ensure(["helm"], Console(file=sys.stderr))["helm"]
    except ToolMissing as error:
        raise HelmMissing(str(error)) from None


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
