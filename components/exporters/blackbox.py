"""The blackbox exporter, which looks at addresses as their users do, and a Probe for each."""

from __future__ import annotations

from typing import Any

from components.exporters.monitor import monitor_spec
from components.images import global_registry
from components.keep_lists import Keep, kept
from components.monitors import keep_step
from components.restricted import RESTRICTED_CONTAINER, restricted_pod
from components.services import BLACKBOX_EXPORTER, Services
from components.sizes import PartSize
from components.specs.monitors import ServiceMonitorSpec
from components.specs.probes import Prober, ProbeSpec, StaticTargets, Targets
from model.quantity import compressed, go_duration
from settings import Settings
from settings.exporters import BlackboxSettings, HttpModule, ProbeTarget

CHART = "prometheus-blackbox-exporter"
PROBE_JOB, EXPORTER_JOB = "blackbox", "blackbox-exporter"
"""Of what probes find, and of the exporter itself."""
TARGET_LABEL = "target"
"""Label with the name that the settings give the address; ``instance`` is the address."""
_USER = 1000
# Without it a host with an IPv6 address that the cluster cannot reach is down.
_IP: dict[str, Any] = {"preferred_ip_protocol": "ip4"}
# As the chart has it, which would otherwise be in its http_2xx only.
_HTTP: dict[str, Any] = {**_IP, "follow_redirects": True, "valid_http_versions": ["HTTP/1.1", "HTTP/2.0"]}
_TIMEOUT = "5s"
Values = dict[str, Any]


def modules(blackbox: BlackboxSettings) -> Values:
    """``modules`` of the exporter's configuration: the built-in ones (settings/exporters.py) and the stack's own."""
    return {
        "http_2xx": {"prober": "http", "timeout": _TIMEOUT, "http": dict(_HTTP)},
        "http_401": {"prober": "http", "timeout": _TIMEOUT, "http": {**_HTTP, "valid_status_codes": [401, 403]}},
        "tcp_connect": {"prober": "tcp", "timeout": _TIMEOUT, "tcp": dict(_IP)},
        "tcp_tls": {"prober": "tcp", "timeout": _TIMEOUT, "tcp": {**_IP, "tls": True}},
        **{name: _module(own) for name, own in blackbox.modules.items()},
    }


def _module(own: HttpModule) -> Values:
    http: Values = {**_HTTP, "method": own.method}
    if own.status_codes:
        http["valid_status_codes"] = list(own.status_codes)
    if own.body_contains:
        http["fail_if_body_not_matches_regexp"] = [own.body_contains]
    if own.headers:
        http["headers"] = dict(own.headers)
    return {"prober": "http", "timeout": go_duration(own.timeout), "http": http}


def blackbox_values(settings: Settings, blackbox: BlackboxSettings, size: PartSize) -> Values:
    """Shape: values.yaml of chart prometheus-blackbox-exporter 11.17.2."""
    return {
        **global_registry(settings),
        "fullnameOverride": BLACKBOX_EXPORTER,
        "replicas": size.replicas,
        "config": {"modules": modules(blackbox)},
        "resources": size.resources.manifest(),
        "podSecurityContext": restricted_pod(_USER),
        "securityContext": RESTRICTED_CONTAINER,
    }


def probe_spec(settings: Settings, name: str, target: ProbeTarget, keep: Keep = None) -> ProbeSpec:
    prober = Prober(url=Services(settings).blackbox_exporter.address("http"), path="/probe")
    names = kept(keep, "blackbox-exporter", "probe")
    static = StaticTargets(static=(target.address,), labels={TARGET_LABEL: name})
    return ProbeSpec(
        job_name=PROBE_JOB,
        prober=prober,
        module=target.module,
        interval=compressed(target.interval, settings.time_compression),
        targets=Targets(static_config=static),
        metric_relabelings=(keep_step(names),) if names is not None else None,
    )


def blackbox_monitor(settings: Settings, keep: Keep = None) -> ServiceMonitorSpec:
    """Of the exporter itself: whether its configuration is loaded, whether a probe names an unknown module."""
    service, names = Services(settings).blackbox_exporter, kept(keep, "blackbox-exporter", "exporter")
    return monitor_spec(settings, service, port="http", job=EXPORTER_JOB, keep=names)
