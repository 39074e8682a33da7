"""What the collector's tiers do with what passes through, each as the configuration of one processor."""

from __future__ import annotations

from typing import Any

from components.collector_privacy import literal
from components.sampling import SAMPLING_RATIO
from components.sizes import PartSize
from model.quantity import seconds
from settings import Settings

Config = dict[str, Any]

FEATURE_GATES = ("processor.tailsamplingprocessor.recordpolicy",)
"""Off by default upstream (alpha, 0.158): the processor notes in each scope which policy kept the trace."""

_POLICY = "tailsampling.policy"
_LOTTERY = "lottery"
AFTER_ROOT, DECISION = "10s", "30s"
"""A trace is decided when its root came and what other services still hold had time to follow (SDKs send every 5 s, and
try again). Where no root comes, after the longer time: a slow trace begins to arrive before it ends."""

MEMORY_LIMITER = {"check_interval": "1s", "limit_percentage": 80, "spike_limit_percentage": 25}
BATCH = {"timeout": "1s", "send_batch_size": 1024, "send_batch_max_size": 2048}
K8S_ATTRIBUTES: Config = {
    "auth_type": "serviceAccount",
    "wait_for_metadata": True,
    # All of these are in the pod itself: no other kind of object is watched.
    "extract": {
        "metadata": [
            "k8s.namespace.name",
            "k8s.pod.name",
            "k8s.pod.uid",
            "k8s.node.name",
            "k8s.deployment.name",
            "k8s.container.name",
        ]
    },
    "pod_association": [
        {"sources": [{"from": "resource_attribute", "name": "k8s.pod.uid"}]},
        {"sources": [{"from": "resource_attribute", "name": "k8s.pod.ip"}]},
        {"sources": [{"from": "connection"}]},
    ],
}


def resource(settings: Settings) -> Config:
    values = {
        "k8s.cluster.name": settings.cluster.name,
        "deployment.environment.name": settings.cluster.environment,
    }
    return {"attributes": [{"key": key, "value": value, "action": "upsert"} for key, value in values.items()]}


_FROM_RESOURCE = {
    "namespace": "k8s.namespace.name",
    "pod": "k8s.pod.name",
    "container": "k8s.container.name",
    "app": "service.name",
}


def labels(settings: Settings) -> Config:
    """Logs and metrics get the labels that logs of nodes and scraped pods have."""
    # Several pods of one application would be one series without it.
    instance = _copy("resource", "service.instance.id", "k8s.pod.name")
    logs = [_copy("resource", label, attribute) for label, attribute in _FROM_RESOURCE.items()]
    series = [f"delete_matching_keys(datapoint.attributes, {literal('^(cluster|job|instance)$')})"]
    series += [_copy("datapoint", label, _FROM_RESOURCE[label]) for label in ("namespace", "pod")]
    return {
        "error_mode": "propagate",
        "log_statements": [
            {
                "context": "resource",
                "statements": [f'set(resource.attributes["cluster"], {literal(settings.cluster.name)})', *logs],
            }
        ],
        "metric_statements": [
            {"context": "resource", "statements": [instance]},
            {"context": "datapoint", "statements": series},
        ],
    }


def _copy(context: str, to: str, attribute: str) -> str:
    """Sets an attribute from one of the resource, unless it has a value already."""
    target, source = f'{context}.attributes["{to}"]', f'resource.attributes["{attribute}"]'
    return f"set({target}, {source}) where {target} == nil and {source} != nil"


def tail_sampling(settings: Settings, size: PartSize) -> Config:
    sampling = settings.collector.sampling
    mib = size.resources.most_memory // 2**20
    return {
        "decision_wait": DECISION,
        "decision_wait_after_root_received": AFTER_ROOT,
        # More than memory holds: the memory limiter refuses before a trace must be given up undecided.
        "num_traces": mib * 1000,
        # Spans that come later share their trace's fate.
        "decision_cache": {"sampled_cache_size": mib * 200, "non_sampled_cache_size": mib * 200},
        # The first that fits is noted: a trace with an error is not one of the lottery's.
        "policies": [
            {"name": "errors", "type": "status_code", "status_code": {"status_codes": ["ERROR"]}},
            {"name": "slow", "type": "latency", "latency": {"threshold_ms": int(seconds(sampling.slow) * 1000)}},
            {
                "name": _LOTTERY,
                "type": "probabilistic",
                "probabilistic": {"sampling_percentage": sampling.percentage},
            },
        ],
    }


def ratio(kept: float) -> Config:
    by_lottery = f'scope.attributes["{_POLICY}"] == {literal(_LOTTERY)}'
    target = f'span.attributes["{SAMPLING_RATIO}"]'
    statements = [f"set({target}, 1.0)", f"set({target}, {_float(kept)}) where {by_lottery}"]
    return {"error_mode": "propagate", "trace_statements": [{"context": "span", "statements": statements}]}


def _float(number: float) -> str:
    """As OTTL knows a float: with a dot and without an exponent."""
    text = f"{number:.12f}".rstrip("0")
    return f"{text}0" if text.endswith(".") else text
