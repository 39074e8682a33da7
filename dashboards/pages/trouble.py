"""When something is wrong: what fires, what the logs say, and how metrics, logs and traces of it hang together."""

from __future__ import annotations

from dashboards.pages.common import CHOSEN, FAILED, MOST_ERRORS, NAMESPACE, POD, TOP_MESSAGES, counted, lines
from dashboards.shelf import Group, Page, Wanted, show
from model.dashboard import Field, Lookup, PanelKind, Store

_STREAMS = '{namespace=~".+", namespace=~"$namespace", pod=~"$pod"}'
_SEARCH = Field(name="search", title="Text in the line")
# Without an id nothing is found: an empty one would match every line that has none.
_TRACE = Field(name="trace_id", title="Trace id", default="none")
_SENDS = "a service is here once it sends spans to the collector (docs/how-to/telemetry.md)"
_NO_SPANS = f"nothing of this namespace: {_SENDS}"
_NO_TRACES = f"no such trace: {_SENDS}"

INCIDENT = Page(
    uid="dataops-incident",
    title="Incident response",
    description="What fires now, since when, what changed before, and where the error budgets stand.",
    parent="dataops-overview",
    variables=(NAMESPACE,),
    rows=(
        Group(
            title="Now",
            panels=(
                show(PanelKind.STAT, "platform.alerts_by_severity"),
                show(PanelKind.TABLE, "platform.firing_alerts"),
                show(PanelKind.TABLE, "platform.pending_alerts"),
                show(PanelKind.TABLE, "platform.targets_down"),
                show(PanelKind.STAT, "platform.worst_error_budget"),
                show(PanelKind.STAT, "platform.stages_up", optional=True),
            ),
        ),
        Group(
            title="Since when",
            panels=(
                show(PanelKind.STATE_TIMELINE, "platform.firing_alerts", title="Alerts over time", width=24),
                show(PanelKind.TIMESERIES, "slo.burn_rate_1h", width=12),
                show(PanelKind.TIMESERIES, "kubernetes.container_restarts", width=12),
            ),
        ),
        Group(
            title="What changed",
            panels=(
                show(PanelKind.TIMESERIES, "argocd.syncs"),
                show(PanelKind.TABLE, "kubernetes.rollouts"),
                show(PanelKind.TIMESERIES, "bitbucket.commits"),
                show(PanelKind.TIMESERIES, "kubernetes.oom_kills"),
                show(PanelKind.TABLE, "kubernetes.last_ends"),
                show(PanelKind.TABLE, "kubernetes.nodes_not_ready"),
            ),
        ),
        Group(
            title="Errors in logs",
            panels=(
                counted(
                    f"sum by (namespace) (count_over_time({CHOSEN} | {FAILED} [$__auto]))",
                    "{{namespace}}",
                    "Errors by namespace",
                    "Lines of the levels error and worse. Good: none, or as many as ever.",
                ),
            ),
        ),
    ),
)

ERRORS = Page(
    uid="dataops-errors",
    title="Error analysis",
    description="Which errors there are, how often, and of whom: in logs, in pods, in jobs.",
    parent="dataops-optimisation",
    variables=(NAMESPACE,),
    rows=(
        Group(
            title="In logs",
            panels=(
                counted(
                    f"sum by (level, namespace) (count_over_time({CHOSEN} | {FAILED} [$__auto]))",
                    "{{namespace}} {{level}}",
                    "Errors by category",
                    "Lines of the levels error and worse, by namespace. Good: none, or as many as ever.",
                ),
                show(PanelKind.TIMESERIES, "alloy.error_lines", width=12),
                MOST_ERRORS,
                TOP_MESSAGES,
                lines(
                    f"{CHOSEN} | {FAILED}",
                    "Lines with errors",
                    "The errors, newest first.",
                ),
            ),
        ),
        Group(
            title="In workloads",
            panels=(
                show(PanelKind.TABLE, "kubernetes.failed_pods"),
                show(PanelKind.TABLE, "kubernetes.crash_loops"),
                show(PanelKind.TABLE, "kubernetes.image_pull_failures"),
                show(PanelKind.TIMESERIES, "kubernetes.oom_kills"),
                show(PanelKind.TABLE, "kubernetes.last_ends"),
                show(PanelKind.TABLE, "kubernetes.evicted_pods"),
            ),
        ),
        Group(
            title="In jobs",
            panels=(
                show(PanelKind.TABLE, "airflow.failed_runs"),
                show(PanelKind.TIMESERIES, "airflow.failed_tasks"),
                show(PanelKind.TIMESERIES, "spark.failure_ratio_1h"),
                show(PanelKind.TIMESERIES, "spark.failed_stages"),
                show(PanelKind.TIMESERIES, "trino.failures_by_system", "trino.failures_by_user"),
                show(PanelKind.TABLE, "jenkins.failures_in_a_row"),
                show(PanelKind.TIMESERIES, "web_applications.error_ratio"),
            ),
        ),
    ),
)

