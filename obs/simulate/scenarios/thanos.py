"""What goes wrong with Thanos."""

from __future__ import annotations

from obs.simulate.scenario import Change, Down, Rate, Scenario, Set, Step

_OF_RULER = {"strategy": "abort"}
_UPLOADS = {"operation": "upload"}


def _scenario(name: str, title: str, description: str, alert: str, within: str, *changes: Change | Down) -> Scenario:
    return Scenario(
        name=name,
        title=title,
        description=description,
        system="thanos",
        changes=changes,
        alerts=(alert,),
        within=within,
    )


SCENARIOS = (
    _scenario(
        "compactor-halted",
        "The compactor has halted",
        "Two blocks of one source overlap.",
        "ThanosCompactHalted",
        "9m",
        Change("thanos_compact_halted", Set(1)),
    ),
    _scenario(
        "compaction-fails",
        "Compactions fail",
        "The compactor's volume is too small for the blocks of two weeks.",
        "ThanosCompactFailing",
        "45m",
        Change("thanos_compact_group_compactions_failures_total", Step(1, every="5m")),
    ),
    _scenario(
        "ruler-fails",
        "Rules of the Ruler fail",
        "The querier does not answer it.",
        "ThanosRuleFailing",
        "18m",
        Change("prometheus_rule_evaluation_failures_total", Step(1, every="1m"), _OF_RULER),
    ),
    _scenario(
        "ruler-stands-still",
        "The Ruler evaluates nothing",
        "It is stuck.",
        "ThanosRuleNotEvaluating",
        "16m",
        Change("prometheus_rule_evaluations_total", Rate(0), _OF_RULER),
    ),
    _scenario(
        "ruler-alerts-dropped",
        "Alerts of the Ruler are thrown away",
        "No Alertmanager answers it.",
        "ThanosRuleAlertsDropped",
        "5m",
        Change("thanos_alert_queue_alerts_dropped_total", Step(3, every="30s")),
    ),
    _scenario(
        "queries-fail",
        "Queries fail",
        "A store answers with errors, and partial answers are switched off.",
        "ThanosQueryFailing",
        "22m",
        Change("http_requests_total", Step(30, every="30s"), {"handler": "query", "code": "500"}),
    ),
    _scenario(
        "store-fails",
        "Stores fail",
        "The index of a block is damaged.",
        "ThanosStoreFailing",
        "22m",
        Change("grpc_server_handled_total", Step(30, every="30s"), {"grpc_code": "Internal"}),
    ),
    _scenario(
        "bucket-fails",
        "Object storage refuses uploads",
        "The bucket's quota is used up.",
        "ThanosBucketFailing",
        "25m",
        Change("thanos_objstore_bucket_operation_failures_total", Step(5, every="1m"), _UPLOADS),
        Change("thanos_objstore_bucket_operations_total", Step(5, every="1m"), _UPLOADS),
    ),
    _scenario(
        "no-upload",
        "No block is uploaded",
        "The side car is stuck since yesterday.",
        "ThanosUploadStale",
        "20m",
        Change("thanos_objstore_bucket_last_successful_upload_time", Set(1_700_000_000)),
    ),
    _scenario(
        "sidecar-disconnected",
        "The side car does not reach Prometheus",
        "Prometheus does not answer on its own pod's address.",
        "ThanosSidecarDisconnected",
        "9m",
        Change("thanos_sidecar_prometheus_up", Set(0)),
    ),
    _scenario(
        "thanos-query-down",
        "The querier does not answer",
        "Dashboards are empty.",
        "ThanosPartSilent",
        "6m",
        Down("thanos-query"),
    ),
)
