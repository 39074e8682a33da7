"""A store of metrics that is not ours (Mimir, a vendor): Prometheus writes to it, Grafana reads from it."""

from __future__ import annotations

from typing import Any

from settings import Settings
from settings.metrics_store import RemoteWriteSettings

STORE_SECRET = "metrics-store"
"""Secret of ours with what the store wants to know: user name, and the credential where a Pulumi secret has it."""
USERNAME, CREDENTIAL = "username", "credential"
STORE_CREDENTIAL = "METRICS_STORE_CREDENTIAL"
"""Environment variable of Grafana with the credential."""

# As the requirements have it (spec 10-stack 2.1).
QUEUE = {"capacity": 10_000, "maxShards": 10}


def remote_write(settings: Settings) -> list[dict[str, Any]]:
    """Prometheus' remote write (fields of the CRD); empty where the stack keeps its metrics itself."""
    store = settings.metrics_store.remote_write
    if store is None:
        return []
    entry: dict[str, Any] = {"url": store.url, "sendExemplars": True, "queueConfig": dict(QUEUE)}
    if store.tenant:
        entry["headers"] = {"X-Scope-OrgID": store.tenant}
    reference = _credential(store)
    if store.username and reference:
        entry["basicAuth"] = {"username": {"name": STORE_SECRET, "key": USERNAME}, "password": reference}
    elif reference:
        entry["authorization"] = {"credentials": reference}
    return [entry]


def grafana_environment(settings: Settings) -> dict[str, Any]:
    """Variables of Grafana (chart key ``envValueFrom``) that its datasources name."""
    store = settings.metrics_store.remote_write
    reference = _credential(store) if store else None
    return {STORE_CREDENTIAL: {"secretKeyRef": reference}} if reference else {}


def own_secret(settings: Settings) -> dict[str, str]:
    """Key of STORE_SECRET -> plain text; for the credential the name of the Pulumi secret. Empty: no such Secret."""
    store = settings.metrics_store.remote_write
    if store is None:
        return {}
    found = {USERNAME: store.username, CREDENTIAL: store.secret}
    return {key: value for key, value in found.items() if value}


def _credential(store: RemoteWriteSettings) -> dict[str, str] | None:
    name = store.existing_secret or (STORE_SECRET if store.secret else None)
    return {"name": name, "key": CREDENTIAL} if name else None
