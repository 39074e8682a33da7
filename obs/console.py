"""What every command of the command line shares: where it prints, its common options, how it fails."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from model.contract import ContractError
from obs.errors import ObsError

_NO_WRAP = 10_000


def _console(*, stderr: bool) -> Console:
    """On a terminal as wide as that; in a pipe or a file a line of a table stays one line, whoever reads it."""
    console = Console(stderr=stderr)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = _NO_WRAP
    return console


out = _console(stderr=False)
err = _console(stderr=True)
Stack = Annotated[str, typer.Argument(help="A stack: prod for Pulumi.prod.yaml")]
Project = Annotated[Path, typer.Option(help="The checkout", exists=True, file_okay=False)]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document")]
HERE = Path()
INTERRUPTED = 130
"""Exit code of a command that Ctrl-C ended, as shells have it."""


@contextmanager
def errors() -> Iterator[None]:
    """Expected errors as one message without a traceback; exit code 2, so that 1 means findings."""
    try:
        yield
    except (ObsError, ContractError) as error:
        message = str(error)
    except OSError as error:
        message = f"{error.filename or ''}: {error.strerror or error}"
    except typer.Exit:
        raise
    except Exception:
        err.print_exception(show_locals=False)  # a defect of ours; locals may hold secrets
        raise typer.Exit(2) from None
    else:
        return
    err.print(f"[red]error:[/] {escape(message)}", highlight=False, soft_wrap=True)
    raise typer.Exit(2)


def print_json(data: object) -> None:
    sys.stdout.write(json.dumps(data, indent=2, ensure_ascii=False) + "\n")
