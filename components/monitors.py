"""What the enabled systems bring besides rules and dashboards: monitors, their Secrets, files for the watched pods."""

from __future__ import annotations

from typing import Any, TypeVar

import pulumi

from components.base import Component
from components.resources import ConfigMap, PodMonitor, ScrapeConfig, Secret, ServiceMonitor
from components.specs.http import Authorization, BasicAuth, SecretKey, SecretOrConfigMap, TlsConfig, TlsConfigWithFiles
from components.specs.monitors import Endpoint, PodEndpoint, PodMonitorSpec, ServiceMonitorSpec
from components.specs.scrape_configs import ScrapeConfigSpec, StaticConfig
from components.specs.scraping import LabelSelector, NamespaceSelector, Relabeling
from model import scrape as model
from model.scrape import ScrapeKind
from model.system import System
from settings import Secrets, Settings

_Tls = TypeVar("_Tls", bound=TlsConfig)


def service_monitor_spec(scrape: model.Scrape) -> ServiceMonitorSpec:
    endpoints = tuple(
        Endpoint(**_endpoint(scrape, e), tls_config=_tls(e, TlsConfigWithFiles)) for e in scrape.endpoints
    )
    return ServiceMonitorSpec(endpoints=endpoints, **_targets(scrape))


def pod_monitor_spec(scrape: model.Scrape) -> PodMonitorSpec:
    endpoints = tuple(PodEndpoint(**_endpoint(scrape, e), tls_config=_tls(e, TlsConfig)) for e in scrape.endpoints)
    return PodMonitorSpec(pod_metrics_endpoints=endpoints, **_targets(scrape))


def scrape_config_spec(scrape: model.Scrape) -> ScrapeConfigSpec:
    (endpoint,) = scrape.endpoints
    return ScrapeConfigSpec(
        job_name=scrape.job,
        static_configs=(StaticConfig(targets=scrape.targets),),
        metrics_path=endpoint.path,
        scrape_interval=endpoint.interval,
        tls_config=_tls(endpoint, TlsConfig),
        sample_limit=scrape.sample_limit,
        **_asked(endpoint),
        relabelings=_relabelings(scrape, endpoint),
    )


def _targets(scrape: model.Scrape) -> dict[str, Any]:
    namespaces = NamespaceSelector(match_names=scrape.namespaces) if scrape.namespaces else NamespaceSelector(any=True)
    return {
        "selector": LabelSelector(match_labels=dict(scrape.selector)),
        "namespace_selector": namespaces,
        "sample_limit": scrape.sample_limit,
    }


def _endpoint(scrape: model.Scrape, endpoint: model.Endpoint) -> dict[str, Any]:
    return {
        "port": endpoint.port,
        "path": endpoint.path,
        "interval": endpoint.interval,
        **_asked(endpoint),
        "relabelings": _relabelings(scrape, endpoint),
    }


def _relabelings(scrape: model.Scrape, endpoint: model.Endpoint) -> tuple[Relabeling, ...]:
    # The job's name is set here: left alone it would be made of the names of objects, which a release may choose.
    job = Relabeling(target_label="job", replacement=scrape.job)
    return (job, *(_relabeling(r) for r in endpoint.relabelings))


def _asked(endpoint: model.Endpoint) -> dict[str, Any]:
    """What is the same in every kind of monitor."""
    auth = endpoint.auth
    bearer = Authorization(credentials=_key(auth.token)) if isinstance(auth, model.Bearer) else None
    basic = (
        BasicAuth(username=_key(auth.username), password=_key(auth.password))
        if isinstance(auth, model.BasicAuth)
        else None
    )
    return {
        "scheme": endpoint.scheme,
        "params": dict(endpoint.params) or None,
        "honor_labels": endpoint.honor_labels or None,
        "scrape_timeout": endpoint.scrape_timeout,
        "authorization": bearer,
        "basic_auth": basic,
        "metric_relabelings": (keep_step(endpoint.keep),) if endpoint.keep is not None else None,
    }


def keep_step(names: str) -> Relabeling:
    """Stores the series whose whole name matches."""
    return Relabeling(source_labels=("__name__",), regex=names, action="keep")


def drop_step(names: str) -> Relabeling:
    """Stores what is left without the series whose whole name matches."""
    return Relabeling(source_labels=("__name__",), regex=names, action="drop")


def _tls(endpoint: model.Endpoint, kind: type[_Tls]) -> _Tls | None:
    tls = endpoint.tls
    if tls is None:
        return None
    return kind(
        ca=SecretOrConfigMap(secret=_key(tls.ca)) if tls.ca else None,
        cert=SecretOrConfigMap(secret=_key(tls.cert)) if tls.cert else None,
        key_secret=_key(tls.key) if tls.key else None,
        server_name=tls.server_name,
        insecure_skip_verify=tls.insecure_skip_verify or None,
    )


def _key(key: model.SecretKey) -> SecretKey:
    return SecretKey(name=key.secret, key=key.key)


def _relabeling(step: model.Relabeling) -> Relabeling:
    return Relabeling(
        source_labels=step.source_labels or None,
        target_label=step.target_label,
        regex=step.regex,
        replacement=step.replacement,
        action=step.action if step.action != "replace" else None,
    )


class Monitors(Component):
    """What our own objects scrape; monitors that come with a part of the stack are that part's."""

    def __init__(
        self,
        name: str,
        systems: tuple[System, ...],
        settings: Settings,
        secrets: Secrets,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, opts)
        child = self.child()
        for secret in (secret for system in systems for secret in system.secrets):
            data = {**secret.plain, **{key: secrets.text(config_key) for key, config_key in secret.secret.items()}}
            Secret(secret.name, data, namespace=settings.namespace, opts=child)
        for file in (file for system in systems for file in system.files):
            ConfigMap(file.config_map, file.files, namespace=file.namespace, opts=child)
        for scrape in (scrape for system in systems for scrape in system.scrapes):
            if scrape.kind is ScrapeKind.SERVICE_MONITOR:
                ServiceMonitor(scrape.name, service_monitor_spec(scrape), namespace=settings.namespace, opts=child)
            elif scrape.kind is ScrapeKind.POD_MONITOR:
                PodMonitor(scrape.name, pod_monitor_spec(scrape), namespace=settings.namespace, opts=child)
            elif scrape.kind is ScrapeKind.STATIC:
                ScrapeConfig(scrape.name, scrape_config_spec(scrape), namespace=settings.namespace, opts=child)
        self.register_outputs({})
