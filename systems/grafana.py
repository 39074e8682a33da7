"""Grafana: whether people see anything, and whether its data sources answer."""

from __future__ import annotations

from model.dashboard import PanelKind
from model.promql import histogram_quantile, matching, max_by, metric, rate, sum_by
from model.rule import Alert, Severity, Signal
from model.system import RetentionClass, System
from systems.base import Context, SystemSettings, above, silence
from systems.own import KUBE_PROMETHEUS, part, section, share

JOB = f"{KUBE_PROMETHEUS}-grafana"
_COMPONENT = "grafana"
_ASKED = "it has a series from the first request on"


class Settings(SystemSettings):
    """Nothing to choose: it comes with kube-prometheus-stack."""


def system(settings: Settings, context: Context) -> System:
    signals = {s.name: s for s in _signals()}
    silent, silent_alert = silence(
        context,
        job=JOB,
        title="Grafana",
        name="GrafanaSilent",
        component=_COMPONENT,
        severity=Severity.MEDIUM,
        hides="nothing tells that dashboards fail, and perhaps nobody sees any",
    )
    signals[silent.name] = silent
    return System(
        name="grafana",
        title="Grafana",
        interval="30s",
        retention=RetentionClass.INFRASTRUCTURE,
        scrapes=(part(JOB, "http-web", "grafana", honor_labels=True),),
        signals=tuple(signals.values()),
        alerts=(*_alerts(signals), silent_alert),
        sections=(section("Grafana", signals, (*_LAYOUT, (PanelKind.STAT, silent.name))),),
    )


_LAYOUT = (
    (PanelKind.TIMESERIES, "requests"),
    (PanelKind.TIMESERIES, "request_failures"),
    (PanelKind.TIMESERIES, "request_p95"),
    (PanelKind.TIMESERIES, "datasource_failures"),
    (PanelKind.TIMESERIES, "datasource_requests"),
    (PanelKind.STAT, "dashboards"),
)


def _signals() -> tuple[Signal, ...]:
    requests = metric("grafana_http_request_duration_seconds_count", may_be_absent=_ASKED)
    latency = metric("grafana_http_request_duration_seconds_bucket", may_be_absent=_ASKED)
    asked = metric("grafana_datasource_request_total", may_be_absent=_ASKED)
    return (
        Signal(
            name="requests",
            title="Requests",
            description="Requests to Grafana per second, by status.",
            good="Mostly 200.",
            unit="reqps",
            expr=sum_by(rate(requests, "5m"), "status_code"),
            legend="{{status_code}}",
        ),
        Signal(
            name="request_failures",
            title="Failed requests",
            description="Share of the requests to Grafana that ended with an error of the server, over 5 minutes.",
            good="0.",
            unit="percentunit",
            expr=share(rate(requests.where(matching("status_code", "5..")), "5m"), rate(requests, "5m")),
            legend="{{cluster}}",
            maximum=1,
        ),
        Signal(
            name="request_p95",
            title="Duration of requests (P95)",
            description="95th percentile of the time that Grafana took to answer.",
            good="Below a second.",
            unit="s",
            expr=histogram_quantile(0.95, sum_by(rate(latency, "5m"), "le")),
            legend="{{cluster}}",
        ),
        Signal(
            name="datasource_failures",
            title="Failed requests to data sources",
            description="Share of the requests to a data source that it answered with an error of the server.",
            good="0: a panel of a failed request shows nothing.",
            unit="percentunit",
            expr=share(rate(asked.where(matching("code", "5..")), "5m"), rate(asked, "5m"), "datasource"),
            legend="{{datasource}}",
            maximum=1,
        ),
        Signal(
            name="datasource_requests",
            title="Requests to data sources",
            description="Requests of Grafana to each data source per second.",
            good="As many as people look at panels.",
            unit="reqps",
            expr=sum_by(rate(asked, "5m"), "datasource"),
            legend="{{datasource}}",
        ),
        Signal(
            name="dashboards",
            title="Dashboards",
            description="Dashboards that Grafana has.",
            good="All of the stack, and those of people.",
            unit="short",
            expr=max_by(metric("grafana_stat_totals_dashboard")),
            legend="{{cluster}}",
        ),
    )


def _alerts(signals: dict[str, Signal]) -> tuple[Alert, ...]:
    # A person who clicks makes some requests a minute; one failed request of three is no fault of the server.
    enough = 0.1
    return (
        above(
            "GrafanaRequestsFailing",
            signals["request_failures"],
            0.05,
            for_="10m",
            severity=Severity.MEDIUM,
            component=_COMPONENT,
            summary="{{ $value | humanizePercentage }} of the requests to Grafana fail",
            description="People see errors in place of dashboards.",
            guard=sum_by(signals["requests"].expr) > enough,
        ),
        above(
            "GrafanaDatasourceFailing",
            signals["datasource_failures"],
            0.1,
            for_="10m",
            severity=Severity.MEDIUM,
            component=_COMPONENT,
            summary="Data source {{ $labels.datasource }} fails {{ $value | humanizePercentage }} of all requests",
            description="Panels that ask it stay empty.",
            guard=signals["datasource_requests"].expr > enough,
        ),
    )
