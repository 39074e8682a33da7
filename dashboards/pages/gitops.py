"""Below GitOps: one Argo CD application."""

from __future__ import annotations

from dashboards.pages.common import logs_of
from dashboards.shelf import Group, Page, show
from model.dashboard import PanelKind, Variable

ARGOCD_APPLICATION = Page(
    uid="dataops-argocd-application",
    title="Argo CD application",
    description="Health, synchronisation and deployments of one application, and whether Argo CD itself works.",
    parent="dataops-gitops",
    systems=("argocd",),
    keys=("name", "project"),
    related=("argocd",),
    variables=(
        ("argocd", Variable(name="project", label="project", metric="argocd_app_info")),
        ("argocd", Variable(name="application", label="name", metric="argocd_app_info")),
    ),
    rows=(
        Group(
            title="Application",
            panels=(
                show(PanelKind.TABLE, "argocd.application_states", width=24),
                show(PanelKind.TABLE, "argocd.unhealthy_applications"),
                show(PanelKind.TABLE, "argocd.out_of_sync_applications"),
                show(PanelKind.TIMESERIES, "argocd.sync_duration"),
            ),
        ),
        Group(
            title="Argo CD",
            panels=(
                show(PanelKind.TABLE, "argocd.components_down"),
                show(PanelKind.TIMESERIES, "argocd.reconcile_p95"),
                show(PanelKind.TIMESERIES, "argocd.git_failures"),
                show(PanelKind.TIMESERIES, "argocd.syncs"),
            ),
        ),
        logs_of('{namespace=~"argocd.*"}', "Log of Argo CD"),
    ),
)
PAGES = (ARGOCD_APPLICATION,)
