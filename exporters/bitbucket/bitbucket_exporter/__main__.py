"""``bitbucket-exporter``"""

from __future__ import annotations

import sys

from bitbucket_exporter import __version__
from bitbucket_exporter.settings import BitbucketSettings
from bitbucket_exporter.source import BitbucketSource
from scanning import Program, run

PROGRAM = Program(
    prefix="bitbucket",
    label="bitbucket",
    units="repositories",
    version=__version__,
    settings=BitbucketSettings,
    source=BitbucketSource,
    requests=True,
)


def main() -> int:
    return run(PROGRAM)


if __name__ == "__main__":
    sys.exit(main())
