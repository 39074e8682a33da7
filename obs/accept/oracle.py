"""The Oracle exporter's files: keys of oracle-db-appdev-monitoring 2.4.2 (collector/config.go and types.go)."""

from __future__ import annotations

import tomllib

from obs.accept.forms import FLAG, NUMBER, OBJECT, STRING, TEXT, Problems, closed, fits, listed, read_yaml

_NUMBERS = ("maxOpenConns", "maxIdleConns", "poolIncrement", "poolMaxConnections", "poolMinConnections", "queryTimeout")
_DATABASE = closed(
    ("url",),
    **dict.fromkeys(("username", "password", "passwordFile", "url", "connMaxLifetime", "tnsAdmin", "role"), STRING),
    **dict.fromkeys(_NUMBERS, NUMBER),
    externalAuth=FLAG,
    vault=OBJECT,
    labels={"type": "object", "additionalProperties": TEXT},
)
_CONFIG = closed(
    ("databases",),
    databases={"type": "object", "minProperties": 1, "additionalProperties": _DATABASE},
    metrics=closed(
        (),
        **dict.fromkeys(("databaseLabel", "scrapeInterval", "connectionBackoff", "default"), TEXT),
        custom=listed(TEXT),
    ),
    log=closed(
        (),
        **dict.fromkeys(("messageLevelEnabled", "perDatabaseFiles"), FLAG),
        **dict.fromkeys(("interval", "destination", "level", "format"), TEXT),
        disable=NUMBER,
    ),
    web=OBJECT,
    listenAddress=TEXT,
    metricsPath=TEXT,
)
_TEXTS = {"type": "object", "additionalProperties": TEXT}
# Case does not matter in keys; files here write them in lower case.
_METRIC = closed(
    ("context", "metricsdesc", "request"),
    **dict.fromkeys(("id", "context", "request", "fieldtoappend", "querytimeout", "scrapeinterval"), TEXT),
    **dict.fromkeys(("labels", "databases"), listed(TEXT)),
    metricsdesc={**_TEXTS, "minProperties": 1},
    metricstype={"type": "object", "additionalProperties": {"enum": ["gauge", "counter", "histogram"]}},
    metricsbuckets={"type": "object", "additionalProperties": _TEXTS},
    ignorezeroresult=FLAG,
)
_METRICS = closed(("metric",), metric=listed(_METRIC, at_least=1))


def config(text: str) -> Problems:
    return fits(read_yaml(text), _CONFIG)


def metrics(text: str) -> Problems:
    """Queries; a type for a column without a description would be of no use to the exporter."""
    data = tomllib.loads(text)
    if problems := fits(data, _METRICS):
        return problems
    return [
        f"metric.{i}.metricstype: {name} is not in metricsdesc"
        for i, metric in enumerate(data["metric"])
        for name in sorted(metric.get("metricstype", {}).keys() - metric["metricsdesc"].keys())
    ]
