"""Argo CD: applications' sync and health, and the controllers behind them."""

from __future__ import annotations

from pydantic import model_validator

from model.config import Name
from model.dashboard import Panel, PanelKind
from model.promql import eq, histogram_quantile, increase, matching, max_by, metric, ne, rate, sum_by
from model.rule import Alert, Severity, Signal
from model.slo import Slo
from model.system import Domain, Section, System
from systems.argocd.components import CONTROLLER_JOB, Installation, components_down, others, scrapes
from systems.base import Context, SystemSettings, above, silence
from systems.objectives import Share

_APPLICATION = ("name", "project")
_ALL_WELL = "no application may be in that state"


class Settings(SystemSettings):
    """Where Argo CD runs and how it was installed.

    ``installation`` decides the labels and port names of its metrics Services: the argo-cd chart's
    (``<component>.metrics.enabled`` must be on) or those of the project's own manifests. ``dex`` and ``redis`` are
    scraped where they expose metrics: ``dex.metrics.enabled`` and ``redis.metrics.enabled`` of the chart.
    """

    namespace: Name = "argocd"
    installation: Installation = "chart"
    deployment_success_objective: Share | None = 0.95
    dex: bool = False
    redis: bool = False

    @model_validator(mode="after")
    def _consistent(self) -> Settings:
        if self.redis and self.installation == "manifests":
            raise ValueError(".redis: the manifests run Redis without an exporter; only the chart can have one")
        return self


def system(settings: Settings, context: Context) -> System:
    signals = {s.name: s for s in (*_application_signals(), *_controller_signals(), components_down())}
    silent, silent_alert = silence(
        context,
        job=CONTROLLER_JOB,
        title="Argo CD application controller",
        name="ArgoCDControllerSilent",
        component="argocd",
        severity=Severity.HIGH,
        hides="no alert on deployments can fire and nothing may be deployed at all",
    )
    panels = [Panel(title=signals[name].title, kind=kind, signals=(signals[name],)) for kind, name in _PANELS]
    panels.append(Panel(title="Silent sources: Argo CD", kind=PanelKind.STAT, signals=(silent,)))
    return System(
        name="argocd",
        title="Argo CD",
        interval="30s",
        scrapes=(
            *scrapes(settings.namespace, settings.installation),
            *others(settings.namespace, dex=settings.dex, redis=settings.redis),
        ),
        signals=(*signals.values(), silent),
        alerts=(*_alerts(signals), silent_alert),
        slos=tuple(_deployment_success(share) for share in (settings.deployment_success_objective,) if share),
        available=max_by(metric("up", eq("job", CONTROLLER_JOB))),
        sections=(Section(domain=Domain.GITOPS, title="Argo CD deployments", panels=tuple(panels)),),
    )


# Severities of the alerts below. What progresses or is suspended is neither good nor bad.
_HEALTH = (
    ("health_status", "Healthy", ""),
    *(("health_status", state, Severity.HIGH.value) for state in ("Degraded", "Missing", "Unknown")),
)
_SYNC = (
    ("sync_status", "Synced", ""),
    *(("sync_status", state, Severity.MEDIUM.value) for state in ("OutOfSync", "Unknown")),
)


def _application_signals() -> tuple[Signal, ...]:
    info = metric("argocd_app_info")
    finished = metric("argocd_app_sync_total", ne("dry_run", "true"))
    application = "{{name}} ({{project}})"
    return (
        Signal(
            name="applications_by_health",
            title="Applications by health",
            description="Number of Argo CD applications in each health state.",
            good="All are Healthy.",
            unit="short",
            expr=sum_by(max_by(info, *_APPLICATION, "health_status"), "health_status"),
            legend="{{health_status}}",
            states=_HEALTH,
        ),
        Signal(
            name="unhealthy_applications",
            title="Unhealthy applications",
            description="1 for each application that is Degraded or Missing, or whose health is Unknown.",
            good="Nothing is shown.",
            unit="short",
            expr=max_by(
                metric(
                    "argocd_app_info", matching("health_status", "Degraded|Missing|Unknown"), may_be_absent=_ALL_WELL
                ),
                *_APPLICATION,
                "health_status",
            ),
            legend=application + " {{health_status}}",
        ),
        Signal(
            name="out_of_sync_applications",
            title="Applications out of sync",
            description="1 for each application whose cluster state differs from Git.",
            good="Nothing is shown for longer than a sync takes.",
            unit="short",
            expr=max_by(
                metric("argocd_app_info", eq("sync_status", "OutOfSync"), may_be_absent=_ALL_WELL), *_APPLICATION
            ),
            legend=application,
        ),
        Signal(
            name="application_states",
            title="Applications",
            description="Every application with the state of its health and of its synchronisation.",
            good="Healthy and Synced.",
            unit="short",
            expr=max_by(info, *_APPLICATION, "health_status", "sync_status"),
            legend=application + " {{health_status}} {{sync_status}}",
            states=(*_HEALTH, *_SYNC),
        ),
        Signal(
            name="syncs",
            title="Finished syncs",
            description="Syncs finished in the last hour, by result.",
            good="Succeeded only.",
            unit="short",
            expr=sum_by(increase(finished, "1h"), "phase"),
            legend="{{phase}}",
        ),
        Signal(
            name="sync_duration",
            title="Mean sync duration",
            description="Mean time of the syncs that an application finished in the last hour.",
            good="Below 5 minutes.",
            unit="s",
            expr=sum_by(increase(metric("argocd_app_sync_duration_seconds_total"), "1h"), *_APPLICATION)
            / (sum_by(increase(metric("argocd_app_sync_total"), "1h"), *_APPLICATION) > 0),
            legend=application,
            # Panels over six hours took 0.8 to 1.6 s of processor time without it, with 200 applications.
            record="dataops:argocd_app:sync_duration_seconds",
        ),
    )


