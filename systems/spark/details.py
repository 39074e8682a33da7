"""What is asked of one Spark application: its stages, tasks, executors, input (spec 60-dashboards 5.1)."""

from __future__ import annotations

from model.expr import Expr, Selector
from model.promql import count_by, increase, max_by, metric, ne, rate, sum_by
from model.rule import Signal
from systems.spark.signals import ONLY_WHILE_RUNNING

_APPLICATION = ("namespace", "application_name")
_SHOWN = "{{namespace}}/{{application_name}}"
_EXECUTOR = (*_APPLICATION, "executor_id")


def detail_signals() -> tuple[Signal, ...]:
    return (*_stages(), *_executors())


def _stages() -> tuple[Signal, ...]:
    def of(name: str) -> Expr:
        found = metric(f"metrics_spark_driver_DAGScheduler_stage_{name}_Value", may_be_absent=ONLY_WHILE_RUNNING)
        return sum_by(found, "namespace", "application")

    shown = "{{namespace}}/{{application}}"
    return (
        Signal(
            name="stages_running",
            title="Stages",
            description="Stages of an application that run.",
            good="Not 0 while it has work.",
            unit="short",
            expr=of("runningStages"),
            legend=f"{shown} running",
        ),
        Signal(
            name="stages_waiting",
            title="Stages that wait",
            description="Stages of an application that wait for others to end.",
            good="Falls as the application goes on.",
            unit="short",
            expr=of("waitingStages"),
            legend=f"{shown} waiting",
        ),
    )


def _executors() -> tuple[Signal, ...]:
    def of(name: str) -> Selector:
        # The entry "driver" has no tasks of its own.
        return metric(f"metrics_executor_{name}", ne("executor_id", "driver"), may_be_absent=ONLY_WHILE_RUNNING)

    tasks = max_by(of("activeTasks"), *_EXECUTOR)
    rows: tuple[tuple[str, str, str, str, str, Expr, str], ...] = (
        ("executors", "Executors", "Executors of an application that are alive.", "As many as it asked for.", "short",
         count_by(tasks, *_APPLICATION), _SHOWN),
        ("tasks_running", "Running tasks by executor", "Tasks that an executor works on.",
         "Equal for all: one that is far ahead has the skewed partition.", "short", tasks, _SHOWN + " {{executor_id}}"),
        ("tasks_failed", "Failed tasks by executor", "Tasks that failed on an executor in the last hour.",
         "0; all on one executor mean that its node is ill.", "short",
         sum_by(increase(of("failedTasks_total"), "1h"), *_EXECUTOR), _SHOWN + " {{executor_id}}"),
        ("input_read", "Input read", "Bytes of input that an application reads per second.",
         "Steady while it reads; 0 for long means that it waits.", "Bps",
         sum_by(rate(of("totalInputBytes_bytes_total"), "5m"), *_APPLICATION), _SHOWN),
        ("executor_heap", "Heap by executor", "Peak of the heap that an executor has used.",
         "Below what it was given.", "bytes", max_by(of("JVMHeapMemory_bytes"), *_EXECUTOR),
         _SHOWN + " {{executor_id}}"),
    )  # fmt: skip
    return tuple(
        Signal(name=name, title=title, description=said, good=good, unit=unit, expr=expr, legend=legend)
        for name, title, said, good, unit, expr, legend in rows
    )
