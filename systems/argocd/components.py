"""The parts of Argo CD: how each is scraped, and whether it answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from model.promql import matching, max_by, metric, ne
from model.rule import Signal
from model.scrape import Endpoint, Scrape, ScrapeKind

CONTROLLER_JOB = "argocd-application-controller"
Installation = Literal["chart", "manifests"]

# component -> app.kubernetes.io/name of its metrics Service in the argo-cd chart 10.1.1
# (templates/*/metrics.yaml) and in Argo CD's own manifests (docs/operator-manual/metrics.md).
_SERVICES = {
    "application-controller": ("argocd-metrics", "argocd-metrics"),
    "server": ("argocd-server-metrics", "argocd-server-metrics"),
    "repo-server": ("argocd-repo-server-metrics", "argocd-repo-server"),
    "applicationset-controller": ("argocd-metrics", "argocd-applicationset-controller"),
    "notifications-controller": ("argocd-metrics", "argocd-notifications-controller-metrics"),
}


def scrapes(namespace: str, installation: Installation) -> Iterator[Scrape]:
    return (_scrape(component, namespace, installation) for component in _SERVICES)


def _scrape(component: str, namespace: str, installation: Installation) -> Scrape:
    by_chart, by_manifest = _SERVICES[component]
    if installation == "chart":
        port = "http-metrics"
        selector = {"app.kubernetes.io/name": by_chart, "app.kubernetes.io/component": component}
    else:
        port, selector = "metrics", {"app.kubernetes.io/name": by_manifest}
    # Labels name and namespace are the Application's: without honorLabels the target's would win.
    return Scrape(
        name=f"argocd-{component}",
        kind=ScrapeKind.SERVICE_MONITOR,
        job=f"argocd-{component}",
        selector=selector,
        namespaces=(namespace,),
        endpoints=(Endpoint(port=port, contract="argocd", component=component, honor_labels=True),),
    )


def others(namespace: str, *, dex: bool, redis: bool) -> Iterator[Scrape]:
    """What Argo CD brings along (argo-cd chart templates/dex/service.yaml, templates/redis/metrics-service.yaml)."""
    wanted = (
        (dex, "dex", "metrics", "go-runtime", {"app.kubernetes.io/name": "argocd-dex-server"}),
        (redis, "redis", "http-metrics", "redis-exporter", {"app.kubernetes.io/name": "argocd-redis"}),
    )
    for on, name, port, contract, selector in wanted:
        if on:
            yield Scrape(
                name=f"argocd-{name}",
                kind=ScrapeKind.SERVICE_MONITOR,
                job=f"argocd-{name}",
                selector=selector,
                namespaces=(namespace,),
                endpoints=(Endpoint(port=port, contract=contract),),
            )


def components_down() -> Signal:
    return Signal(
        name="components_down",
        title="Components that do not answer",
        description="1 for each part of Argo CD of which Prometheus reaches no instance.",
        good="Nothing is shown.",
        unit="short",
        # The application controller has an alert of its own.
        expr=1 - max_by(metric("up", matching("job", "argocd-.+"), ne("job", CONTROLLER_JOB)), "job") > 0,
        legend="{{job}}",
    )
