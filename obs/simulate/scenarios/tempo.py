"""What goes wrong with Tempo."""

from __future__ import annotations

from obs.simulate.scenario import Change, Down, Scenario, Step


def _scenario(name: str, title: str, description: str, alert: str, within: str, *changes: Change | Down) -> Scenario:
    return Scenario(
        name=name,
        title=title,
        description=description,
        system="tempo",
        changes=changes,
        alerts=(alert,),
        within=within,
    )


SCENARIOS = (
    _scenario(
        "spans-refused",
        "Tempo refuses spans",
        "It is starting, and takes longer than usual.",
        "TempoSpansRefused",
        "16m",
        Change("tempo_receiver_refused_spans", Step(50, every="30s")),
    ),
    _scenario(
        "spans-discarded",
        "Tempo throws spans away",
        "More spans come than its limit allows.",
        "TempoSpansDiscarded",
        "16m",
        Change("tempo_discarded_spans_total", Step(50, every="30s"), {"reason": "rate_limited"}),
    ),
    _scenario(
        "traces-stay",
        "Tempo cannot write blocks",
        "Object storage refuses them.",
        "TempoWritesFailing",
        "22m",
        Change("tempo_ingester_failed_flushes_total", Step(1, every="1m")),
    ),
    _scenario(
        "traces-not-compacted",
        "Tempo cannot compact",
        "A block in the bucket is damaged.",
        "TempoCompactionFailing",
        "45m",
        Change("tempodb_compaction_errors_total", Step(1, every="5m")),
    ),
    _scenario(
        "traces-not-listed",
        "Tempo cannot list its blocks",
        "It may write into the bucket, and may not list it.",
        "TempoBlocklistFailing",
        "22m",
        Change("tempodb_blocklist_poll_errors_total", Step(1, every="1m")),
    ),
    _scenario(
        "tempo-down",
        "Tempo does not answer",
        "Nobody sees traces, and the samplers' queues fill.",
        "TempoSilent",
        "6m",
        Down("tempo"),
    ),
)
