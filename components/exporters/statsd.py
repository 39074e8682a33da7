"""The StatsD exporter, which turns what Airflow sends into metrics."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from components.exporters.monitor import monitor_spec
from components.images import repository
from components.keep_lists import Keep, kept
from components.restricted import RESTRICTED_CONTAINER, restricted_pod
from components.services import STATSD_EXPORTER, Services
from components.sizes import PartSize
from components.specs.monitors import ServiceMonitorSpec
from settings import Settings
from settings.exporters import StatsdMapping, StatsdSettings

CHART = "prometheus-statsd-exporter"
VERSION = "v0.31.0"
"""The chart's own is 0.28; this is the one whose parser has read our mapping (tools/statsd_exporter)."""
AIRFLOW_MAPPING = Path(__file__).with_name("airflow-statsd.yaml")
JOB = "airflow-statsd"
# A sender that puts ids into names makes series without end: the scrape fails before Prometheus does.
_SAMPLES = 50_000
_USER = 65534
_PART = re.compile(r"\$\{?\d+\}?")
Values = dict[str, Any]


def mapping(statsd: StatsdSettings) -> str:
    """The mapping file: the stack's own rules, then those for Airflow. The first expression that fits decides."""
    ours = yaml.safe_load(AIRFLOW_MAPPING.read_text())
    rules = [*(_rule(m) for m in statsd.mappings), *ours["mappings"]]
    return yaml.safe_dump({**ours, "mappings": rules}, sort_keys=False, width=120)


def _rule(own: StatsdMapping) -> Values:
    match = f"^(?:{own.match})$" if own.match_type == "regex" else own.match
    rule: Values = {"match": match, "match_type": own.match_type}
    if own.drop:
        # The exporter wants a name also for what it throws away.
        return {**rule, "action": "drop", "name": "dropped"}
    return {**rule, "name": own.name, "labels": dict(own.labels)}


def statsd_values(settings: Settings, statsd: StatsdSettings, size: PartSize) -> Values:
    """Shape: values.yaml of chart prometheus-statsd-exporter 1.0.0."""
    return {
        "fullnameOverride": STATSD_EXPORTER,
        "image": {"repository": repository(settings, "docker.io", "prom/statsd-exporter"), "tag": VERSION},
        # Counters are in memory: two would each have half of them.
        "replicaCount": 1,
        # A name is looked up once and then found here; Airflow has one for each task.
        "statsd": {"mappingConfig": mapping(statsd), "cacheSize": 10_000},
        "extraArgs": [f"--statsd.relay.address={statsd.relay}"] if statsd.relay else [],
        # Ours: that of the chart gives its pods a token.
        "serviceAccount": {"create": False, "name": STATSD_EXPORTER},
        "resources": size.resources.manifest(),
        "podSecurityContext": restricted_pod(_USER),
        "securityContext": RESTRICTED_CONTAINER,
    }


def statsd_monitor(settings: Settings, statsd: StatsdSettings, keep: Keep = None) -> ServiceMonitorSpec:
    """What the stack's own rules name is stored in any case: somebody has asked for it."""
    # Not honorLabels: a sender could give itself another job or cluster by a tag.
    service = Services(settings).statsd_exporter
    names = kept(keep, "airflow", more=own_names(statsd))
    return monitor_spec(settings, service, port="http", job=JOB, sample_limit=_SAMPLES, keep=names)


def own_names(statsd: StatsdSettings) -> list[str]:
    """Regular expressions of the series of the stack's own rules, in which a part of what was sent may be any text."""
    names = dict.fromkeys(_PART.sub("[a-zA-Z0-9_]*", mapping.name) for mapping in statsd.mappings if mapping.name)
    # Whether a name is that of a counter or of timers only its senders decide.
    return [f"{name}{end}" for name in names for end in ("", "_sum", "_count", "_bucket")]
