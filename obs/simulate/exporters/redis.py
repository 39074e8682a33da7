"""The stack's own exporters, and the Redis that each of them asks."""

from __future__ import annotations

from obs.simulate.cluster import Cluster
from obs.simulate.exporter import Exporter, Target
from obs.simulate.series import Rows, Table
from obs.simulate.values import Clock, Events, Fixed, Growth, Since, Wave

MAX_MEMORY = 2 * 2**30
MAX_CLIENTS = 10_000


def _table(_cluster: Cluster, _target: Target) -> Table:
    return Table(
        rows=(Rows.of("cmd", "get", "set", "expire"), Rows.of("db", "db0")),
        defaults={
            "role": "master",
            "redis_version": "8.2.3",
            "redis_mode": "standalone",
            "maxmemory_policy": "noeviction",
        },
        values=(
            ("redis_(up|master_link_up|rdb_last_bgsave_status|aof_last_.*_status)", Fixed(1)),
            ("redis_memory_max_bytes|redis_config_maxmemory", Fixed(MAX_MEMORY)),
            ("redis_memory_used_bytes", Wave(0.5 * MAX_MEMORY, 0.02)),
            ("redis_max_clients|redis_config_maxclients", Fixed(MAX_CLIENTS)),
            ("redis_connected_clients", Wave(120)),
            ("redis_keyspace_hits_total", Events(900)),
            ("redis_keyspace_misses_total", Events(60)),
            ("redis_(commands_processed|commands)_total", Events(1200)),
            ("redis_commands_duration_seconds_total", Growth(0.01)),
            ("redis_(evicted|rejected|expired_stale)_?.*_total", Fixed(0)),
            ("redis_(loading_dump_file|.*_in_progress|.*_last_scrape_error|blocked_clients)", Fixed(0)),
            ("redis_rdb_last_save_timestamp_seconds", Clock(600)),
            ("redis_start_time_seconds|process_start_time_seconds", Since()),
        ),
    )


EXPORTER = Exporter(
    name="redis-exporter",
    system="redis",
    port=9121,
    pods={"app.kubernetes.io/name": "prometheus-redis-exporter"},
    contract="redis-exporter",
    table=_table,
)
