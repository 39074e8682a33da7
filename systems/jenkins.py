"""Jenkins: builds, their queue and their executors, from the Prometheus plugin (with the metrics plugin under it)."""

from __future__ import annotations

from functools import reduce
from typing import Annotated

from pydantic import Field

from model.config import Duration, Name
from model.dashboard import Panel, PanelKind
from model.expr import Expr, Selector
from model.promql import binary, call, increase, max_by, metric, not_matching, over_time, sum_by
from model.rule import Alert, Severity, Signal
from model.scrape import Endpoint, Scrape, ScrapeKind
from model.system import Domain, Section, System
from systems.access import Credential, TlsSettings
from systems.base import Context, SystemSettings, above, enough, silence

JOB = "jenkins"
_SECRET = "jenkins-scrape"
_ITEM = "jenkins_job"
_WINDOWS = ("1d", "3h", "30m")
"""The longest first: it has counted most."""
_NO_BUILD = "a job has it from its first build on"


class Settings(SystemSettings):
    """Where Jenkins runs and how it is asked.

    ``selector``, ``port`` and ``path`` are those of the jenkins chart. ``minimum_builds`` must have ended within
    4 hours before their failure share is told. ``long_jobs`` is a regular expression of jobs that may take longer than
    10 minutes.
    """

    namespace: Name = "jenkins"
    # jenkinsci/helm-charts charts/jenkins templates/jenkins-controller-svc.yaml, values controller.componentName.
    selector: dict[str, str] = Field(default={"app.kubernetes.io/component": "jenkins-controller"}, min_length=1)
    port: Annotated[str, Field(min_length=1)] = "http"
    path: Annotated[str, Field(pattern=r"^/\S*$")] = "/prometheus"
    interval: Duration = "1m"
    auth: Credential | None = None
    tls: TlsSettings | None = None
    minimum_builds: int = Field(default=20, ge=1)
    long_jobs: Annotated[str, Field(min_length=1)] | None = None


def system(settings: Settings, context: Context) -> System:
    signals = {s.name: s for s in (*_builds(settings), *_queue())}
    silent, silent_alert = silence(
        context,
        job=JOB,
        title="Jenkins",
        name="JenkinsSilent",
        component="jenkins",
        severity=Severity.HIGH,
        hides="no alert on builds can fire, and nothing may be built at all",
    )
    panels = [Panel(title=signals[n[0]].title, kind=k, signals=tuple(signals[x] for x in n)) for k, *n in _PANELS]
    panels.append(Panel(title="Silent sources: Jenkins", kind=PanelKind.STAT, signals=(silent,)))
    return System(
        name="jenkins",
        title="Jenkins",
        interval="1m",
        scrapes=(_scrape(settings),),
        signals=(*signals.values(), silent),
        alerts=(*_alerts(signals, settings.minimum_builds), silent_alert),
        sections=(Section(domain=Domain.GITOPS, title="Jenkins builds", panels=tuple(panels)),),
        secrets=settings.auth.secrets(_SECRET) if settings.auth else (),
    )


def _scrape(settings: Settings) -> Scrape:
    endpoint = Endpoint(
        port=settings.port,
        path=settings.path,
        contract="jenkins",
        interval=settings.interval,
        scheme="https" if settings.tls else "http",
        tls=settings.tls.tls if settings.tls else None,
        auth=settings.auth.auth(_SECRET) if settings.auth else None,
    )
    return Scrape(
        name="jenkins",
        kind=ScrapeKind.SERVICE_MONITOR,
        job=JOB,
        selector=settings.selector,
        namespaces=(settings.namespace,),
        endpoints=(endpoint,),
    )


def _ended(window: str) -> tuple[Expr, Expr]:
    """Builds that failed (or are unstable), and all that ended so or well; nobody's fault is what was aborted.

    Jenkins' own meters: the plugin's counters of a job are made anew of the builds that it still keeps, and fall.
    """

    def counted(result: str) -> Expr:
        return sum_by(increase(metric(f"jenkins_runs_{result}_total"), window))

    failed = counted("failure") + counted("unstable")
    return failed, failed + counted("success")


def _in_a_row() -> Expr:
    """How many builds of a job failed one after the other, at least.

    The last build's result was no success during a whole window, and so many times the last build was another one.
    """

    def within(window: str) -> Expr:
        started = metric("default_jenkins_builds_last_build_start_time_milliseconds", may_be_absent=_NO_BUILD)
        result = metric("default_jenkins_builds_last_build_result_ordinal", may_be_absent=_NO_BUILD)
        others = max_by(call("changes", started.over(window)), _ITEM)
        never_well = max_by(over_time("min", result, window), _ITEM) > 0  # 0 is success
        return binary("and", others + 1, never_well, on=(_ITEM,))

    return reduce(lambda left, right: left | right, map(within, _WINDOWS))


