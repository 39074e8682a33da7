"""Each program takes a sound file and refuses a broken one. Where one is not there, its test is skipped."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from real_tools import REAL, needs

from obs.accept.alloy import Alloy
from obs.accept.kinds import ROWS, Check
from obs.accept.programs import (
    AMTOOL,
    BLACKBOX,
    LOKI,
    OTELCOL,
    PROMTOOL,
    STATSD,
    THANOS_BUCKET,
    THANOS_RECEIVE,
    Program,
)

ALERTMANAGER = "route: {receiver: ops}\nreceivers: [{name: ops}]\n"
RULES = "groups: [{name: g, rules: [{record: 'a:b:sum', expr: sum(up)}]}]\n"
LOKI_CONFIG = """\
auth_enabled: false
common: {path_prefix: /tmp/loki, replication_factor: 1, ring: {kvstore: {store: inmemory}}}
schema_config:
  configs:
  - {from: "2024-04-01", object_store: filesystem, store: tsdb, schema: v13, index: {prefix: index_, period: 24h}}
"""
COLLECTOR = """\
receivers: {otlp: {protocols: {grpc: {endpoint: "${env:MY_POD_IP}:4317"}}}}
exporters: {otlp: {endpoint: 'tempo:4317'}}
service: {pipelines: {traces: {receivers: [otlp], exporters: [otlp]}}}
"""
S3 = "type: S3\nconfig: {bucket: b, endpoint: minio.storage.svc:9000, insecure: true, access_key: a, secret_key: s}\n"
GCS = "type: GCS\nconfig: {bucket: b}\n"
HASHRINGS = '[{"hashring": "all", "endpoints": ["receive-0.receive:10901"]}]'
BLACKBOX_MODULES = "modules: {http_2xx: {prober: http, timeout: 5s}}\n"
STATSD_MAPPINGS = "mappings: [{match: airflow.*.end, name: airflow_end, labels: {dag: $1}}]\n"
SAMPLES = [
    (AMTOOL, ALERTMANAGER, ("name: ops", "name: other"), 'undefined receiver "ops"'),
    (PROMTOOL, RULES, ("sum(up)", "sum(up"), "could not parse expression"),
    (LOKI, LOKI_CONFIG, ("replication_factor", "replication_faktor"), "field replication_faktor not found"),
    (OTELCOL, COLLECTOR, ("endpoint: 'tempo:4317'", "endpont: 'tempo:4317'"), "endpont"),
    (OTELCOL, COLLECTOR, ("receivers: [otlp]", "receivers: [jaeger]"), "jaeger"),
    (STATSD, STATSD_MAPPINGS, ("airflow.*.end", "airflow.**.end"), "invalid match"),
    (BLACKBOX, BLACKBOX_MODULES, ("timeout", "time_out"), "field time_out not found"),
    (THANOS_BUCKET, S3, ("bucket: b", "buckt: b"), "field buckt not found"),
    (THANOS_BUCKET, GCS, ("type: GCS", "type: GSC"), "bucket with type GSC is not supported"),
    (THANOS_RECEIVE, HASHRINGS, ('"hashring"', "hashring"), "failed to parse configuration file"),
]


def refusal(check: Check, text: str, folder: Path) -> str:
    return check.refusal(REAL[check.tool], text, folder)


@pytest.mark.parametrize(
    ("program", "sound", "change", "said"),
    [pytest.param(*sample, marks=needs(sample[0].tool), id=f"{sample[0].tool}-{sample[3]}") for sample in SAMPLES],
)
def test_a_program_takes_a_sound_file_and_refuses_a_broken_one(
    program: Program, sound: str, change: tuple[str, str], said: str, tmp_path: Path
) -> None:
    assert refusal(program, sound, tmp_path) == ""
    broken = sound.replace(*change)
    assert broken != sound
    message = refusal(program, broken, tmp_path)
    assert said in message
    assert str(tmp_path) not in message


def test_every_program_of_the_registry_has_samples() -> None:
    used = {check.arguments for row in ROWS for check in row.kind.checks if isinstance(check, Program)}
    assert used == {sample[0].arguments for sample in SAMPLES}


@needs("thanos")
def test_no_bucket_is_reached(tmp_path: Path) -> None:
    """The endpoint would answer, but the program is sent to nowhere."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(1)
        port = listener.getsockname()[1]
        text = S3.replace("minio.storage.svc:9000", f"bucket.example.org:{port}")
        assert refusal(THANOS_BUCKET, text, tmp_path) == ""
        with pytest.raises(TimeoutError):
            listener.accept()


ALLOY = """\
logging { level = "info" }
discovery.kubernetes "pods" {
  role = "pod"
  selectors {
    role  = "pod"
    field = "spec.nodeName=" + coalesce(sys.env("HOSTNAME"), constants.hostname)
  }
}
loki.source.kubernetes "pods" {
  targets    = discovery.kubernetes.pods.targets
  forward_to = [loki.process.pods.receiver]
}
loki.process "pods" {
  forward_to = [loki.write.loki.receiver]
  stage.match {
    selector = "{app=\\"a\\"}"
    stage.json { expressions = {level = "level"} }
  }
  stage.metrics {
    metric.counter {
      name   = "lines_total"
      action = "inc"
    }
  }
}
loki.write "loki" {
  endpoint { url = "http://loki.monitoring.svc:3100/loki/api/v1/push" }
}
"""


@needs("alloysyntax")
def test_alloy_takes_a_sound_file(tmp_path: Path) -> None:
    assert refusal(Alloy(), ALLOY, tmp_path) == ""


@needs("alloysyntax")
@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('role = "pod"\n', "role = }\n", "config.alloy:3:10: expected expression"),
        ("loki.write.loki.receiver", "loki.write.other.receiver", "refers to a component that is not there"),
        ("loki.write.loki.receiver", "loki.write.loki.sink", "is nothing that loki.write.loki exports"),
        ("expressions", "expresions", "line 17: stage.json: no attribute expresions"),
        ("stage.json {", "stage.jsn {", "no block stage.jsn"),
        ("action =", "value =", "metric.counter: attribute action is required"),
        ("url =", "uri =", "attribute url is required"),
        ('loki.write "loki"', "loki.write", "a component has a label"),
        ('loki.process "pods"', 'loki.proces "pods"', "loki.proces is not in alloy_components.yaml"),
        ("logging {", 'loki.write "loki" {}\nlogging {', "loki.write.loki twice"),
    ],
)
def test_alloy_refuses_a_broken_file(before: str, after: str, said: str, tmp_path: Path) -> None:
    broken = ALLOY.replace(before, after, 1)
    assert broken != ALLOY
    assert said in refusal(Alloy(), broken, tmp_path)
