"""ServiceMonitors and PodMonitors of the enabled systems."""

from __future__ import annotations

from typing import Any

import pulumi

from components.base import Component
from components.resources import PodMonitor, ServiceMonitor
from components.specs.monitors import Endpoint, PodEndpoint, PodMonitorSpec, ServiceMonitorSpec
from components.specs.scraping import LabelSelector, NamespaceSelector, Relabeling
from model import scrape as model
from model.scrape import ScrapeKind
from model.system import System
from settings import Settings


def service_monitor_spec(scrape: model.Scrape) -> ServiceMonitorSpec:
    return ServiceMonitorSpec(
        endpoints=tuple(Endpoint(**_endpoint(scrape, e)) for e in scrape.endpoints), **_targets(scrape)
    )


def pod_monitor_spec(scrape: model.Scrape) -> PodMonitorSpec:
    return PodMonitorSpec(
        pod_metrics_endpoints=tuple(PodEndpoint(**_endpoint(scrape, e)) for e in scrape.endpoints), **_targets(scrape)
    )


def _targets(scrape: model.Scrape) -> dict[str, Any]:
    namespaces = NamespaceSelector(match_names=scrape.namespaces) if scrape.namespaces else NamespaceSelector(any=True)
    return {"selector": LabelSelector(match_labels=dict(scrape.selector)), "namespace_selector": namespaces}


def _endpoint(scrape: model.Scrape, endpoint: model.Endpoint) -> dict[str, Any]:
    # The job's name is set here: left alone it would be the Service's name, which a release may choose.
    job = Relabeling(target_label="job", replacement=scrape.job)
    return {
        "port": endpoint.port,
        "path": endpoint.path,
        "scheme": endpoint.scheme,
        "interval": endpoint.interval,
        "honor_labels": endpoint.honor_labels or None,
        "relabelings": (job, *(_relabeling(r) for r in endpoint.relabelings)),
    }


def _relabeling(step: model.Relabeling) -> Relabeling:
    return Relabeling(
        source_labels=step.source_labels or None,
        target_label=step.target_label,
        regex=step.regex,
        replacement=step.replacement,
        action=step.action if step.action != "replace" else None,
    )


class Monitors(Component):
    """What our own objects scrape; monitors that come with a chart are the chart's."""

    def __init__(
        self,
        name: str,
        systems: tuple[System, ...],
        settings: Settings,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, opts)
        child = self.child()
        for scrape in (scrape for system in systems for scrape in system.scrapes):
            if scrape.kind is ScrapeKind.SERVICE_MONITOR:
                ServiceMonitor(scrape.name, service_monitor_spec(scrape), namespace=settings.namespace, opts=child)
            elif scrape.kind is ScrapeKind.POD_MONITOR:
                PodMonitor(scrape.name, pod_monitor_spec(scrape), namespace=settings.namespace, opts=child)
        self.register_outputs({})
