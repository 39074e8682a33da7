"""What the nodes' network interfaces carry and lose (spec 30-rules T11)."""

from __future__ import annotations

from model.expr import Expr
from model.promql import binary, max_by, metric, not_matching, rate, sum_by
from model.rule import Alert, Severity, Signal
from systems.base import above

# Virtual devices would count the same traffic twice.
_REAL_DEVICE = not_matching("device", "lo|veth.+|cali.+|cilium.+|flannel.+|docker.+|br-.+|tunl.+")
_INTERFACE = ("node", "device")
# Of a few packets one lost is a percent.
_ENOUGH_PACKETS = 100

_PACKETS = "dataops:node:packets_rate5m"
_ALL_PACKETS = max_by(metric(_PACKETS), "node")
"""Without the labels of the Prometheus that sent them, which nothing beside them has."""


def network_signals(link_mbit: int | None) -> tuple[Signal, ...]:
    """``link_mbit``: speed of the interfaces in Mbit/s where the drivers do not tell it."""
    return (
        _traffic("received", "node_network_receive_bytes_total"),
        _traffic("sent", "node_network_transmit_bytes_total"),
        _usage(link_mbit),
        _drops(),
        _packets_signal(),
    )


def _traffic(word: str, name: str) -> Signal:
    return Signal(
        name=f"node_network_{word}",
        title=f"Network traffic {word}",
        description=f"Bytes per second {word} by a node's physical interfaces, over 5 minutes.",
        good="Well below the link speed of the node.",
        unit="Bps",
        expr=sum_by(_by_interface(name), "node"),
        legend="{{node}} " + word,
    )


def _by_interface(name: str) -> Expr:
    """Per second, once for two node exporters: while one replaces the other a range holds both."""
    return max_by(rate(metric(name, _REAL_DEVICE), "5m"), *_INTERFACE)


def _by_node(received: str, sent: str) -> Expr:
    return sum_by(_by_interface(received), "node") + sum_by(_by_interface(sent), "node")


def _busier(received: str, sent: str) -> Expr:
    """The busier direction of each interface: a link carries both at once."""
    first, second = _by_interface(received), _by_interface(sent)
    return binary("and", first, first >= second) | second


def _usage(link_mbit: int | None) -> Signal:
    bytes_per_second = _busier("node_network_receive_bytes_total", "node_network_transmit_bytes_total")
    # A driver that does not know the speed of its link, as those of most virtual machines, tells -1 or nothing.
    told = max_by(metric("node_network_speed_bytes", _REAL_DEVICE, may_be_absent="not all drivers tell"), *_INTERFACE)
    speed: Expr | float = told > 0
    if link_mbit is not None:
        speed = link_mbit * 1e6 / 8
    return Signal(
        name="node_network_usage",
        title="Network use by node",
        description="Traffic of a node's busiest interface in its busier direction, as a share of the link's speed.",
        good="Below 70 %.",
        unit="percentunit",
        expr=max_by(bytes_per_second / speed, "node"),
        legend="{{node}}",
        maximum=1,
    )


def _packets_signal() -> Signal:
    return Signal(
        name="node_packets",
        title="Packets by node",
        description="Packets per second that a node's physical interfaces receive and send, over 5 minutes.",
        good="In proportion to the traffic; very many small packets cost CPU.",
        unit="pps",
        expr=_by_node("node_network_receive_packets_total", "node_network_transmit_packets_total"),
        legend="{{node}}",
        record=_PACKETS,
    )


def _drops() -> Signal:
    dropped = _by_node("node_network_receive_drop_total", "node_network_transmit_drop_total")
    return Signal(
        name="node_packet_drops",
        title="Packets dropped",
        description="Share of a node's packets that its physical interfaces dropped, over 5 minutes.",
        good="0; well below 1 %.",
        unit="percentunit",
        expr=dropped / (_ALL_PACKETS > 0),
        legend="{{node}}",
        maximum=1,
    )


def network_alerts(signals: dict[str, Signal]) -> tuple[Alert, ...]:
    """The target of 70 % (C34) is a matter of panels; 80 % is told."""
    return (
        above(
            "NodeNetworkBusy",
            signals["node_network_usage"],
            0.80,
            for_="10m",
            severity=Severity.MEDIUM,
            component="infrastructure",
            summary="Network of node {{ $labels.node }} is {{ $value | humanizePercentage }} busy",
            description="An interface of the node has carried more than 80 % of what it can for 10 minutes.",
        ),
        above(
            "NodePacketsDropped",
            signals["node_packet_drops"],
            0.01,
            for_="10m",
            severity=Severity.MEDIUM,
            component="infrastructure",
            summary="Node {{ $labels.node }} drops {{ $value | humanizePercentage }} of its packets",
            description="The node's interfaces have dropped more than 1 % of the packets for 10 minutes.",
            guard=_ALL_PACKETS > _ENOUGH_PACKETS,
        ),
    )
