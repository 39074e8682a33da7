"""How single series of the simulation run where days differ: processors, volumes, what fails now and then."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from zlib import crc32

from obs.replay.life import NODE, Life, away, drained
from obs.replay.rhythm import DAY, START, Kind, busy, load, minute_of, noise, worked
from obs.simulate.exporters.alloy import ERRORS_A_MINUTE
from obs.simulate.exporters.kubelet import CAPACITY
from obs.simulate.exporters.node_exporter import MODES
from obs.simulate.series import Series
from obs.simulate.values import Fixed, Moment, Value, Wave
from systems.alloy.error_lines import ERROR_LINES

STEADY = re.compile(
    r".*heartbeat.*|.*uptime.*|.*_iterations_total|.*_scans_total|.*_cfs_periods_.*|node_cpu_.*|.*_xds_rejects"
)
"""What counts time, whatever the load: what is tried again is tried by the clock."""
Labels = Mapping[str, str]


@dataclass(frozen=True)
class Shape:
    """A value by the minute."""

    of: Callable[[int], float]

    def at(self, moment: Moment) -> float:
        return self.of(minute_of(moment.now))


@dataclass(frozen=True)
class Noisy:
    """Another value, up and down by up to ``by`` of it, and by ``rhythm`` of it between night and day."""

    value: Value
    key: int
    by: float
    rhythm: float
    kind: Kind

    def at(self, moment: Moment) -> float:
        minute = minute_of(moment.now)
        moved = 1 + self.by * noise(self.key, minute) + self.rhythm * (load(self.kind, minute) - 0.7)
        return self.value.at(moment) * moved


@dataclass(frozen=True)
class Processor:
    """Seconds of a processor in one mode. A node that was started anew begins at nothing."""

    mode: str

    def at(self, moment: Moment) -> float:
        table, minute = busy(), minute_of(moment.now)
        before = (1 - MODES["idle"]) * max(0.0, START - moment.epoch)
        used = table[minute] - table[minute_of(moment.epoch)] + before
        if self.mode == "idle":
            return round(moment.uptime - used, 3)
        return round(used * MODES[self.mode] / (1 - MODES["idle"]), 3)


@dataclass(frozen=True)
class Errors:
    """Lines of errors of a workload: as its work goes, though it is the agent that counts them."""

    app: str
    per_minute: float

    def at(self, moment: Moment) -> float:
        since, until = (self._minutes(minute_of(m)) for m in (moment.epoch, moment.now))
        return float(math.floor(self.per_minute * (until - since)))

    def _minutes(self, minute: int) -> float:
        """Minutes of even work until then. A nightly job works for 50 minutes, and not at all by day."""
        if self.app.endswith("-nightly"):
            day, into = divmod(minute, DAY)
            return day * 50 + min(max(into - 120 - crc32(f"{self.app} {day}".encode()) % 30, 0), 50)
        return worked(Kind.BATCH if self.app.endswith("-etl") else Kind.PEOPLE)[minute] / 60


def _volume(claim: str) -> Callable[[int], float]:
    """Share in use: what fills by day and is cleared at night, less so on weekends; what only grows; what varies."""
    key = crc32(claim.encode())

    def by_day(minute: int) -> float:
        into = (minute - 120) % DAY / DAY
        weekend = (minute - 120) // DAY % 7 >= 5
        return 0.48 + (0.18 if weekend else 0.29) * into + 0.003 * noise(key, minute)

    def grows(minute: int) -> float:
        return 0.40 + 0.004 * minute / DAY + 0.002 * noise(key, minute)

    def varies(minute: int) -> float:
        """Compaction: it grows for two hours and shrinks."""
        return 0.45 + 0.04 * (minute % 120) / 120

    return {"jenkins-home": by_day, "buffer-events-ingest-0": by_day, "prometheus-db": varies}.get(claim, grows)


RARE: Mapping[str, float] = {
    # What fails in a minute of even work. Builds, queries, tasks and applications: one in fifty or less, as the spec's
    # thresholds ask of a healthy platform (5 % of the builds are a fault, and half a percent of requests).
    "trino_execution_name_QueryManager_(FailedQueries|UserErrorFailures)": 0.05,
    "trino_execution_name_QueryManager_.*Failures.*": 0.01,
    "spark_application_failure_count": 0.01,
    "spark_executor_failure_count": 0.02,
    "airflow_ti_finish_by_task": 0.005,
    "airflow_dagrun_failed_count": 0.003,
    "jenkins_runs_failure_total": 0.007,
    "jenkins_runs_(unstable|aborted)_total": 0.003,
    "istio_requests_total": 0.06,
    "http_requests_total": 0.02,
    "minio_s3_requests_(4xx_errors|5xx_errors|errors)_total": 0.03,
    "argocd_app_sync_total": 0.0005,
    "prometheus_notifications_errors_total": 0.001,
    "prometheus_target_scrapes_sample_out_of_order_total": 0.001,
}
"""Counter that stands still in the simulation -> how often it counts."""


def shaped(series: Series, target: str, kind: Kind, there: Life) -> Value:
    """The value of a series in that life."""
    labels = dict((*series.labels, *series.extra))
    given = _given(series, labels, there)
    if given is not None:
        return given
    key = crc32(f"{target} {series.head}".encode())
    value = series.value
    if isinstance(value, Wave):
        return Noisy(value, key, 0.04, 0.06 if "bytes" in series.name else 0.12, kind)
    if isinstance(value, Fixed) and value.value and (often := _rare(series.name)):
        return _More(value.value, often, key)
    return value


@dataclass(frozen=True)
class _More:
    """Rare events: one in each turn, at a random moment of it. What failed before the replay began, a process that was
    started anew does not know: an increase would take it for news.
    """

    start: float
    per_minute: float
    key: int

    def at(self, moment: Moment) -> float:
        turn, into = divmod(self.per_minute / 60 * moment.uptime + self.key % 97 / 97, 1)
        when = crc32(f"{self.key} {turn}".encode()) / 2**32
        return (self.start if moment.epoch < START else 0) + turn + (into >= when)


def _rare(name: str) -> float:
    return next((often for pattern, often in RARE.items() if re.fullmatch(pattern, name)), 0.0)


def _given(series: Series, labels: Labels, there: Life) -> Value | None:
    name = series.name
    if name == "node_cpu_seconds_total":
        return Processor(labels["mode"])
    if name == ERROR_LINES:
        return Errors(labels["app"], ERRORS_A_MINUTE[labels["namespace"], labels["app"]])
    if name.startswith("kubelet_volume_stats_") and name.endswith(("used_bytes", "available_bytes")):
        share = _volume(labels["persistentvolumeclaim"])
        if "used" in name:
            return Shape(lambda m: round(share(m) * CAPACITY))
        return Shape(lambda m: round((1 - share(m)) * CAPACITY))
    return _state(series, labels, there)


def _state(series: Series, labels: Labels, there: Life) -> Value | None:
    """What kube-state-metrics says of pods that start anew and of the node that does."""
    name, pod = series.name, labels.get("pod", "")
    if name == "kube_pod_container_status_restarts_total" and (starts := there.restarts.get(pod)):
        created = {stay.begin for stay in there.stays if stay.pod.name == pod}
        real = [minute for minute in starts if minute not in created]
        return Shape(lambda m: float(sum(at <= m for at in real)))
    if name in ("kube_pod_status_ready", "kube_pod_container_status_ready") and (gaps := there.unready.get(pod)):
        ready = isinstance(series.value, Fixed) and series.value.value and labels.get("condition", "true") == "true"
        return Shape(lambda m: float(m not in gaps)) if ready else None
    if labels.get("node") == NODE and name == "kube_node_spec_unschedulable":
        return Shape(lambda m: float(drained(m)))
    if labels.get("node") == NODE and name == "kube_node_status_condition" and labels["condition"] == "Ready":
        status = labels["status"]
        return Shape(lambda m: float(status == ("unknown" if away(m) else "true")))
    return None
