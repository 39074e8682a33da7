"""Recordings made by hand: resources as the recorder keeps them, without running a program."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.charts import ChartPin
from obs.expand import Expansion, expand
from obs.protobuf import redacted
from obs.recording import Resource

CHART, RELEASE = "kubernetes:helm.sh/v4:Chart", "kubernetes:helm.sh/v3:Release"
_SEQ = itertools.count()


@dataclass(frozen=True)
class Program:
    """A recording whose components are the parts of the resources' parents."""

    resources: Sequence[Resource]

    def component_of(self, resource: Any) -> str:
        return str(resource.parent)


def resource(kind: str, name: str, inputs: Mapping[str, Any], *, component: str = "metrics", **more: Any) -> Resource:
    """A recorded resource of a component; ``kind`` is the type behind ``kubernetes:``, or a whole type."""
    type_ = kind if kind.count(":") > 1 else f"kubernetes:{kind}"
    given = {"custom": True, "remote": False, **more}
    return Resource(
        seq=next(_SEQ), urn=f"urn:{component}:{type_}::{name}", type=type_, name=name, parent=component,
        inputs=dict(inputs), **given,
    )  # fmt: skip


def chart(
    pin: ChartPin, named: str = "r", *, type_: str = CHART, component: str = "metrics", **inputs: Any
) -> Resource:
    """A recorded chart resource called ``named`` that takes the chart from its repository, without CRDs."""
    common = {
        "chart": pin.name,
        "version": pin.version,
        "repositoryOpts": {"repo": pin.repository},
        "namespace": "n",
        "skipCrds": True,
        "values": {},
    }
    return resource(type_, named, {**common, **inputs}, component=component, custom=type_ == RELEASE)


def expanded(*resources: Resource, **options: Any) -> Expansion:
    """The expansion of resources for Kubernetes 1.31, offline unless told otherwise."""
    given = {"kube_version": "1.31.0", "offline": True, **options}
    return expand(Program(resources), redacted=redacted, **given)