def _controller_signals() -> tuple[Signal, ...]:
    reconciles = metric("argocd_app_reconcile_bucket")
    failures = metric(
        "argocd_git_fetch_fail_total", may_be_absent="the repo server exposes it from the first failure on"
    )
    return (
        Signal(
            name="reconcile_p95",
            title="Reconciliation time (P95)",
            description="95th percentile of the time the controller takes to compare an application with Git.",
            good="Seconds; minutes mean that deployments wait for the controller.",
            unit="s",
            expr=histogram_quantile(0.95, sum_by(rate(reconciles, "5m"), "le")),
            legend="{{cluster}}",
        ),
        Signal(
            name="git_failures",
            title="Failed Git requests",
            description="Failed fetches of the repo server, per second.",
            good="0.",
            unit="ops",
            expr=sum_by(rate(failures, "5m"), "repo"),
            legend="{{repo}}",
        ),
    )


_PANELS = (
    (PanelKind.STAT, "applications_by_health"),
    (PanelKind.TABLE, "unhealthy_applications"),
    (PanelKind.TABLE, "out_of_sync_applications"),
    (PanelKind.TIMESERIES, "syncs"),
    (PanelKind.TIMESERIES, "sync_duration"),
    (PanelKind.TIMESERIES, "reconcile_p95"),
    (PanelKind.TIMESERIES, "git_failures"),
    (PanelKind.TABLE, "components_down"),
)


def _alerts(signals: dict[str, Signal]) -> tuple[Alert, ...]:
    """Spec 30-rules N02 and T03; not every unhealthy application merits a page (C43)."""
    application = "{{ $labels.name }} (project {{ $labels.project }})"
    return (
        above(
            "ArgoCDAppOutOfSync",
            signals["out_of_sync_applications"],
            0,
            for_="5m",
            severity=Severity.MEDIUM,
            component="argocd",
            summary=f"Application {application} is out of sync",
            description="The application's state in the cluster has differed from Git for 5 minutes.",
        ),
        above(
            "ArgoCDAppUnhealthy",
            signals["unhealthy_applications"],
            0,
            for_="5m",
            severity=Severity.HIGH,
            component="argocd",
            summary=f"Application {application} is {{{{ $labels.health_status }}}}",
            description="The application has not been healthy for 5 minutes. Progressing and Suspended do not count.",
        ),
        above(
            "ArgoCDSyncSlow",
            signals["sync_duration"],
            300,
            for_="5m",
            severity=Severity.MEDIUM,
            component="argocd",
            summary=f"Syncs of {application} take {{{{ $value | humanizeDuration }}}}",
            description="The application's syncs took more than 5 minutes on average in the last hour.",
        ),
        above(
            "ArgoCDComponentDown",
            signals["components_down"],
            0,
            for_="3m",
            severity=Severity.MEDIUM,
            component="argocd",
            summary="{{ $labels.job }} does not answer",
            description="No instance of this part of Argo CD has answered Prometheus for 3 minutes.",
        ),
    )


def _deployment_success(objective: float) -> Slo:
    total = metric("argocd_app_sync_total", ne("dry_run", "true"))
    return Slo(
        name="deployment_success",
        title="Deployment success",
        description="Share of Argo CD syncs that end neither in Error nor in Failed.",
        objective=objective,
        window="7d",
        bad=total.where(matching("phase", "Error|Failed")),
        total=total,
        component="argocd",
        minimum_events=5,
    )
