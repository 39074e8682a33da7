"""Strict parses of ours: each takes a sound file and refuses a broken one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from obs.accept import forms, grafana, oracle, tempo
from obs.accept.forms import Form
from obs.accept.kinds import ROWS

DATASOURCES = """\
apiVersion: 1
datasources:
- {name: Metrics, type: prometheus, uid: prometheus, isDefault: true, jsonData: {timeInterval: 30s}}
- {name: Logs, type: loki, uid: loki}
"""
PROVIDERS = "apiVersion: 1\nproviders: [{name: a, type: file, options: {path: /dashboards}, allowUiUpdates: false}]\n"
TEMPO = """\
server: {http_listen_port: 3200}
distributor: {receivers: {otlp: {protocols: {grpc: {endpoint: "0.0.0.0:4317"}}}}}
compactor: {compaction: {block_retention: 168h}}
metrics_generator: {processor: {span_metrics: {dimensions: [a]}}}
"""
INI = "app_mode = production\n[server]\nroot_url = https://grafana\n[log]\nmode = console\n"
ORACLE = "databases: {orders: {username: u, passwordFile: /p, url: 'h:1521/S'}}\nmetrics: {custom: [/m.toml]}\n"
QUERIES = """\
[[metric]]
context = "sessions"
metricsdesc = { value = "Sessions." }
metricstype = { value = "gauge" }
request = "select count(*) as value from v$session"
"""
Problems = Callable[[str], list[str]]
SAMPLES: list[tuple[Problems, str, tuple[str, str], str]] = [
    (forms.hashrings, '[{"endpoints": ["a:1"]}]', ('["a:1"]', "[]"), "0.endpoints: [] should be non-empty"),
    (forms.hashrings, '[{"endpoints": ["a:1"]}]', ('"endpoints"', '"endpoint"'), "'endpoint' was unexpected"),
    (forms.datasources, DATASOURCES, ("- {name", "- name"), "mapping values are not allowed"),
    (forms.datasources, DATASOURCES, ("isDefault", "isdefault"), "'isdefault' was unexpected"),
    (forms.datasources, DATASOURCES, ("uid: loki", "uid: loki, isDefault: true"), "more than one is the default"),
    (forms.datasources, DATASOURCES, ("uid: loki", "uid: prometheus"), "uid 'prometheus' twice"),
    (forms.datasources, DATASOURCES, ("uid: loki", "uid: loki, uid: l"), "line 4: uid twice"),
    (forms.dashboard_providers, PROVIDERS, ("path", "pth"), "'pth' was unexpected"),
    (forms.ini, INI, ("[log]", "[server]"), "section 'server' already exists"),
    (forms.ini, INI, ("mode = console", "mode console"), "mode console"),
    (grafana.unknown, "{}", ("{}", "[]"), "not a JSON object"),
    (grafana.unknown, "{}", ("{}", "{"), "Expecting property name"),
    (grafana.unknown, '{"title": "A"}', ("title", "titel"), "13.2: Additional properties are not allowed ('titel' was"),
    (forms.loki_overrides, "overrides: {team: {ingestion_rate_mb: 4}}", ("overrides", "override"), "'override' was"),
    (oracle.config, ORACLE, ("passwordFile", "password_file"), "'password_file' was unexpected"),
    (oracle.config, ORACLE, ("url: ", "uri: "), "'url' is a required property"),
    (oracle.metrics, QUERIES, ("request", "query"), "'request' is a required property"),
    (oracle.metrics, QUERIES, ('{ value = "gauge"', '{ values = "gauge"'), "values is not in metricsdesc"),
    (oracle.metrics, QUERIES, ('"gauge"', '"gouge"'), "'gouge' is not one of"),
    (oracle.metrics, QUERIES, ('context = "sessions"', "context ="), "Invalid value"),
    (
        tempo.config_2,
        TEMPO,
        ("block_retention", "retention"),
        "compactor.compaction.retention: not a key that is known",
    ),
    (tempo.config_2, TEMPO, ("{compaction: {block_retention: 168h}}", "[]"), "compactor: must be an object"),
    (tempo.config_3, TEMPO.replace("compactor", "backend_worker"), ("backend_worker", "compactor"), "has it no more"),
    (
        tempo.overrides,
        "overrides: {t: {global: {max_bytes_per_trace: 1}}}",
        ("global", "globl"),
        "t.globl: not a",
    ),
    (tempo.overrides, "overrides: null", ("overrides", "overides"), "'overides' was unexpected"),
    (tempo.query, "backend: 127.0.0.1:3200", ("backend", "back"), "'back' was unexpected"),
]


@pytest.mark.parametrize(("problems", "sound", "change", "said"), SAMPLES)
def test_a_sound_file_is_taken_and_a_broken_one_refused(
    problems: Problems, sound: str, change: tuple[str, str], said: str
) -> None:
    form = Form(problems)
    assert form.refusal(None, sound, Path()) == ""
    broken = sound.replace(*change)
    assert broken != sound
    assert said in form.refusal(None, broken, Path())


def test_every_parse_of_the_registry_has_samples() -> None:
    used = {check.problems for row in ROWS for check in row.kind.checks if isinstance(check, Form)}
    assert used == {sample[0] for sample in SAMPLES}
