"""The Hive Metastore through the JMX agent, whose rules (systems/agents/hive-metastore-jmx.yaml) decide the names.

The metastore has no metrics of its own for Prometheus; docs/how-to/hive-metastore.md has what its owner switches on.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from model.config import Duration, Name
from model.dashboard import Panel, PanelKind
from model.promql import eq, max_by, metric
from model.rule import Severity
from model.scrape import Endpoint, Scrape, ScrapeKind
from model.system import ConfigFile, Domain, Section, System
from systems.base import Context, SystemSettings, panels, silence
from systems.hive_metastore.alerts import alerts
from systems.hive_metastore.signals import JOB, call_signals, server_signals

RULES = Path(__file__).parent.parent / "agents" / "hive-metastore-jmx.yaml"


class Settings(SystemSettings):
    """``selector``: labels of the pods; ``port``: name of the agent's port there.

    ``rules_config_map``: name of a ConfigMap in ``namespace`` that the stack makes, with the agent's rules as
    ``config.yaml``.
    """

    namespace: Name = "hive"
    selector: dict[str, str] = Field(default={"app.kubernetes.io/name": "hive-metastore"}, min_length=1)
    port: Name = "metrics"
    interval: Duration = "30s"  # 1m (spec 20-sources) would cost a page half of its 120 s
    rules_config_map: Name | None = None


def system(settings: Settings, context: Context) -> System:
    signals = {s.name: s for s in (*call_signals(), *server_signals())}
    silent, silent_alert = silence(
        context,
        job=JOB,
        title="Hive Metastore",
        name="HiveMetastoreSilent",
        component="hive-metastore",
        severity=Severity.HIGH,
        hides="nothing is known of its response time, and perhaps no table can be opened",
    )
    shown = list(panels(signals, *_PANELS))
    shown.append(Panel(title="Silent sources: Hive Metastore", kind=PanelKind.STAT, signals=(silent,)))
    files = {settings.rules_config_map: RULES} if settings.rules_config_map else {}
    return System(
        name="hive_metastore",
        title="Hive Metastore",
        interval="30s",
        scrapes=(_scrape(settings),),
        signals=(*signals.values(), silent),
        alerts=(*alerts(signals), silent_alert),
        available=max_by(metric("up", eq("job", JOB))),
        sections=(Section(domain=Domain.DATA, title="Hive Metastore", panels=tuple(shown)),),
        files=tuple(
            ConfigFile(config_map=name, namespace=settings.namespace, files={"config.yaml": path.read_text()})
            for name, path in files.items()
        ),
    )


def _scrape(settings: Settings) -> Scrape:
    # Pods, not a Service: that of the metastore has its Thrift port alone.
    return Scrape(
        name="hive-metastore",
        kind=ScrapeKind.POD_MONITOR,
        job=JOB,
        selector=settings.selector,
        namespaces=(settings.namespace,),
        endpoints=(
            Endpoint(
                port=settings.port, contract="hive-metastore", component="jmx-our-rules", interval=settings.interval
            ),
        ),
    )


_PANELS: tuple[tuple[PanelKind, *tuple[str, ...]], ...] = (
    (PanelKind.TIMESERIES, "response_p95"),
    (PanelKind.TIMESERIES, "calls"),
    (PanelKind.TIMESERIES, "pool_usage"),
    (PanelKind.TIMESERIES, "pool_wait"),
    (PanelKind.TIMESERIES, "open_connections"),
    (PanelKind.TIMESERIES, "direct_sql_errors", "pool_timeouts"),
    (PanelKind.STAT, "tables", "partitions"),
    (PanelKind.TIMESERIES, "heap_usage"),
)
