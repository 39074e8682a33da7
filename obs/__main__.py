"""``python -m obs``."""

from obs.cli import app

app()