def _builds(settings: Settings) -> tuple[Signal, ...]:
    day_failed, day_ended = _ended("24h")
    failed, ended = _ended("4h")
    of_limit = (not_matching(_ITEM, settings.long_jobs),) if settings.long_jobs else ()
    lasted = metric("default_jenkins_builds_last_build_duration_milliseconds", *of_limit, may_be_absent=_NO_BUILD)
    return (
        Signal(
            name="build_success_24h",
            title="Build success in 24 hours",
            description="Share of the builds that ended in 24 hours, and were not aborted, that succeeded.",
            good="95 % or more.",
            unit="percentunit",
            expr=1 - day_failed / (day_ended > 0),
            legend="{{cluster}}",
            record="dataops:jenkins:build_success_rate_24h",
            maximum=1,
        ),
        Signal(
            name="build_failures_4h",
            title="Build failures in 4 hours",
            description="Share of the builds that ended in the last 4 hours and failed or are unstable.",
            good="Below 5 %.",
            unit="percentunit",
            expr=failed / (ended > 0),
            legend="{{cluster}}",
            record="dataops:jenkins:build_failure_ratio_4h",
            maximum=1,
        ),
        Signal(
            name="builds_ended_4h",
            title="Builds ended in 4 hours",
            description="Builds that succeeded, failed or are unstable, in the last 4 hours.",
            good="As many as on other days.",
            unit="short",
            expr=ended,
            legend="{{cluster}}",
            record="dataops:jenkins:builds_ended_4h",
        ),
        Signal(
            name="failures_in_a_row",
            title="Jobs that fail again and again",
            description="Builds of a job that failed one after the other within a day, at least.",
            good="Nothing is shown.",
            unit="short",
            expr=_in_a_row(),
            legend="{{jenkins_job}}",
        ),
        Signal(
            name="build_duration",
            title="Duration of the last build",
            description="How long the last build of each job took.",
            good="Below 10 minutes.",
            unit="s",
            expr=max_by(lasted, _ITEM) / 1000,
            legend="{{jenkins_job}}",
            maximum=1800,  # three times what is too long
        ),
    )


def _queue() -> tuple[Signal, ...]:
    def gauge(name: str, title: str, description: str, good: str, source: Selector) -> Signal:
        return Signal(
            name=name,
            title=title,
            description=description,
            good=good,
            unit="short",
            expr=max_by(source),
            legend=title,
        )

    return (
        gauge("queue", "Build queue", "Builds that wait for an executor or for another build.", "Below 10.",
              metric("jenkins_queue_size_value")),
        gauge("queue_stuck", "Stuck in the queue", "Builds that Jenkins takes for stuck.", "0.",
              metric("jenkins_queue_stuck_value")),
        gauge("executors_busy", "Executors in use", "Executors that run a build.", "Fewer than there are.",
              metric("jenkins_executor_in_use_value")),
        gauge("executors", "Executors", "Executors of all agents that are connected.", "As many as are set up.",
              metric("jenkins_executor_count_value")),
        gauge("agents_offline", "Agents offline", "Agents that are set up and not connected.", "0.",
              metric("jenkins_node_offline_value")),
        Signal(
            name="heap",
            title="Heap of the controller",
            description="Share of the controller's largest possible heap that is in use.",
            good="Below 80 % after each collection.",
            unit="percentunit",
            expr=max_by(metric("vm_memory_heap_usage")),
            legend="{{cluster}}",
            maximum=1,
        ),
    )  # fmt: skip


_PANELS: tuple[tuple[PanelKind, *tuple[str, ...]], ...] = (
    (PanelKind.STAT, "build_success_24h"),
    (PanelKind.TIMESERIES, "build_failures_4h"),
    (PanelKind.TIMESERIES, "builds_ended_4h"),
    (PanelKind.TABLE, "failures_in_a_row"),
    (PanelKind.BARGAUGE, "build_duration"),
    (PanelKind.TIMESERIES, "queue", "queue_stuck"),
    (PanelKind.STAT, "executors_busy", "executors"),
    (PanelKind.STAT, "agents_offline"),
    (PanelKind.TIMESERIES, "heap"),
)


def _alerts(signals: dict[str, Signal], minimum_builds: int) -> tuple[Alert, ...]:
    """Spec 30-rules N01 and T02 (C44)."""
    rows: tuple[tuple[str, str, float, str, Severity, str, str], ...] = (
        ("JenkinsBuildFailuresHigh", "build_failures_4h", 0.05, "5m", Severity.HIGH,
         "{{ $value | humanizePercentage }} of builds fail",
         "More than 5 % of the builds of the last 4 hours failed: something that they share is broken."),
        ("JenkinsJobFailing", "failures_in_a_row", 2, "0s", Severity.MEDIUM,
         "Job {{ $labels.jenkins_job }} failed {{ $value | humanize }} times in a row",
         "Three builds of the job or more have failed one after the other; its changes are not deployed."),
        ("JenkinsBuildSlow", "build_duration", 600, "0s", Severity.MEDIUM,
         "Last build of {{ $labels.jenkins_job }} took {{ $value | humanizeDuration }}",
         "The build took longer than 10 minutes, which is all that a whole deployment may take."),
        ("JenkinsQueueLong", "queue", 10, "5m", Severity.HIGH,
         "{{ $value | humanize }} builds wait in the queue",
         "More than 10 builds have been waiting for 5 minutes: executors are missing or hang."),
        ("JenkinsHeapNearlyFull", "heap", 0.90, "15m", Severity.WARNING,
         "Heap of Jenkins is {{ $value | humanizePercentage }} full",
         "The controller's heap has not been below 90 % for 15 minutes: pages and builds slow down."),
    )  # fmt: skip
    judged = enough(signals["builds_ended_4h"], minimum_builds, signals["build_failures_4h"])
    return tuple(
        above(
            name,
            signals[signal],
            limit,
            for_=for_,
            severity=severity,
            component="jenkins",
            summary=summary,
            description=description,
            guard=judged if signal == "build_failures_4h" else None,
            at_once="a build ends once, and the value stays until the next one has" if for_ == "0s" else "",
        )
        for name, signal, limit, for_, severity, summary, description in rows
    )
