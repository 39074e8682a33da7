"""An exporter: where it answers, and what it says about whom."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from contracts import load
from obs.simulate.cluster import Cluster, Node, Pod
from obs.simulate.series import Family, Table, families

Target = Pod | Node


def node_of(target: Target) -> str:
    """The name of the node that a target is or runs on."""
    return target.name if isinstance(target, Node) else target.node


TableOf = Callable[[Cluster, Target], Table]


@dataclass(frozen=True, kw_only=True)
class Exporter:
    """One path on one port of the pods with the labels ``pods``, or of every node where ``pods`` is None.

    ``name`` is what a fault calls it. Without a contract it answers, but exposes nothing.
    """

    name: str
    system: str
    port: int
    path: str = "/metrics"
    pods: Mapping[str, str] | None
    contract: str | None
    component: str | None = None
    table: TableOf = lambda _cluster, _target: Table()

    def answers_for(self, target: Target) -> bool:
        if isinstance(target, Node) or self.pods is None:
            return isinstance(target, Node) and self.pods is None
        return self.pods.items() <= target.labels.items()

    def families(self, cluster: Cluster, target: Target) -> list[Family]:
        if self.contract is None:
            return []
        return families(load(self.contract), self.table(cluster, target), self.component)
