"""What the exporters of the stack's own parts have in common: servers in Go that have run for days without a fault."""

from __future__ import annotations

from obs.simulate.exporter import Exporter
from obs.simulate.series import Labels, Rows, Table, ValueOf
from obs.simulate.values import Events, Fixed, Value

Values = tuple[tuple[str, ValueOf | Value | float], ...]
# What only a fault moves, and a name does not tell.
_QUIET: Values = (
    (".*_(refused|exceeded|missed|panic|halted|rejected|limited|retries|skipped|conflicts|invalid).*", Fixed(0)),
    ("process_max_fds|process_virtual_memory_max_bytes", Fixed(1_048_576)),
)


def part(
    system: str,
    name: str,
    port: int,
    pods: Labels,
    contract: str,
    *,
    component: str | None = None,
    rows: tuple[Rows, ...] = (),
    values: Values = (),
    scales: tuple[tuple[str, float], ...] = (),
    defaults: Labels | None = None,
) -> Exporter:
    """One endpoint of a part of the stack."""
    table = Table(rows=rows, values=(*values, *_QUIET), scales=scales, defaults=defaults or {})
    return Exporter(
        name=name,
        system=system,
        port=port,
        pods=pods,
        contract=contract,
        component=component,
        table=lambda _cluster, _target: table,
    )


def only(label: str, *values: str, per_minute: float = 30) -> ValueOf:
    """A counter of events that counts those of some values of a label; of others there have been none."""

    def value(labels: Labels) -> Value:
        return Events(per_minute) if labels.get(label) in values else Fixed(0)

    return value
