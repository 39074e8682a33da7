"""The Pushgateway, where batch jobs leave what they measured before they end."""

from __future__ import annotations

from typing import Any

from components.exporters.monitor import monitor_spec
from components.images import repository
from components.origin import ORIGIN_LABEL, PUSHED
from components.restricted import RESTRICTED_CONTAINER, restricted_pod
from components.services import PUSHGATEWAY, Services
from components.sizes import PartSize
from components.specs.monitors import ServiceMonitorSpec
from settings import Settings

CHART = "prometheus-pushgateway"
JOB = "pushgateway"
_USER = 65534
# Nothing that is pushed ever goes by itself.
_SAMPLES = 50_000
Values = dict[str, Any]


def pushgateway_values(settings: Settings, size: PartSize) -> Values:
    """Shape: values.yaml of chart prometheus-pushgateway 3.8.0."""
    return {
        "fullnameOverride": PUSHGATEWAY,
        "image": {"repository": repository(settings, "quay.io", "prometheus/pushgateway")},
        "replicaCount": 1,
        "persistentVolume": {"enabled": True, "size": size.storage, "storageClass": settings.storage_class},
        # The chart mounts the volume and leaves it empty: the program must be told to write there.
        "extraArgs": ["--persistence.file=/data/pushgateway.data", "--persistence.interval=1m"],
        "resources": size.resources.manifest(),
        "automountServiceAccountToken": False,
        "securityContext": restricted_pod(_USER),
        "containerSecurityContext": RESTRICTED_CONTAINER,
    }


def pushgateway_monitor(settings: Settings) -> ServiceMonitorSpec:
    # honorLabels: job and instance are those of the batch job, not of the gateway. Without a keep-list: what is pushed,
    # no contract says.
    service = Services(settings).pushgateway
    came = {ORIGIN_LABEL: PUSHED}
    return monitor_spec(settings, service, port="http", job=JOB, labels=came, honor_labels=True, sample_limit=_SAMPLES)
