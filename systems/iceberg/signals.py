"""What tables and their catalog mean: the signals of Iceberg."""

from __future__ import annotations

from model.expr import Expr, Selector
from model.limits import over
from model.promql import eq, max_by, metric, not_matching, sum_by
from model.rule import Signal

JOB = "iceberg-exporter"
_TABLE = ("catalog", "database", "table")
_LEGEND = "{{database}}.{{table}}"
_NO_TABLE_YET = "a catalog may be without tables, or without data in them"


def _deletes(expected: tuple[str, ...]) -> Selector:
    deletes = metric("iceberg_table_removed_files", eq("operation", "delete"), may_be_absent=_NO_TABLE_YET)
    return deletes.where(not_matching("table", "|".join(expected))) if expected else deletes


def table_age(leave_out: tuple[str, ...]) -> Expr:
    """Seconds since the last commit that changed a table's data, without the tables that match ``leave_out``."""
    lag = metric("iceberg_table_commit_lag_seconds", may_be_absent=_NO_TABLE_YET)
    return max_by(lag.where(not_matching("table", "|".join(leave_out))) if leave_out else lag, *_TABLE)


def table_signals(deletes_expected: tuple[str, ...]) -> tuple[Signal, ...]:
    """A second exporter of one catalog says the same: the maximum, not the sum."""
    by_size = max_by(metric("iceberg_table_files", may_be_absent=_NO_TABLE_YET), *_TABLE, "size_category")
    files = sum_by(by_size, *_TABLE)
    removed = max_by(_deletes(deletes_expected), *_TABLE)
    sizes = max_by(metric("iceberg_table_metadata_size_bytes", may_be_absent=_NO_TABLE_YET), *_TABLE, "part")

    def of_table(name: str) -> Expr:
        return max_by(metric(f"iceberg_table_{name}", may_be_absent=_NO_TABLE_YET), *_TABLE)

    return (
        Signal(
            name="small_files_ratio",
            title="Small files",
            description="Share of a table's data files that is small, by the exporter's limit.",
            good="Below 30 %.",
            unit="percentunit",
            expr=of_table("small_files_ratio"),
            legend=_LEGEND,
            record="dataops:iceberg:small_files_ratio",
            maximum=1,
        ),
        Signal(
            name="files",
            title="Data files",
            description="Data files of a table's current snapshot.",
            good="At most 10,000.",
            unit="short",
            expr=files,
            legend=_LEGEND,
            record="dataops:iceberg:files",
        ),
        Signal(
            name="snapshots",
            title="Snapshots",
            description="Snapshots that a table keeps.",
            good="At most 100.",
            unit="short",
            expr=of_table("snapshots"),
            legend=_LEGEND,
        ),
        Signal(
            name="lost_files_share",
            title="Files deleted in a day",
            description="Data files that deletes of the last day removed, as a share of what the table had.",
            good="Below 50 %. Compaction and overwriting do not count.",
            unit="percentunit",
            expr=removed / (files + removed > 0),
            legend=_LEGEND,
            record="dataops:iceberg:lost_files_share",
            maximum=1,
        ),
        Signal(
            name="metadata_size",
            title="Table metadata",
            description="Bytes of metadata that a reader of a table's current snapshot needs.",
            good="Megabytes; more slow down the planning of every query.",
            unit="bytes",
            expr=sum_by(sizes, *_TABLE),
            legend=_LEGEND,
        ),
        Signal(
            name="size",
            title="Table size",
            description="Bytes of the data files of a table's current snapshot.",
            good="Grows as expected.",
            unit="bytes",
            expr=of_table("size_bytes"),
            legend=_LEGEND,
        ),
        Signal(
            name="compaction_due",
            title="Tables due for compaction",
            description="1 for each table that should be compacted, and why.",
            good="Few tables, and not the same for days.",
            unit="short",
            expr=max_by(metric("iceberg_table_compaction_due", may_be_absent=_NO_TABLE_YET), *_TABLE, "reason") > 0,
            legend=_LEGEND + " {{reason}}",
            limits=over(warning=0),
        ),
        Signal(
            name="commit_lag",
            title="Time since the last change",
            description="Time since the last commit that changed a table's data, at the last scan.",
            good="Below 2 hours for tables that are filled all day.",
            unit="s",
            expr=of_table("commit_lag_seconds"),
            legend=_LEGEND,
        ),
    )


def catalog_signals() -> tuple[Signal, ...]:
    return (
        Signal(
            name="unreadable_catalogs",
            title="Catalogs that cannot be read",
            description="1 for each catalog that the exporter could not ask in its last scan.",
            good="0.",
            unit="short",
            expr=1 - max_by(metric("iceberg_exporter_up"), "catalog"),
            legend="{{catalog}}",
        ),
        Signal(
            name="tables",
            title="Tables in the last scan",
            description="Tables of the last scan: read, failed, or left out because there are too many.",
            good="All are read.",
            unit="short",
            expr=max_by(metric("iceberg_exporter_tables"), "catalog", "state"),
            legend="{{catalog}} {{state}}",
        ),
    )
