"""What goes wrong with Loki."""

from __future__ import annotations

from obs.simulate.scenario import Change, Down, Scenario, Set, Step


def _scenario(name: str, title: str, description: str, alert: str, within: str, *changes: Change | Down) -> Scenario:
    return Scenario(
        name=name,
        title=title,
        description=description,
        system="loki",
        changes=changes,
        alerts=(alert,),
        within=within,
    )


SCENARIOS = (
    _scenario(
        "lines-refused",
        "Loki refuses lines",
        "An application logs in a loop, above the limit of rates.",
        "LokiLinesDiscarded",
        "22m",
        Change("loki_discarded_samples_total", Step(100, every="30s"), {"reason": "rate_limited"}),
    ),
    _scenario(
        "chunks-stay",
        "Loki cannot write chunks",
        "Object storage refuses them.",
        "LokiFlushFailing",
        "22m",
        Change("loki_ingester_chunks_flush_failures_total", Step(1, every="1m")),
    ),
    _scenario(
        "loki-disk-full",
        "The volume of Loki is full",
        "Lines are taken without the write-ahead log.",
        "LokiLogDiskFull",
        "6m",
        Change("loki_ingester_wal_disk_full_failures_total", Step(1, every="30s")),
    ),
    _scenario(
        "retention-stuck",
        "Nothing is deleted",
        "The compactor runs into an error in each round.",
        "LokiRetentionNotRunning",
        "20m",
        Change("loki_compactor_apply_retention_last_successful_run_timestamp_seconds", Set(1_700_000_000)),
    ),
    _scenario(
        "loki-panics",
        "Loki panics",
        "A query of a certain form runs into a fault of the program.",
        "LokiPanics",
        "6m",
        Change("loki_panic_total", Step(1, every="30s")),
    ),
    _scenario(
        "loki-down",
        "Loki does not answer",
        "Nobody sees logs, and agents wait.",
        "LokiSilent",
        "6m",
        Down("loki"),
    ),
)
