"""What the log agent does, as Alloy's configuration: find, read, put together, drop, parse, mask, send.

Every stage is one of loki.process of Alloy 1.18. What the lines of one container become:
docs/how-to/logs.md; proven on real lines by tests/e2e/test_alloy.py.
"""

from __future__ import annotations

from collections.abc import Iterator

from components.alloy_masks import EVERY, masked, match, quoted
from components.collector_masks import masks
from components.loki_config import INDEX_LABELS
from components.river import Block, Expression, Value, text
from settings import Settings
from settings.telemetry import LogRule
from systems.alloy.error_lines import COUNTER, ERROR_LEVELS, KEPT, WORKLOAD

PUSH_PATH = "/loki/api/v1/push"
DEBUG_REASON = "debug_sampling"
"""Reason under which debug lines that are not kept are counted, beside the reasons of ``logs.drop``."""

_META = "__meta_kubernetes_pod_"
# Later wins. The last is how OpenTelemetry lets a pod say its service's name, which the collector takes for ``app``.
_APP = (
    f"{_META}container_name",
    f"{_META}label_app",
    f"{_META}label_app_kubernetes_io_name",
    f"{_META}annotation_resource_opentelemetry_io_service_name",
)
_LOGS = "/var/log/pods"
# A line that goes on with the entry before it: indented or empty, or one of those lines of a Java or Python stack trace
# that are not indented. Whoever writes one line an entry is not touched by it.
_CONTINUES = r"\s|$|Caused by: |Suppressed: |Traceback \(most recent call last\)|[\w.$]+(?:Exception|Error)(?::|$)"
# Put before a line that goes on, because a multiline stage can only be told what begins. No text has this character.
_MARK = "\x1e"
_LONGEST: dict[str, Value] = {"max_lines": 500, "max_wait_time": "3s"}
_RULE = "multiline"  # the label that says which rule an entry's lines are put together by, until it is done
_JSON = {
    # The names of ECS, logstash-logback-encoder, pino, zap, structlog and the OpenTelemetry loggers.
    "level": 'level || severity || levelname || log_level || "log.level" || log.level || lvl',
    "trace_id": 'trace_id || traceId || traceID || traceid || otelTraceID || "trace.id" || trace.id',
    "span_id": 'span_id || spanId || spanID || spanid || otelSpanID || "span.id" || span.id',
}
# Text that is looked for first, since finding it costs nothing (or none) -> expressions.
_TEXT = {
    # An upper-case level near the beginning; level=debug, which is surer, after it. Spring Boot's own way of traces:
    # [application,trace,span] and [trace-span].
    "": (
        r"^.{0,160}?\b(?P<level>TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL|CRITICAL)\b",
        r"[\[,](?P<trace_id>[0-9a-f]{32})[,-](?P<span_id>[0-9a-f]{16})[,\]]",
    ),
    "level=": (r'\blevel="?(?P<level>\w+)',),
    "race": (
        r'(?i)\btrace_?id"?[=:]\s*"?(?P<trace_id>[0-9a-f]{16,32})\b',
        r'(?i)\bspan_?id"?[=:]\s*"?(?P<span_id>[0-9a-f]{16})\b',
    ),
}
METADATA = ("level", "trace_id", "span_id")
"""What is known of a line beside the labels of its stream."""
# Names and pino's numbers; LogQL anchors it at both ends.
_DEBUG = "(?i)debug|dbg|trace|verbose|fine|finer|finest|10|20"
_ERRORS = "errors"  # how many errors a line is
_NOT_JSON = r'!~ "^\\s*[{]"'


def alloy_config(settings: Settings, loki_url: str) -> str:
    """The file. ``loki_url`` is where Loki listens."""
    return text(
        [
            Block("logging", {"level": "info", "format": "logfmt"}),
            *_targets(),
            _source(),
            Block(
                "loki.process",
                {"forward_to": [Expression("loki.write.loki.receiver")]},
                list(_stages(settings)),
                label="lines",
            ),
            _write(loki_url),
        ]
    )


def _targets() -> Iterator[Block]:
    own_node = Expression('"spec.nodeName=" + sys.env("K8S_NODE_NAME")')
    yield Block(
        "discovery.kubernetes",
        {"role": "pod"},
        [Block("selectors", {"role": "pod", "field": own_node})],
        label="pods",
        comment="The pods of this node, asked of the API server by node: not every agent watches all pods.",
    )
    yield Block(
        "discovery.relabel",
        {"targets": Expression("discovery.kubernetes.pods.targets")},
        list(_relabelings()),
        label="containers",
    )


def _relabelings() -> Iterator[Block]:
    def rule(sources: tuple[str, ...], label: str, **more: str) -> Block:
        return Block("rule", {"source_labels": sources, "target_label": label, **more})

    yield rule(("__meta_kubernetes_namespace",), "namespace")
    yield rule((f"{_META}name",), "pod")
    yield rule((f"{_META}container_name",), "container")
    yield from (rule((source,), "app", regex="(.+)") for source in _APP)
    # A static pod's folder has the hash of its manifest in its name, the API server's copy has another uid.
    uid = f"{_META}uid", f"{_META}annotation_kubernetes_io_config_mirror"
    yield from (rule((source,), "__uid", regex="(.+)") for source in uid)
    # No name in Kubernetes has an underscore.
    yield rule(
        ("namespace", "pod", "__uid", "container"),
        "__path__",
        separator="_",
        regex="(.+)_(.+)",
        replacement=f"{_LOGS}/$1/$2/*.log",
    )


