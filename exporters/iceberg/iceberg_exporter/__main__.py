"""``iceberg-exporter``"""

from __future__ import annotations

import sys

from iceberg_exporter import __version__
from iceberg_exporter.settings import IcebergSettings
from iceberg_exporter.source import CatalogSource
from scanning import Program, run

PROGRAM = Program(
    prefix="iceberg",
    label="catalog",
    units="tables",
    version=__version__,
    settings=IcebergSettings,
    source=lambda settings, _requested, _stopping: CatalogSource(settings),
)


def main() -> int:
    return run(PROGRAM)


if __name__ == "__main__":
    sys.exit(main())
