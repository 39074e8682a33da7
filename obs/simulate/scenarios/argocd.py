"""What goes wrong with deployments."""

from __future__ import annotations

from obs.simulate.exporters.argocd import SYNCS_PER_MINUTE
from obs.simulate.scenario import Change, Down, Relabel, Scenario, Step

_ONE = {"name": "airflow"}
_NEXT_SYNC = f"{round(60 / SYNCS_PER_MINUTE)}s"
_OUT_OF_SYNC = Change("argocd_app_info", Relabel({"sync_status": "OutOfSync"}), _ONE)


# Retries that never end: far more syncs fail than ended well.
_FAILING = Change("argocd_app_sync_total", Step(20, every="30s"), {"phase": "Failed"})

SCENARIOS = (
    Scenario(
        name="argocd-out-of-sync",
        title="An application differs from Git",
        description="Somebody changed an object of the application airflow by hand.",
        system="argocd",
        changes=(_OUT_OF_SYNC,),
        alerts=("ArgoCDAppOutOfSync",),
        within="8m",
    ),
    Scenario(
        name="argocd-degraded",
        title="An application is degraded",
        description="A Deployment of the application airflow does not become available.",
        system="argocd",
        changes=(Change("argocd_app_info", Relabel({"health_status": "Degraded"}), _ONE),),
        alerts=("ArgoCDAppUnhealthy",),
        within="8m",
    ),
    Scenario(
        name="argocd-slow-syncs",
        title="Syncs take half an hour",
        description="A hook of the application airflow waits; each sync takes half an hour.",
        system="argocd",
        changes=(Change("argocd_app_sync_duration_seconds_total", Step(1800, every=_NEXT_SYNC), _ONE),),
        alerts=("ArgoCDSyncSlow",),
        within="40m",
    ),
    Scenario(
        name="argocd-failed-syncs",
        title="Every sync fails",
        description="A change that the API server refuses is retried without end: the error budget goes.",
        system="argocd",
        changes=(_FAILING, _OUT_OF_SYNC),
        alerts=(
            "ArgoCDAppOutOfSync",
            "ErrorBudgetBurnRateCritical",
            "ErrorBudgetBurnRateHigh",
            "ErrorBudgetBurnRateMedium",
            "ErrorBudgetExhausted",
            "ErrorBudgetHalfSpent",
        ),
        within="2h",
    ),
    Scenario(
        name="argocd-repo-server-down",
        title="Argo CD's repo server does not answer",
        description="Nobody renders manifests any more: what is deployed stays, nothing new comes.",
        system="argocd",
        changes=(Down("argocd-repo-server"),),
        alerts=("ArgoCDComponentDown",),
        within="6m",
    ),
    Scenario(
        name="argocd-down",
        title="Argo CD's application controller does not answer",
        description="Nothing is deployed any more, and nothing is known of applications.",
        system="argocd",
        changes=(Down("argocd-application-controller"),),
        alerts=("ArgoCDControllerSilent",),
        within="6m",
    ),
)
