"""The command ``obs verify``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from obs.console import HERE, Json, Project, err, errors, out, print_json
from obs.errors import ObsError

if TYPE_CHECKING:
    from obs.run import StackRun
    from obs.verify.datasources import Urls

Markdown = Annotated[bool, typer.Option("--markdown", help="Print Markdown, for a ticket or a pull request")]

Choices = Annotated[
    int | None,
    typer.Option(help="Also try so many values of each variable of the dashboards", metavar="N", min=1),
]


def verify(
    *,
    prometheus: Annotated[str, typer.Option(help="Address of Prometheus or of a Thanos querier", metavar="URL")],
    alertmanager: Annotated[str | None, typer.Option(help="Address of Alertmanager", metavar="URL")] = None,
    querier: Annotated[
        str | None, typer.Option(help="Address of the Thanos query frontend, or of a querier", metavar="URL")
    ] = None,
    loki: Annotated[str | None, typer.Option(help="Address of Loki", metavar="URL")] = None,
    tempo: Annotated[str | None, typer.Option(help="Address of Tempo", metavar="URL")] = None,
    otlp: Annotated[
        str | None,
        typer.Option(help="OTLP/HTTP address of the collector: a log line and a trace are written", metavar="URL"),
    ] = None,
    stack: Annotated[str | None, typer.Option(help="The stack; otherwise Prometheus' label cluster tells")] = None,
    as_json: Json = False,
    as_markdown: Markdown = False,
    choices: Choices = None,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count as findings")] = False,
    project: Project = HERE,
) -> None:
    """Compare a running stack with its plan: targets, metrics, rules, panels, data sources, and what they are made of.

    Exits with 1 on a finding and with 2 where nothing could be compared. A bearer token is taken from
    $OBS_BEARER_TOKEN.
    """
    from obs.verify.datasources import Urls

    urls = Urls(prometheus=prometheus, alertmanager=alertmanager, querier=querier, loki=loki, tempo=tempo, otlp=otlp)
    run_verify(urls, project, stack=stack, strict=strict, choices=choices, as_json=as_json, as_markdown=as_markdown)


def run_verify(
    urls: Urls,
    project: Path,
    *,
    stack: str | None = None,
    run: StackRun | None = None,
    strict: bool,
    choices: int | None = None,
    as_json: bool,
    as_markdown: bool,
) -> None:
    """Verify, print, and leave with the exit code: 0 as planned, 1 findings, 2 could not verify.

    ``run`` is the stack as it was deployed, where that is not as its file has it.
    """
    with errors():
        if urls.otlp and not (urls.loki or urls.tempo):
            raise ObsError("--otlp sends what is then looked for: give --loki or --tempo, too")
        if as_json and as_markdown:
            raise ObsError("--json and --markdown are two forms of the same; give one of them")
        from obs.verify.report import markdown, print_report
        from obs.verify.run import verify_running

        with err.status("asking Prometheus") as status:
            done = verify_running(
                urls, project, stack=stack, run=run, strict=strict, choices=choices, say=status.update
            )
    if as_json:
        print_json(done.to_dict())
    elif as_markdown:
        typer.echo(markdown(done), nl=False)
    else:
        print_report(out, done)
    raise typer.Exit(0 if done.clean else 1)
