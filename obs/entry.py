"""The command ``obs``: runs the workbench of the checkout that one stands in."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main() -> None:
    """Start the command line; in another checkout than the installed one, with that checkout's own code.

    Program and workbench share their types, so they must come from the same place.
    """
    here = Path.cwd()
    own = Path(__file__).resolve().parent.parent
    if (here / "obs" / "cli.py").is_file() and here.resolve() != own:
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(here), os.environ.get("PYTHONPATH"))))
        os.execv(sys.executable, [sys.executable, "-m", "obs", *sys.argv[1:]])
    from obs.cli import app

    app()
