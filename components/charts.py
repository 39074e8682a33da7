"""Every Helm chart of the program: name, exact version, where it is published. The only place that pins one.

A chart can be taken from five kinds of source (:func:`source_kind`); :func:`chart_location` says what a
Pulumi chart resource needs for each. Digests of the archives are in charts.lock, written by
``obs charts lock`` and compared whenever an archive on this machine is used, by obs and by Pulumi; what the
provider itself fetches from a repository or mirror it takes by exact version, without looking at them.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

import yaml
from platformdirs import user_cache_dir

LOCK = Path(__file__).resolve().parent.parent / "charts.lock"
_LOCK_FORM = "a list under `charts`, each with name, version and digest (64 hexadecimal characters)"
CACHE_VARIABLE = "OBS_CACHE_DIR"
APPLICATION = "dataops-observability"
SOURCE_FORM = (
    "repositories, cache, oci://HOST/PREFIX, https://HOST/INDEX or a directory path with a slash such as ./charts"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class ChartPin:
    """One chart at one version.

    ``repository`` is the URL of the classic index (without index.yaml), ``oci`` the whole registry
    reference of the same chart, ``kubernetes_floor`` the lowest Kubernetes version (major.minor) that the
    chart's own kubeVersion accepts; None where it states none.
    """

    name: str
    version: str
    repository: str
    oci: str
    kubernetes_floor: str | None = None

    @property
    def archive_name(self) -> str:
        return f"{self.name}-{self.version}.tgz"

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


# Publisher -> (classic index, OCI prefix).
_PUBLISHERS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "prometheus-community": (
            "https://prometheus-community.github.io/helm-charts",
            "oci://ghcr.io/prometheus-community/charts",
        ),
        # Loki and Tempo moved here in 2026; their charts at grafana.github.io are frozen (grafana/loki#20705).
        "grafana-community": (
            "https://grafana-community.github.io/helm-charts",
            "oci://ghcr.io/grafana-community/helm-charts",
        ),
        "grafana": ("https://grafana.github.io/helm-charts", "oci://ghcr.io/grafana/helm-charts"),
        "stevehipwell": ("https://stevehipwell.github.io/helm-charts", "oci://ghcr.io/stevehipwell/helm-charts"),
        "open-telemetry": (
            "https://open-telemetry.github.io/opentelemetry-helm-charts",
            "oci://ghcr.io/open-telemetry/opentelemetry-helm-charts",
        ),
    }
)


def _pin(publisher: str, name: str, version: str, floor: str | None = None) -> ChartPin:
    repository, oci = _PUBLISHERS[publisher]
    return ChartPin(
        name=name,
        version=version,
        repository=repository,
        oci=f"{oci}/{name}",
        kubernetes_floor=floor,
    )


# Versions of August 2026. The first two both bring operator v0.93.1: the CRDs and the operator must move together.
CHARTS: Mapping[str, ChartPin] = MappingProxyType(
    {
        pin.name: pin
        for pin in (
            _pin("prometheus-community", "kube-prometheus-stack", "88.5.3", "1.25"),
            _pin("prometheus-community", "prometheus-operator-crds", "31.0.1", "1.16"),
            _pin("stevehipwell", "thanos", "1.24.1"),
            _pin("grafana-community", "loki", "18.11.0", "1.25"),
            _pin("grafana-community", "tempo", "2.2.4"),
            _pin("grafana-community", "tempo-distributed", "3.3.0", "1.25"),
            _pin("grafana", "alloy", "1.11.1"),
            _pin("open-telemetry", "opentelemetry-collector", "0.170.0"),
            _pin("prometheus-community", "prometheus-statsd-exporter", "1.0.0"),
            _pin("prometheus-community", "prometheus-redis-exporter", "6.29.0"),
            _pin("prometheus-community", "prometheus-blackbox-exporter", "11.17.2", "1.21"),
            _pin("prometheus-community", "prometheus-pushgateway", "3.8.0"),
        )
    }
)


class SourceKind(StrEnum):
    REPOSITORIES = "repositories"
    CACHE = "cache"
    OCI = "oci"
    INDEX = "index"
    DIRECTORY = "directory"


@dataclass(frozen=True, slots=True)
class ChartLocation:
    """Arguments of a Pulumi chart resource: ``chart``, ``version``, and ``repo`` (of repository_opts) if any."""

    chart: str
    version: str
    repo: str | None = None


def source_kind(source: str) -> SourceKind:
    """What a source setting means. Raises ValueError, saying what is allowed.

    A bare word is refused, not taken for a directory: "repository" is a misspelling, never a folder.
    """
    if source in (SourceKind.REPOSITORIES, SourceKind.CACHE):
        return SourceKind(source)
    scheme, separator, rest = source.partition("://")
    if "@" in rest.partition("/")[0]:
        # Not echoed: the source is plain configuration, and so is every error.
        raise ValueError("chart source holds credentials; log in with `helm registry login` and leave them out")
    if separator:
        kind = {"oci": SourceKind.OCI, "https": SourceKind.INDEX, "http": SourceKind.INDEX}.get(scheme)
        if kind is not None and rest.strip("/"):
            return kind
    elif "/" in source or source in (".", ".."):
        return SourceKind.DIRECTORY
    raise ValueError(f"chart source {source!r} is not {SOURCE_FORM}")


def chart_location(pin: ChartPin, source: str) -> ChartLocation:
    """Where a Pulumi chart resource takes the chart from, for a source setting.

    ``source`` is ``repositories`` (the chart's own), ``cache`` (the archive that ``obs charts pull`` left),
    an ``oci://`` prefix or ``https://`` index of a mirror, or a directory that holds ``<name>-<version>.tgz``.
    Raises ValueError for anything else.
    """
    match source_kind(source):
        case SourceKind.REPOSITORIES:
            return ChartLocation(pin.name, pin.version, pin.repository)
        case SourceKind.CACHE:
            return ChartLocation(str(archive_path(pin)), pin.version)
        case SourceKind.OCI:
            return ChartLocation(f"{source.rstrip('/')}/{pin.name}", pin.version)
        case SourceKind.INDEX:
            return ChartLocation(pin.name, pin.version, source.rstrip("/"))
        case SourceKind.DIRECTORY:
            return ChartLocation(str(Path(source) / pin.archive_name), pin.version)


def locked_digests(lock_file: Path = LOCK) -> dict[tuple[str, str], str]:
    """(name, version) -> sha256 from charts.lock; empty where there is none. Raises ValueError for a bad file."""
    if not lock_file.is_file():
        return {}
    try:
        entries = yaml.safe_load(lock_file.read_bytes())["charts"]
        found = {(str(e["name"]), str(e["version"])): str(e["digest"]).removeprefix("sha256:") for e in entries}
    except (yaml.YAMLError, TypeError, KeyError):
        raise ValueError(f"{lock_file}: must be {_LOCK_FORM}") from None
    for (name, version), digest in found.items():
        if re.fullmatch("[0-9a-f]{64}", digest) is None:
            raise ValueError(f"{lock_file}: digest of {name} {version} is {digest!r}; must be {_LOCK_FORM}")
    return found


def check_archive(pin: ChartPin, path: Path, lock_file: Path = LOCK) -> None:
    """Raises ValueError where a chart archive on this machine is not the one that charts.lock records."""
    locked = locked_digests(lock_file).get((pin.name, pin.version))
    if locked is not None and path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() != locked:
        raise ValueError(f"{pin}: {path} is not the archive that {lock_file.name} records; do not use it")


def cache_dir() -> Path:
    """The cache, outside the checkout: OBS_CACHE_DIR, else the user's cache folder of this application."""
    named = os.environ.get(CACHE_VARIABLE)
    return Path(named).expanduser().resolve() if named else Path(user_cache_dir(APPLICATION))


def archive_path(pin: ChartPin) -> Path:
    """Where the cache keeps the archive of a chart, whether it is there or not."""
    return cache_dir() / "charts" / pin.archive_name
