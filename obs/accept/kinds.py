"""Which file of which object is what kind of configuration, and who is asked whether it is right.

A file that no row names is a finding: whoever adds a ConfigMap or Secret adds its row here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Protocol

from components.grafana_values import GRAFANA_ADMIN_SECRET, OIDC_SECRET
from components.kube_prometheus_values import ALERTMANAGER_CONFIG_SECRET, RECEIVERS_SECRET
from components.object_storage import CREDENTIALS_SECRET, OBJSTORE_KEY, OBJSTORE_SECRET
from components.remote_store import STORE_SECRET
from obs.accept import forms, grafana, oracle, programs, tempo
from obs.accept.alloy import Alloy
from obs.accept.files import RULES_KEY, ConfigFile
from obs.accept.forms import Form


class Check(Protocol):
    """``tool`` is of the toolchain, "" where none is needed."""

    @property
    def tool(self) -> str: ...

    def refusal(self, program: Path | None, text: str, folder: Path) -> str: ...


@dataclass(frozen=True, slots=True)
class Kind:
    """``checks`` are all asked; ``reason`` says why no program is among them, or why there is nothing to check."""

    name: str
    checks: tuple[Check, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """Patterns (* and ?) of the chart ("" is the program's own objects), ``Kind/name`` of the object, and the key."""

    chart: str
    object: str
    key: str
    kind: Kind

    def fits(self, file: ConfigFile) -> bool:
        asked = (file.chart, f"{file.object.kind}/{file.object.name}", file.key)
        return all(map(fnmatchcase, asked, (self.chart, self.object, self.key)))


_NO_TEMPO, _NO_GRAFANA = "no Tempo is built here", "no Grafana is built here"
_NO_ORACLE = "no Oracle exporter is built here"

ALERTMANAGER = Kind("Alertmanager configuration", (programs.AMTOOL,))
RULES = Kind("rules", (programs.PROMTOOL,))
DASHBOARD = Kind("dashboard", (Form(grafana.unknown),), "by Grafana's types of each version; no Grafana is built here")
CREDENTIAL = Kind("credential", (), "one value that its reader takes as it is")
GRAFANA_INI = Kind("Grafana settings", (Form(forms.ini),), _NO_GRAFANA)
DATASOURCES = Kind("Grafana datasources", (Form(forms.datasources),), _NO_GRAFANA)
PROVIDERS = Kind("Grafana dashboard providers", (Form(forms.dashboard_providers),), _NO_GRAFANA)
BUCKET = Kind("Thanos object storage", (programs.THANOS_BUCKET,))
HASHRINGS = Kind("Thanos hashrings", (programs.THANOS_RECEIVE, Form(forms.hashrings)))
LOKI = Kind("Loki configuration", (programs.LOKI,))
LOKI_OVERRIDES = Kind("Loki limits by tenant", (Form(forms.loki_overrides),), "loki has no command that checks it")
ALLOY = Kind("Alloy configuration", (Alloy(),), "of Alloy, only the parser is built here")
COLLECTOR = Kind("Collector configuration", (programs.OTELCOL,))
STATSD = Kind("StatsD mappings", (programs.STATSD,))
BLACKBOX = Kind("blackbox modules", (programs.BLACKBOX,))
NGINX = Kind("nginx configuration", (), "no nginx is built here")
ORACLE = Kind("Oracle exporter configuration", (Form(oracle.config),), _NO_ORACLE)
ORACLE_METRICS = Kind("Oracle exporter queries", (Form(oracle.metrics),), _NO_ORACLE)
TEMPO_2 = Kind("Tempo configuration", (Form(tempo.config_2),), _NO_TEMPO)
TEMPO_3 = Kind("Tempo configuration", (Form(tempo.config_3),), _NO_TEMPO)
TEMPO_QUERY = Kind("Tempo's bridge to Jaeger", (Form(tempo.query),), _NO_TEMPO)
TEMPO_OVERRIDES = Kind("Tempo limits by tenant", (Form(tempo.overrides),), _NO_TEMPO)

EXPORTER_SETTINGS = Kind(
    "settings of our own exporter", (), "tests/test_own_exporters.py has the exporter itself read them"
)
JMX_RULES = Kind("rules of a JMX agent", (), "make contracts runs them in the real agent")

_OWN_EXPORTERS = ("iceberg", "isilon", "bitbucket")
_CREDENTIALS = (RECEIVERS_SECRET, GRAFANA_ADMIN_SECRET, OIDC_SECRET, STORE_SECRET, CREDENTIALS_SECRET)
ROWS: Sequence[Row] = (
    Row("*", "PrometheusRule/*", RULES_KEY, RULES),
    Row("", f"Secret/{ALERTMANAGER_CONFIG_SECRET}", "alertmanager.yaml", ALERTMANAGER),
    *(Row("", f"Secret/{name}", "*", CREDENTIAL) for name in _CREDENTIALS),
    Row("", "ConfigMap/dashboard-*", "*.json", DASHBOARD),
    Row("", "ConfigMap/grafana-datasources", "datasources.yaml", DATASOURCES),
    Row("kube-prometheus-stack", "ConfigMap/*-grafana", "grafana.ini", GRAFANA_INI),
    Row("kube-prometheus-stack", "ConfigMap/*-grafana-datasource", "datasource.yaml", DATASOURCES),
    Row("kube-prometheus-stack", "ConfigMap/*-grafana-config-dashboards", "provider.yaml", PROVIDERS),
    Row("", f"Secret/{OBJSTORE_SECRET}", OBJSTORE_KEY, BUCKET),
    Row("thanos", "ConfigMap/*", "hashrings.json", HASHRINGS),
    Row("thanos", "ConfigMap/*", "rules.yaml", RULES),
    Row("loki", "ConfigMap/*", "config.yaml", LOKI),
    Row("loki", "ConfigMap/*-gateway", "nginx.conf", NGINX),
    Row("loki", "ConfigMap/*-runtime", "runtime-config.yaml", LOKI_OVERRIDES),
    Row("*", "ConfigMap/*", "config.alloy", ALLOY),
    Row("opentelemetry-collector", "ConfigMap/*", "relay", COLLECTOR),
    Row("prometheus-statsd-exporter", "ConfigMap/*", "statsd.mappingConf", STATSD),
    Row("prometheus-blackbox-exporter", "ConfigMap/*", "blackbox.yaml", BLACKBOX),
    Row("", "ConfigMap/oracle-exporter-*", "config.yaml", ORACLE),
    Row("", "ConfigMap/oracle-exporter-*", "*.toml", ORACLE_METRICS),
    Row("", "Secret/oracle-exporter-*", "*", CREDENTIAL),
    Row("", "Secret/redis-exporter-*", "*", CREDENTIAL),
    *(Row("", f"ConfigMap/{own}-exporter-*", "config.yaml", EXPORTER_SETTINGS) for own in _OWN_EXPORTERS),
    *(Row("", f"Secret/{own}-exporter-*", "*", CREDENTIAL) for own in _OWN_EXPORTERS),
    *(Row("", f"Secret/{name}", "*", CREDENTIAL) for name in ("minio-metrics", "*-scrape", "scrape-*")),
    Row("", "ConfigMap/*-jmx", "config.yaml", JMX_RULES),
    Row("tempo", "ConfigMap/*", "tempo.yaml", TEMPO_2),
    Row("tempo", "ConfigMap/*", "overrides.yaml", TEMPO_OVERRIDES),
    Row("tempo-distributed", "ConfigMap/*", "tempo.yaml", TEMPO_3),
    Row("tempo-distributed", "ConfigMap/*", "overrides.yaml", TEMPO_OVERRIDES),
    Row("tempo-distributed", "ConfigMap/*", "tempo-query.yaml", TEMPO_QUERY),
)


def kind_of(file: ConfigFile, rows: Sequence[Row] = ROWS) -> Kind | None:
    """What a file is, by the first row that fits; None where no row does."""
    return next((row.kind for row in rows if row.fits(file)), None)
