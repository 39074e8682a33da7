"""What goes wrong with Redis."""

from __future__ import annotations

from obs.simulate.exporters.redis import MAX_CLIENTS, MAX_MEMORY
from obs.simulate.scenario import Change, Down, Scenario, Set


def _scenario(name: str, title: str, description: str, change: Change | Down, told: tuple[str, str]) -> Scenario:
    alert, within = told
    return Scenario(
        name=name,
        title=title,
        description=description,
        system="redis",
        changes=(change,),
        alerts=(alert,),
        within=within,
    )


SCENARIOS = (
    _scenario(
        "redis-down",
        "Redis does not answer",
        "The process was killed for memory and loads its data again.",
        Change("redis_up", Set(0)),
        ("RedisDown", "5m"),
    ),
    _scenario(
        "redis-memory",
        "Redis is nearly full",
        "Keys without an expiry pile up: 96 % of maxmemory is used.",
        Change("redis_memory_used_bytes", Set(0.96 * MAX_MEMORY)),
        ("RedisMemoryHigh", "8m"),
    ),
    _scenario(
        "redis-connections",
        "Redis has too many clients",
        "A release of an application opens a connection for each request.",
        Change("redis_connected_clients", Set(0.9 * MAX_CLIENTS)),
        ("RedisConnectionsHigh", "8m"),
    ),
    _scenario(
        "redis-replication",
        "A replica lost its primary",
        "The primary's password was changed, the replica's was not.",
        Change("redis_master_link_up", Set(0)),
        ("RedisReplicationBroken", "8m"),
    ),
    _scenario(
        "redis-save",
        "Redis cannot save",
        "The volume is full.",
        Change("redis_rdb_last_bgsave_status", Set(0)),
        ("RedisSaveFailed", "18m"),
    ),
    _scenario(
        "redis-exporter-down",
        "The Redis exporters do not answer",
        "Nothing is known of any Redis.",
        Down("redis-exporter"),
        ("RedisExporterSilent", "6m"),
    ),
)
