"""Web applications: requests, errors, latency and what they run out of, whatever they are written with.

Spring Boot (Micrometer), FastAPI (prometheus-fastapi-instrumentator) and anything that sends OpenTelemetry's HTTP
metrics to the collector are brought to the same few series with the label ``application``.
docs/how-to/web-applications.md says what each must switch on.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from model.config import form
from model.dashboard import Panel, PanelKind
from model.rule import Signal
from model.scrape import Endpoint, Relabeling, Scrape, ScrapeKind, ScrapeSecret
from model.system import Domain, Section, System
from systems.base import Context, SystemSettings
from systems.web_applications.alerts import alerts
from systems.web_applications.objectives import objectives
from systems.web_applications.signals import signals_of
from systems.web_applications.sources import APPLICATION, SOURCES, Application, job

_Key = Annotated[str, form(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", "a name of lower-case letters, digits and hyphens")]


class Settings(SystemSettings):
    """``applications``: name, which is the label ``application`` of all its series -> the application."""

    applications: dict[_Key, Application] = Field(min_length=1)


def system(settings: Settings, context: Context) -> System:
    applications = settings.applications
    signals = {s.name: s for s in signals_of(applications)}
    return System(
        name="web_applications",
        title="Web applications",
        interval="30s",
        scrapes=tuple(_scrape(name, one) for name, one in applications.items()),
        signals=tuple(signals.values()),
        alerts=alerts(signals, context.cluster),
        slos=tuple(objectives(applications)),
        sections=(Section(domain=Domain.E2E, title="Web applications", panels=tuple(_panels(signals))),),
        secrets=tuple(_secrets(applications)),
    )


def _secret(name: str) -> str:
    return f"web-{name}-scrape"


def _secrets(applications: dict[str, Application]) -> list[ScrapeSecret]:
    return [secret for name, one in applications.items() if one.auth for secret in one.auth.secrets(_secret(name))]


def _scrape(name: str, application: Application) -> Scrape:
    source = SOURCES[application.kind]
    if application.service:
        # The collector has its series; they come with their own job and instance.
        endpoint = Endpoint(contract=source.contract, component=source.component, honor_labels=True)
        return Scrape(
            name=f"web-{name}",
            kind=ScrapeKind.PART,
            job=application.service,
            endpoints=(endpoint,),
            stores_all="the collector hands on what applications send, and no contract lists all of that",
        )
    endpoint = Endpoint(
        port=application.port,
        path=application.path or source.path,
        contract=source.contract,
        component=source.component,
        interval=application.interval,
        scheme="https" if application.tls else "http",
        tls=application.tls.tls if application.tls else None,
        auth=application.auth.auth(_secret(name)) if application.auth else None,
        relabelings=(Relabeling(target_label=APPLICATION, replacement=name),),
    )
    return Scrape(
        name=f"web-{name}",
        kind=ScrapeKind.SERVICE_MONITOR,
        job=job(name, application),
        selector=application.selector or {"app": name},
        namespaces=(application.namespace,),
        endpoints=(endpoint,),
    )


_SHOWN: tuple[tuple[PanelKind, *tuple[str, ...]], ...] = (
    (PanelKind.TIMESERIES, "requests"),
    (PanelKind.TIMESERIES, "error_ratio"),
    (PanelKind.TIMESERIES, "latency_p50", "latency_p95", "latency_p99"),
    (PanelKind.BARGAUGE, "latency_of_objective"),
    (PanelKind.TIMESERIES, "heap_usage"),
    (PanelKind.TIMESERIES, "gc_pauses"),
    (PanelKind.TIMESERIES, "pool_usage"),
    (PanelKind.TIMESERIES, "pool_waiting"),
    (PanelKind.STAT, "web_applications_silent"),
)


def _panels(signals: dict[str, Signal]) -> list[Panel]:
    available = tuple(signal for name, signal in signals.items() if name.endswith("_availability"))
    panels = [Panel(title="Availability of web applications", kind=PanelKind.STAT, signals=available)]
    shown = [(kind, tuple(signals[n] for n in names if n in signals)) for kind, *names in _SHOWN]
    return panels + [Panel(title=found[0].title, kind=kind, signals=found) for kind, found in shown if found]
