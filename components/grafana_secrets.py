"""What Grafana keeps secret: generated, or given as Pulumi secrets; in the cluster as Secrets that its pod names."""

from __future__ import annotations

import pulumi
import pulumi_random

from components.grafana_values import ENCRYPTION_KEY, GRAFANA_ADMIN_SECRET, OIDC_KEY, OIDC_SECRET
from components.resources import Secret
from settings import Secrets, Settings


def grafana_secrets(
    name: str, settings: Settings, secrets: Secrets, opts: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    """The administrator with the key of the database, and the OIDC client's secret where there is a client."""
    password = pulumi_random.RandomPassword(f"{name}-grafana-admin", length=32, special=False, opts=opts)
    # Whoever replaces it loses what Grafana has encrypted: datasources that people added, not the program's.
    key = pulumi_random.RandomPassword(f"{name}-grafana-encryption-key", length=32, special=False, opts=opts)
    admin: dict[str, pulumi.Input[str]] = {
        "admin-user": "admin",
        "admin-password": password.result,
        ENCRYPTION_KEY: key.result,
    }
    made: list[pulumi.Resource] = [Secret(GRAFANA_ADMIN_SECRET, admin, namespace=settings.namespace, opts=opts)]
    if oidc := settings.grafana.oidc:
        client = {OIDC_KEY: secrets.text(oidc.secret)}
        made.append(Secret(OIDC_SECRET, client, namespace=settings.namespace, opts=opts))
    return made
