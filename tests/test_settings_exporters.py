"""Settings of exporters and of Tempo: what cannot work is refused where it is written, with what is allowed."""

from __future__ import annotations

from typing import Any

import pytest
from stacks import NEED_NO_EXPORTER, run

from obs.record import ProgramError
from settings.exporters import ExportersSettings

REDIS = {"address": "cache.shop.svc:6379"}
ORACLE = {"connectString": "db.svc:1521/HR", "username": "monitoring", "secret": "hrPassword"}


def error_of(stack: str = "dev", **config: Any) -> str:
    with pytest.raises(ProgramError) as caught:
        run(stack, config=config)
    message = str(caught.value)
    assert "Traceback" not in message
    return message


@pytest.mark.parametrize(
    ("exporters", "expected"),
    [
        ({"statd": {}}, "exporters.statd: unknown key; did you mean 'statsd'?"),
        ({"redis": {"a": {}}}, "exporters.redis.a.address: is missing"),
        (
            {"redis": {"a": {**REDIS, "secrit": "x"}}},
            "exporters.redis.a.secrit: unknown key; did you mean 'secret'?",
        ),
        (
            {"redis": {"a": {**REDIS, "pasword": "x"}}},
            "exporters.redis.a.pasword: unknown key; there are: address, caSecret, existingSecret, secret, tls, user",
        ),
        (
            {"blackbox": {"targets": {"a": {"address": "https://p/", "modul": "x"}}}},
            "exporters.blackbox.targets.a.modul: unknown key; did you mean 'module'?",
        ),
        ({"redis": {"a": {"address": "redis://h:1"}}}, "exporters.redis.a.address: must be host:port"),
        ({"redis": {"Cache": REDIS}}, "must be a name of lower-case letters, digits and hyphens, 30 at most"),
        ({"redis": {"a" * 31: REDIS}}, "must be a name of lower-case letters, digits and hyphens, 30 at most"),
        (
            {"redis": {"a": {**REDIS, "secret": "hunter2"}}},
            "exporters.redis.a.secret: must be the name of a config key",
        ),
        (
            {"redis": {"a": {**REDIS, "secret": "cachePassword", "existingSecret": "x"}}},
            "exporters.redis.a: secret and existingSecret are two ways to give one credential",
        ),
        ({"redis": {"a": {**REDIS, "username": "u"}}}, "exporters.redis.a: username needs a password"),
        ({"redis": {"a": {**REDIS, "caSecret": "ca"}}}, "exporters.redis.a.caSecret: is for tls: true"),
        ({"statsd": {"relay": "statsd"}}, "exporters.statsd.relay: must be host:port"),
        (
            {"statsd": {"mappings": [{"match": "a.*"}]}},
            "exporters.statsd.mappings[0]: give either a name or drop: true",
        ),
        (
            {"statsd": {"mappings": [{"match": "a b", "drop": True}]}},
            "exporters.statsd.mappings[0].match: must be names and * between dots",
        ),
        (
            {"statsd": {"mappings": [{"match": "(", "matchType": "regex", "drop": True}]}},
            "exporters.statsd.mappings[0].match: must be a regular expression",
        ),
        (
            {"statsd": {"mappings": [{"match": "a.*", "name": "a-b"}]}},
            "exporters.statsd.mappings[0].name: must be the name of a metric",
        ),
        (
            {"blackbox": {"targets": {"portal": "portal.example.com"}}},
            "exporters.blackbox.targets.portal.address: must be an http:// or https:// address for module http_2xx",
        ),
        (
            {"blackbox": {"targets": {"db": {"address": "https://db/", "module": "tcp_connect"}}}},
            "exporters.blackbox.targets.db.address: must be host:port for module tcp_connect",
        ),
        (
            {"blackbox": {"targets": {"portal": {"address": "https://p/", "module": "http_200"}}}},
            "exporters.blackbox.targets.portal.module: must be one of http_2xx, http_401, tcp_connect, tcp_tls",
        ),
        ({"blackbox": {"modules": {"http_2xx": {}}}}, "exporters.blackbox.modules.http_2xx: is built in"),
        (
            {"blackbox": {"modules": {"login": {"bodyContains": "(?=x)"}}}},
            "exporters.blackbox.modules.login.bodyContains: must be a regular expression of RE2",
        ),
        ({"oracle": {"hr": {"connectString": "db:1521/HR"}}}, "exporters.oracle.hr: the password is missing"),
        (
            {"oracle": {"hr": {**ORACLE, "connectString": "hr_high"}}},
            "exporters.oracle.hr.connectString: must be an Oracle connect string such as host:1521/service",
        ),
        (
            {"oracle": {"hr": {**ORACLE, "connectString": "scott/tiger@db:1521/HR"}}},
            "exporters.oracle.hr.connectString: must be an Oracle connect string",
        ),
        (
            {"oracle": {"hr": {**ORACLE, "username": None}}},
            "exporters.oracle.hr.username: belongs to secret",
        ),
        (
            {"oracle": {"hr": {"connectString": "db:1521/HR", "existingSecret": "x", "username": "u"}}},
            "exporters.oracle.hr.username: belongs to secret; an existing Secret has the key username",
        ),
    ],
)
def test_an_exporter_that_cannot_work_is_refused(exporters: dict[str, object], expected: str) -> None:
    message = error_of(exporters=exporters, systems=NEED_NO_EXPORTER)
    assert expected in message
    assert "hunter2" not in message
    assert "tiger" not in message


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("tempo", "parts.tempo.replicas: there is one, which does not share its memory with others"),
        (
            "tempoLiveStore",
            "parts.tempoLiveStore.replicas: there is one for each partition; set traces.kafka.partitions",
        ),
        ("statsdExporter", "parts.statsdExporter.replicas: there is one; counters are in its memory"),
    ],
)
def test_replicas_of_what_there_is_one_of_are_refused(part: str, expected: str) -> None:
    modes = {"exporters": {"statsd": {}}, "systems": NEED_NO_EXPORTER, "parts": {part: {"replicas": 2}}}
    traces = {"mode": "distributed", "kafka": {"address": "kafka:9092"}} if part == "tempoLiveStore" else {}
    assert expected in error_of("prod", **modes, traces=traces)


@pytest.mark.parametrize(
    ("kafka", "expected"),
    [
        ({"address": "kafka:9092", "partitions": 0}, "traces.kafka.partitions: must be greater than or equal to 1"),
        (
            {"address": "kafka:9092", "username": "a"},
            "traces.kafka: username and a password (secret or",
        ),
        ({"address": "kafka:9092", "secret": "kafkaPassword"}, "traces.kafka: username and a password"),
        ({"address": "kafka:9092", "topic": "a b"}, "traces.kafka.topic: must be the name of a Kafka topic"),
    ],
)
def test_a_topic_has_a_name_and_partitions(kafka: dict[str, object], expected: str) -> None:
    assert expected in error_of("prod", traces={"mode": "distributed", "kafka": kafka})


def test_secrets_are_asked_for_once_and_those_that_must_be_there_with_all_their_keys() -> None:
    exporters = ExportersSettings.model_validate(
        {
            "redis": {
                "a": {**REDIS, "secret": "cachePassword"},
                "b": {**REDIS, "secret": "cachePassword"},
                "c": {**REDIS, "existingSecret": "both", "tls": True, "caSecret": "both"},
            },
            "oracle": {"hr": ORACLE},
        }
    )
    assert exporters.secret_keys == ("cachePassword", "hrPassword")
    assert list(exporters.secrets_there) == [("both", ("password",)), ("both", ("ca.crt",))]
