"""Oracle's own exporter for its databases, from the manifests of oracle/oracle-db-appdev-monitoring 2.4.2.

A database has an exporter of its own: one that hangs takes no other along.
"""

from __future__ import annotations

from pathlib import Path

import yaml

from components.exporters.monitor import monitor_spec
from components.exporters.workload import FILES, Workload
from components.images import image
from components.keep_lists import Keep, kept
from components.services import Services
from components.sizes import PartSize
from components.specs.monitors import ServiceMonitorSpec
from model.quantity import compressed, go_duration
from settings import Settings
from settings.exporters import ORACLE_KEYS, OracleSettings

JOB = "oracle"
METRICS = Path(__file__).with_name("oracle-metrics.toml")
"""Queries of ours, beside those that come in the image."""
_REGISTRY, _IMAGE, _VERSION = "container-registry.oracle.com", "database/observability-exporter", "2.4.2"
_DEFAULT_METRICS = "/default-metrics.toml"
_USER = 1000
_CREDENTIALS, _WALLET = "/run/secrets/oracle", "/wallet"
_CONFIG = "config.yaml"
# Texts of statements, with the values that people wrote into them, as a label.
_NOT_STORED = "oracledb_top_sql_.*"


def secret_name(settings: Settings, instance: str, oracle: OracleSettings) -> str:
    """The Secret with user and password, ours where the stack has the password as a Pulumi secret."""
    return oracle.existing_secret or Services(settings).oracle_exporter(instance).name


def oracle_config(settings: Settings, instance: str, oracle: OracleSettings) -> str:
    """The exporter's configuration (its collector/config.go).

    It puts environment variables into the text before it reads it as YAML: a password with a quote or a colon would
    be another file. So the password comes as a file; user names cannot have such letters.
    """
    username, password = ORACLE_KEYS
    database = {
        "username": "${DB_" + username.upper() + "}",
        "passwordFile": f"{_CREDENTIALS}/{password}",
        "url": oracle.connect_string,
        "queryTimeout": oracle.query_timeout,
        **({"tnsAdmin": _WALLET} if oracle.wallet_secret else {}),
    }
    interval = go_duration(compressed(oracle.interval, settings.time_compression))
    return yaml.safe_dump(
        {
            "databases": {instance: database},
            "metrics": {
                # Queries run at this pace, whoever asks and how often.
                "scrapeInterval": interval,
                "default": _DEFAULT_METRICS,
                "custom": [f"{FILES}/{METRICS.name}"],
            },
            # It would copy the database's alert log to a file that nobody reads.
            "log": {"disable": 1},
        },
        sort_keys=False,
    )


def oracle_workload(settings: Settings, instance: str, oracle: OracleSettings, size: PartSize) -> Workload:
    username, password = ORACLE_KEYS
    secret = secret_name(settings, instance, oracle)
    volumes = [
        {"name": "credentials", "secret": {"secretName": secret, "items": [{"key": password, "path": password}]}}
    ]
    mounts = [{"name": "credentials", "mountPath": _CREDENTIALS, "readOnly": True}]
    if oracle.wallet_secret:
        volumes.append({"name": "wallet", "secret": {"secretName": oracle.wallet_secret}})
        mounts.append({"name": "wallet", "mountPath": _WALLET, "readOnly": True})
    reference = {"secretKeyRef": {"name": secret, "key": username}}
    return Workload(
        service=Services(settings).oracle_exporter(instance),
        image=image(settings, _REGISTRY, _IMAGE, _VERSION),
        user=_USER,
        size=size,
        alive="/",
        args=(f"--config.file={FILES}/{_CONFIG}",),
        env=({"name": f"DB_{username.upper()}", "valueFrom": reference},),
        files={_CONFIG: oracle_config(settings, instance, oracle), METRICS.name: METRICS.read_text()},
        volumes=tuple(volumes),
        mounts=tuple(mounts),
    )


def oracle_monitor(settings: Settings, instance: str, oracle: OracleSettings, keep: Keep = None) -> ServiceMonitorSpec:
    return monitor_spec(
        settings,
        Services(settings).oracle_exporter(instance),
        port="metrics",
        job=JOB,
        interval=oracle.interval,
        drop=_NOT_STORED,
        keep=kept(keep, "oracle-exporter"),
    )
