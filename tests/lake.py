"""A real Iceberg catalog (SQL, in a file) with real Parquet files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
from pyiceberg.catalog import Catalog, load_catalog
from pyiceberg.table import Table


def rows(count: int, first: int = 0) -> pa.Table:
    return pa.table({"id": list(range(first, first + count)), "region": [f"r{n % 4}" for n in range(count)]})


class Lake:
    """In ``folder``; ``properties`` are those that pyiceberg needs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.properties = {
            "type": "sql",
            "uri": f"sqlite:///{folder}/catalog.db",
            "warehouse": f"file://{folder}/warehouse",
        }
        self.catalog: Catalog = load_catalog("lake", **self.properties)

    def table(self, name: str, commits: int = 1, per_commit: int = 100, **properties: Any) -> Table:
        """A table with that many commits of so many rows, each a file."""
        self.catalog.create_namespace_if_not_exists(name.rpartition(".")[0])
        table = self.catalog.create_table(name, rows(1).schema, properties=properties)
        for number in range(commits):
            table.append(rows(per_commit, number * per_commit))
        return table
