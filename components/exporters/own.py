"""Exporters of our own (folder exporters/): each reads one file of settings, and the files of one Secret."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from components.exporters.monitor import monitor_spec
from components.exporters.workload import Workload
from components.images import repository
from components.keep_lists import Keep, kept
from components.services import Services
from components.sizes import PartSize
from components.specs.monitors import ServiceMonitorSpec
from model.credentials import CA_KEYS
from model.quantity import compressed, quantity, seconds
from settings import Settings
from settings.exporters import Own, OwnKind
from settings.own_exporters import BITBUCKET_KEYS, ISILON_KEYS, BitbucketSettings, IcebergSettings
from settings.parts import PartName

PARTS: Mapping[OwnKind, PartName] = {
    "iceberg": PartName.ICEBERG_EXPORTER,
    "isilon": PartName.ISILON_EXPORTER,
    "bitbucket": PartName.BITBUCKET_EXPORTER,
}
SOURCES = Path(__file__).parents[2] / "exporters"
USER = 10001
"""As in their Dockerfiles."""
CONFIG = "config.yaml"
_SECRETS, _CA = "/run/secrets/exporter", "/run/secrets/ca"
_DAY = 86400
Values = dict[str, Any]


@cache
def version(kind: OwnKind) -> str:
    """That of the package, and so of its image."""
    found: str = tomllib.loads((SOURCES / kind / "pyproject.toml").read_text())["project"]["version"]
    return found


def job(kind: OwnKind) -> str:
    return f"{kind}-exporter"


def image_of(settings: Settings, kind: OwnKind, wanted: Own) -> str:
    """The settings see to it that there is a registry where no image is named. A mirror has the one that is, too."""
    if wanted.image is None:
        return f"{settings.image_registry}/dataops/{kind}-exporter:{version(kind)}"
    host, _, path = wanted.image.partition("/")
    own_host = path and ("." in host or ":" in host)
    return repository(settings, host, path) if own_host else repository(settings, "docker.io", wanted.image)


def secret_data(wanted: Own) -> tuple[dict[str, str], dict[str, str]]:
    """What a Secret of ours holds: key -> Pulumi config key, and key -> plain value; empty where one is there."""
    if isinstance(wanted, IcebergSettings):
        return dict(wanted.secrets), {}
    if not wanted.secret:
        return {}, {}
    if isinstance(wanted, BitbucketSettings):
        return {BITBUCKET_KEYS[0]: wanted.secret}, {}
    username, password = ISILON_KEYS
    return {password: wanted.secret}, {username: wanted.username or ""}


def exporter_config(settings: Settings, kind: OwnKind, instance: str, wanted: Own) -> Values:
    """Its file of settings (exporters/*/…/settings.py). What the stack does not say, the exporter decides."""
    common = {
        "name": instance,
        "port": Services(settings).own_exporter(kind, instance).ports["metrics"],
        "interval": seconds(compressed(wanted.interval, settings.time_compression)),
        "timeout": seconds(wanted.timeout) if wanted.timeout else None,
        "concurrency": wanted.concurrency,
    }
    found = {**common, **_own_config(wanted)}
    return {key: list(value) if isinstance(value, tuple) else value for key, value in found.items() if value}


def _own_config(wanted: Own) -> Values:
    if isinstance(wanted, IcebergSettings):
        compaction = {f"compaction_{key}": value for key, value in wanted.compaction.model_dump().items()}
        return {
            "catalog": dict(wanted.catalog),
            "include": wanted.include,
            "exclude": wanted.exclude,
            "most": wanted.max_tables,
            "small_file_bytes": int(quantity(wanted.small_file_size)) if wanted.small_file_size else None,
            "removed_window": seconds(wanted.removed_window) if wanted.removed_window else None,
            **compaction,
        }
    api = {
        "url": wanted.url,
        "ca_file": f"{_CA}/{CA_KEYS[0]}" if wanted.ca_secret else None,
        "requests_per_second": wanted.requests_per_second,
    }
    if isinstance(wanted, BitbucketSettings):
        return {
            **api,
            "include": wanted.include,
            "exclude": wanted.exclude,
            "most": wanted.max_repositories,
            "branches": wanted.branches,
            "active_days": seconds(wanted.active_for) / _DAY if wanted.active_for else None,
        }
    return {
        **api,
        "protocols": wanted.protocols,
        "quota_types": wanted.quota_types,
        "max_quotas": wanted.max_quotas,
    }


def own_workload(settings: Settings, kind: OwnKind, instance: str, wanted: Own, size: PartSize) -> Workload:
    service = Services(settings).own_exporter(kind, instance)
    mounted = {}
    if secret := wanted.existing_secret or (service.name if secret_data(wanted)[0] else None):
        mounted["credentials"] = (secret, _SECRETS)
    if not isinstance(wanted, IcebergSettings) and wanted.ca_secret:
        mounted["ca"] = (wanted.ca_secret, _CA)
    return Workload(
        service=service,
        image=image_of(settings, kind, wanted),
        user=USER,
        size=size,
        alive="/healthz",
        files={CONFIG: yaml.safe_dump(exporter_config(settings, kind, instance, wanted), sort_keys=False)},
        volumes=tuple({"name": name, "secret": {"secretName": secret}} for name, (secret, _) in mounted.items()),
        mounts=tuple({"name": name, "mountPath": path, "readOnly": True} for name, (_, path) in mounted.items()),
    )


def own_monitor(settings: Settings, kind: OwnKind, instance: str, wanted: Own, keep: Keep = None) -> ServiceMonitorSpec:
    """Scraped more often than scanned, so that a new scan is seen soon: a scrape costs the source nothing.

    As often as all other parts: a critical alert reads what Iceberg's exporter says.
    """
    service = Services(settings).own_exporter(kind, instance)
    interval = min(("30s", wanted.interval), key=seconds)
    # The contract is called as the kind.
    return monitor_spec(settings, service, port="metrics", job=job(kind), interval=interval, keep=kept(keep, kind))
