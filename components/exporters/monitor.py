"""How exporters are scraped, and Tempo: by monitors of ours, whoever makes what is scraped.

Monitors that come with the charts have a namespace of their own choice (statsd, pushgateway: ``monitoring``), are
left out where the cluster's API was not asked (redis), take the job from a label that nothing has (redis, blackbox), or
take no keep-list (tempo).
"""

from __future__ import annotations

from collections.abc import Mapping

from components.monitors import drop_step, keep_step
from components.services import Service
from components.specs.monitors import Endpoint, ServiceMonitorSpec
from components.specs.scraping import LabelSelector, NamespaceSelector, Relabeling
from model.quantity import compressed
from settings import Settings


def monitor_spec(
    settings: Settings,
    service: Service,
    *,
    port: str,
    job: str,
    interval: str = "30s",
    labels: Mapping[str, str] | None = None,
    honor_labels: bool = False,
    sample_limit: int | None = None,
    drop: str | None = None,
    keep: str | None = None,
) -> ServiceMonitorSpec:
    """The monitor of one exporter.

    ``labels`` are set on every series besides ``job``. With ``sample_limit`` a scrape of more samples fails as a
    whole. Metrics whose whole name matches ``drop`` are not stored; with ``keep`` only those of the others that
    match it.
    """
    fixed = {"job": job, **(labels or {})}
    steps = [drop_step(drop)] if drop else []
    steps += [keep_step(keep)] if keep is not None else []
    endpoint = Endpoint(
        port=port,
        interval=compressed(interval, settings.time_compression),
        honor_labels=honor_labels or None,
        relabelings=tuple(Relabeling(target_label=name, replacement=value) for name, value in fixed.items()),
        metric_relabelings=tuple(steps) or None,
    )
    return ServiceMonitorSpec(
        endpoints=(endpoint,),
        selector=LabelSelector(match_labels=dict(service.pods)),
        namespace_selector=NamespaceSelector(match_names=(service.namespace,)),
        sample_limit=sample_limit,
    )
