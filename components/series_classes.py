"""Which retention class a series belongs to, told to Thanos Receive by one label of the write request.

Receive takes the label off again and keeps each class as a tenant of its own (``--receive.split-tenant-label-name``).
One write queue serves every class, and a label has one value, so no series can be in two classes or in none. A queue
with a header for each class would read Prometheus' write-ahead log once for each, and would need expressions that
are each other's exact complement.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from components.exporters import blackbox, oracle, redis, statsd
from components.origin import ORIGIN_LABEL, OTLP, PUSHED
from model.system import RetentionClass, SeriesClass
from settings import Settings
from settings.exporters import ExportersSettings

CLASS_LABEL = "retention_class"
"""On a series in a write request, and in the external labels of a block: the name of its class."""
_SPECIAL = re.compile(r"[.+*?()|\[\]{}^$\\]")
"""What RE2 takes for more than itself (regexp.QuoteMeta)."""
TENANT_HEADER = "THANOS-TENANT"
"""On a write request: the class of its series without the label."""
DEFAULT_CLASS = RetentionClass.INFRASTRUCTURE
"""The class of a series that no other claims."""


# What Tempo's generator makes (grafana/tempo v2.10.8, modules/generator/processor); it has no job by which to tell.
_OF_SPANS = (
    *(f"traces_spanmetrics_{name}" for name in ("calls_total", "size_total")),
    *(f"traces_service_graph_request_{name}" for name in ("total", "failed_total")),
    *(
        f"traces_{histogram}_{part}"
        for histogram in (
            "spanmetrics_latency",
            "service_graph_request_server_seconds",
            "service_graph_request_client_seconds",
        )
        for part in ("bucket", "sum", "count")
    ),
)


def of_stack(settings: Settings, classes: Mapping[RetentionClass, SeriesClass]) -> dict[RetentionClass, SeriesClass]:
    """The classes of a plan, with what the stack's parts bring of applications: metrics of spans, and of exporters."""
    own = classes.get(RetentionClass.APPLICATION, SeriesClass())
    found = SeriesClass(
        jobs=tuple(dict.fromkeys((*own.jobs, *_jobs(settings.exporters)))),
        records=(*own.records, *(_OF_SPANS if settings.traces.enabled else ())),
    )
    return {**classes, RetentionClass.APPLICATION: found}


def _jobs(wanted: ExportersSettings) -> Iterator[str]:
    """What exporters say of others; what one says of itself (blackbox-exporter) is infrastructure."""
    jobs = {
        statsd.JOB: wanted.statsd,
        redis.JOB: wanted.redis,
        blackbox.PROBE_JOB: wanted.blackbox and wanted.blackbox.targets,
        oracle.JOB: wanted.oracle,
    }
    return (job for job, there in jobs.items() if there)


def class_relabeling(classes: Mapping[RetentionClass, SeriesClass]) -> list[dict[str, Any]]:
    """``writeRelabelConfigs`` that give a series its class; those of DEFAULT_CLASS, most series, go without the label.

    ``classes`` are the others. A name decides before a job: a recorded series may carry the job that it was
    computed from. A job decides before the way that the series came: what applications send or push has jobs that
    nobody here knows, and is of class application. Of two classes that claim the same series the later one gets it.
    What a target says about its own class does not count.
    """
    jobs = (_step("job", series.jobs, name) for name, series in classes.items() if series.jobs)
    names = (_step("__name__", series.records, name) for name, series in classes.items() if series.records)
    came = _step(ORIGIN_LABEL, (OTLP, PUSHED), RetentionClass.APPLICATION)
    return [{"action": "labeldrop", "regex": CLASS_LABEL}, came, *jobs, *names]


def class_queues(classes: Mapping[RetentionClass, SeriesClass]) -> dict[RetentionClass, list[dict[str, Any]]]:
    """The same for recorded series and without ``replace``: class -> ``writeRelabelConfigs`` of a queue of its own.

    For the ruler of Thanos 0.42, which panics on a relabeling that sets a label (it never sets the scheme by which
    names are valid). What it writes has names that are known, and each name is one queue's.
    """
    owner = {record: name for name, series in classes.items() for record in series.records}
    queues = {name: [record for record, its in owner.items() if its == name] for name in classes}
    steps = {name: [_by_name("keep", records)] for name, records in queues.items() if records}
    return {**steps, DEFAULT_CLASS: [_by_name("drop", owner)] if owner else []}


def _by_name(action: str, names: Iterable[str]) -> dict[str, Any]:
    return {"action": action, "sourceLabels": ["__name__"], "regex": _any_of(names)}


def _step(source: str, values: Iterable[str], name: RetentionClass) -> dict[str, Any]:
    step = {"sourceLabels": [source], "regex": _any_of(values)}
    return {**step, "targetLabel": CLASS_LABEL, "replacement": name.value}


def _any_of(values: Iterable[str]) -> str:
    return "|".join(_SPECIAL.sub(r"\\\g<0>", value) for value in values)