LOGS = Page(
    uid="dataops-logs",
    title="Logs and correlation",
    description="Lines by namespace, pod and text; and by the id of a trace, of every service that it went through.",
    parent="dataops-optimisation",
    needs=Store.LOGS,
    variables=(NAMESPACE, POD),
    fields=(_SEARCH, _TRACE),
    rows=(
        Group(
            title="Exploration",
            panels=(
                counted(
                    f"sum by (level) (count_over_time({_STREAMS} |= `$search` [$__auto]))",
                    "{{level}}",
                    "Lines by level",
                    "How many lines there are, by level. Good: few errors.",
                ),
                counted(
                    f"topk(10, sum by (pod) (count_over_time({_STREAMS} |= `$search` [$__auto])))",
                    "{{pod}}",
                    "Lines by pod",
                    "The ten pods that write most. Good: none that stands out; a loop of errors does.",
                ),
                lines(f"{_STREAMS} |= `$search`", "Lines", "What was written, newest first."),
            ),
        ),
        Group(
            title="One trace",
            panels=(
                lines(
                    '{namespace=~".+"} | trace_id="$trace_id"',
                    "Lines of the trace",
                    "What all services wrote while they worked on one request. Nothing until an id is given.",
                ),
            ),
        ),
    ),
)

PILLARS = Page(
    uid="dataops-pillars",
    title="Metrics, logs and traces",
    description="One request seen three ways: a point on a latency curve leads to its trace, a trace to its lines.",
    parent="dataops-overview",
    related=("istio",),
    variables=(NAMESPACE,),
    fields=(_TRACE,),
    rows=(
        Group(
            title="Metrics",
            panels=(
                show(PanelKind.TIMESERIES, "web_applications.requests", width=12),
                Wanted(
                    kind=PanelKind.TIMESERIES,
                    names=(
                        "web_applications.latency_p50",
                        "web_applications.latency_p95",
                        "web_applications.latency_p99",
                    ),
                    title="Latency, each point with its traces",
                    width=12,
                    exemplars=True,
                    empty=_NO_SPANS,
                ),
                Wanted(
                    kind=PanelKind.TIMESERIES,
                    names=("tempo.span_latency_p95",),
                    width=12,
                    exemplars=True,
                    empty=_NO_SPANS,
                ),
                show(PanelKind.TIMESERIES, "platform.targets_up", width=12),
            ),
        ),
        Group(
            title="Logs",
            panels=(
                lines(
                    f"{CHOSEN} | {FAILED}",
                    "Lines with errors",
                    "Errors of the namespace, newest first. The id of a trace in a line opens it.",
                ),
                lines(
                    '{namespace=~".+"} | trace_id="$trace_id"',
                    "Lines of the trace",
                    "What all services wrote while they worked on one request. Nothing until an id is given.",
                ),
            ),
        ),
        Group(
            title="Traces",
            panels=(
                Wanted(
                    kind=PanelKind.TABLE,
                    title="Traces with errors",
                    description="Requests of all namespaces in the chosen time that failed somewhere. Good: none. "
                    "A click opens one.",
                    lookup=Lookup(store=Store.TRACES, query="{status = error}"),
                    empty=_NO_TRACES,
                    width=12,
                    height=10,
                ),
                Wanted(
                    kind=PanelKind.TABLE,
                    title="Slow traces",
                    description="Requests of all namespaces in the chosen time that took longer than a second. "
                    "Good: none. A click opens one.",
                    lookup=Lookup(store=Store.TRACES, query="{duration > 1s}"),
                    empty=_NO_TRACES,
                    width=12,
                    height=10,
                ),
            ),
        ),
    ),
)
PAGES = (INCIDENT, ERRORS, LOGS, PILLARS)
