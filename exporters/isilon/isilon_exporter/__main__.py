"""``isilon-exporter``"""

from __future__ import annotations

import sys

from isilon_exporter import __version__
from isilon_exporter.settings import IsilonSettings
from isilon_exporter.source import ClusterSource
from scanning import Program, run

PROGRAM = Program(
    prefix="isilon",
    label="isilon",
    units="parts",
    version=__version__,
    settings=IsilonSettings,
    source=ClusterSource,
    requests=True,
)


def main() -> int:
    return run(PROGRAM)


if __name__ == "__main__":
    sys.exit(main())
