"""The control plane's monitors as values of kube-prometheus-stack: on where the system control_plane reads them."""

from __future__ import annotations

from typing import Any

from components.keep_lists import Keep, metric_relabelings
from settings import Settings
from systems.control_plane import Settings as ControlPlane
from systems.control_plane.sources import API_SERVER, SOURCES

Values = dict[str, Any]

# Bounds of the API server's histograms that no expression asks for (staging/src/k8s.io/apiserver/pkg/endpoints/
# metrics/metrics.go), for each verb, resource and scope; those of whole and half seconds that objectives take stay.
_UNASKED_BOUNDS = {
    "sourceLabels": ["__name__", "le"],
    "action": "drop",
    "regex": r"apiserver_request_sli_duration_seconds_bucket;"
    r"(0\.05|0\.2|0\.4|0\.6|0\.8|1\.25|1\.5|2|3|4|6|8|15|20|45)(\.0)?",
}


def control_plane_values(settings: Settings, keep: Keep) -> Values:
    """The chart's key of each source. A list of ours replaces the chart's own, which drops bounds as well."""
    wanted = settings.systems.get("control_plane")
    on = wanted.sources if isinstance(wanted, ControlPlane) else ()
    values: Values = {source.values: {"enabled": source in on} for source in SOURCES}
    for source in on:
        monitor = metric_relabelings(keep, source.contract)
        if monitor:
            if source is API_SERVER:
                monitor["metricRelabelings"].append(_UNASKED_BOUNDS)
            values[source.values]["serviceMonitor"] = monitor
    return values
