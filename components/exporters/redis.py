"""The Redis exporter: a release for each Redis."""

from __future__ import annotations

from typing import Any

from components.exporters.monitor import monitor_spec
from components.images import repository
from components.keep_lists import Keep, kept
from components.restricted import RESTRICTED_CONTAINER, restricted_pod
from components.services import Services
from components.sizes import PartSize
from components.specs.monitors import ServiceMonitorSpec
from model.credentials import CA_KEYS
from settings import Settings
from settings.exporters import REDIS_KEYS, RedisSettings

CHART = "prometheus-redis-exporter"
JOB = "redis"
NAME_LABEL = "redis"
"""Label with the name that the settings give the Redis: the exporter itself does not say whom it asks."""
_USER = 59000
Values = dict[str, Any]


def secret_name(settings: Settings, instance: str, redis: RedisSettings) -> str | None:
    """The Secret with the password, ours where the stack has it as a Pulumi secret; None where there is none."""
    ours = Services(settings).redis_exporter(instance).name if redis.secret else None
    return redis.existing_secret or ours


def redis_values(settings: Settings, instance: str, redis: RedisSettings, size: PartSize) -> Values:
    """Shape: values.yaml of chart prometheus-redis-exporter 6.29.0."""
    secret = secret_name(settings, instance, redis)
    release = Services(settings).redis_exporter(instance).name
    values: Values = {
        "fullnameOverride": release,
        "image": {"repository": repository(settings, "docker.io", "oliver006/redis_exporter")},
        "replicaCount": 1,
        "redisAddress": f"{'rediss' if redis.tls else 'redis'}://{redis.address}",
        "auth": {"enabled": secret is not None},
        "service": {"portName": "metrics"},
        # Ours: that of the chart gives its pods a token.
        "serviceAccount": {"create": False, "name": release},
        # Its Role is for pod security policies, which Kubernetes 1.25 removed.
        "rbac": {"create": False},
        "resources": size.resources.manifest(),
        "podSecurityContext": restricted_pod(_USER),
        "securityContext": RESTRICTED_CONTAINER,
    }
    if secret:
        values["auth"] |= {"secret": {"name": secret, "key": REDIS_KEYS[0]}, "redisUser": redis.username or ""}
    if redis.ca_secret:
        ca = {"secret": {"name": redis.ca_secret, "key": CA_KEYS[0]}}
        values["redisTlsConfig"] = {"enabled": True, "caCertFile": ca}
    return values


def redis_monitor(settings: Settings, instance: str, keep: Keep = None) -> ServiceMonitorSpec:
    service = Services(settings).redis_exporter(instance)
    names = kept(keep, "redis-exporter")
    return monitor_spec(settings, service, port="metrics", job=JOB, labels={NAME_LABEL: instance}, keep=names)