def _source() -> Block:
    return Block(
        "loki.source.file",
        {
            "targets": Expression("discovery.relabel.containers.output"),
            "forward_to": [Expression("loki.process.lines.receiver")],
        },
        [Block("file_match", {"enabled": True})],
        label="containers",
    )


def _write(loki_url: str) -> Block:
    return Block(
        "loki.write",
        blocks=[
            Block(
                "endpoint",
                {"url": f"{loki_url}{PUSH_PATH}", "max_backoff_period": "30s", "max_backoff_retries": 0},
                comment="Never given up: while Loki is away nothing more is read, and the lines wait in their files.",
            )
        ],
        label="loki",
    )


# --- the stages, in their order


def _stages(settings: Settings) -> Iterator[Block]:
    yield Block("stage.cri")
    yield from _multiline(settings)
    for drop in settings.logs.drop:
        selector = f"{_selector(drop)} |~ {quoted(drop.line)}"
        yield match(selector, action="drop", drop_counter_reason=drop.reason)
    yield from _parsed()
    yield from _debug(settings.logs.debug_percentage)
    yield from _counted()
    yield Block("stage.structured_metadata", {"values": dict.fromkeys(METADATA, "")})
    yield from masked(masks(settings.collector.personal_data))
    yield Block("stage.label_keep", {"values": INDEX_LABELS})


def _multiline(settings: Settings) -> Iterator[Block]:
    """The first rule that matches a container puts its lines together; where none does, stack traces are recognised."""
    rules = settings.logs.multiline
    for number, rule in reversed(list(enumerate(rules))):
        yield match(_selector(rule), Block("stage.static_labels", {"values": {_RULE: str(number)}}))
    for number, rule in enumerate(rules):
        stage = Block("stage.multiline", {"firstline": rule.first_line, **_LONGEST})
        yield match(f'{{{_RULE}="{number}"}}', stage)
    yield match(
        f'{{{_RULE}=""}}',
        Block("stage.replace", {"expression": f"^({_CONTINUES})", "replace": f"{_MARK}{{{{ .Value }}}}"}),
        Block("stage.multiline", {"firstline": f"^(?:[^{_MARK}])", **_LONGEST}),
        Block("stage.replace", {"expression": f"({_MARK})", "replace": ""}),
    )


def _parsed() -> Iterator[Block]:
    """Level and trace are found in JSON and in text; the line itself stays as it was written."""
    yield Block("stage.json", {"expressions": _JSON})
    for contained, expressions in _TEXT.items():
        stages = (Block("stage.regex", {"expression": expression}) for expression in expressions)
        yield match(" ".join((EVERY, *([f"|= {quoted(contained)}"] if contained else []), _NOT_JSON)), *stages)


def _debug(percentage: int) -> Iterator[Block]:
    if percentage == 100:
        return
    yield Block("stage.labels", {"values": {"level": ""}})
    selector = f'{{level=~"{_DEBUG}"}}'
    if percentage == 0:
        yield match(selector, action="drop", drop_counter_reason=DEBUG_REASON)
    else:
        sampling: dict[str, Value] = {"rate": percentage / 100, "drop_counter_reason": DEBUG_REASON}
        yield match(selector, Block("stage.sampling", sampling))


def _counted() -> Iterator[Block]:
    """Errors by workload. Every line counts, as 1 or 0: the first error of a counter that is new is never seen to come.

    A counter has all labels that a line has at that moment, so those of the pod are away for it.
    """
    levels = " ".join(map(quoted, ERROR_LEVELS))
    is_error = f"{{{{ if has (lower (toString .level)) (list {levels}) }}}}1{{{{ else }}}}0{{{{ end }}}}"
    yield Block("stage.template", {"source": _ERRORS, "template": is_error})
    yield Block("stage.label_keep", {"values": WORKLOAD})
    counter: dict[str, Value] = {
        "name": COUNTER,
        "description": "Lines of the levels error and worse.",
        "source": _ERRORS,
        "action": "add",
        "max_idle_duration": KEPT,
    }
    yield Block("stage.metrics", blocks=[Block("metric.counter", counter)])
    yield Block("stage.labels", {"values": {label: "" for label in INDEX_LABELS if label not in WORKLOAD}})


def _selector(rule: LogRule) -> str:
    """The containers of a rule, in LogQL."""
    given = {"namespace": rule.namespace, "container": rule.container}
    matchers = [f"{name}=~{quoted(pattern)}" for name, pattern in given.items() if pattern != ".*"]
    return "{" + ", ".join(matchers or [EVERY.strip("{}")]) + "}"
