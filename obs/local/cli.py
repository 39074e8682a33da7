"""``obs local``: the whole stack alive on this machine."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from obs.console import HERE, INTERRUPTED, Json, Project, err, errors, out, print_json
from obs.verify.cli import Choices, Markdown

if TYPE_CHECKING:
    from obs.local.state import State
    from obs.verify.datasources import Urls
    from settings import Settings

app = typer.Typer(no_args_is_help=True, help="The whole stack alive on this machine: real servers, simulated platform.")
Name = Annotated[str, typer.Option("--name", help="Which local platform of this checkout")]
DEFAULT = "local"


@app.command()
def up(
    compression: Annotated[
        int | None,
        typer.Option("--time-compression", min=1, max=60, help="Divide every duration by this; 1 is production's pace"),
    ] = None,
    by_apply: Annotated[
        bool, typer.Option("--apply", help="Server-side apply also where the Pulumi CLI is installed")
    ] = False,
    only: Annotated[
        list[str] | None, typer.Option("--system", help="Only this system of the stack, and others so named")
    ] = None,
    name: Name = DEFAULT,
    project: Project = HERE,
) -> None:
    """Start it, or bring the one that runs up to date; returns when every target is up."""
    from components.charts import CHARTS, archive_path
    from obs.chart_cache import pull
    from obs.local import state as states
    from obs.local.up import up as start
    from obs.toolchain import ensure_local

    started = time.monotonic()
    with errors():
        place = states.folder(project, name)
    with errors(), states.only_one(place):
        tools = ensure_local(err)
        if lacking := [pin for pin in CHARTS.values() if not archive_path(pin).is_file()]:
            pull(lacking, None, console=err)
        with err.status("starting") as status:

            def say(what: str) -> None:
                status.update(what)
                err.print(f"[dim]{time.monotonic() - started:5.1f} s[/] {what}", highlight=False)

            try:
                state = start(
                    project, place, tools, by_apply=by_apply, compression=compression, only=only or (), say=say
                )
            except KeyboardInterrupt:
                err.print("interrupted; what was started is stopped")
                raise typer.Exit(INTERRUPTED) from None
    _print(state)
    stops = "make down" if name == DEFAULT and project == HERE else f"obs local down --name {name} --project {project}"
    out.print(f"up after {time.monotonic() - started:.1f} s; `{stops}` stops it", highlight=False)


@app.command()
def down(name: Name = DEFAULT, project: Project = HERE) -> None:
    """Stop it; nothing is left."""
    from obs.local import state as states
    from obs.local.up import down as stop

    with errors():
        place = states.folder(project, name)
        with states.only_one(place):
            crashed = states.peek(place) is not None
            ran = stop(place)
    out.print("stopped" if ran else "removed what was left of it" if crashed else "nothing ran")


@app.command()
def status(as_json: Json = False, name: Name = DEFAULT, project: Project = HERE) -> None:
    """What runs and where. Exits with 1 when a server is down."""
    from dataclasses import asdict

    from obs.local import state as states

    with errors():
        state = states.load(states.folder(project, name))
    if as_json:
        print_json(asdict(state))
    else:
        _print(state)
    raise typer.Exit(1 if state.problem or any(p.pid is None for p in state.processes.values()) else 0)


@app.command()
def verify(
    *,
    choices: Choices = None,
    as_json: Json = False,
    as_markdown: Markdown = False,
    name: Name = DEFAULT,
    project: Project = HERE,
) -> None:
    """Compare what runs with the program: `obs verify --strict` of this platform."""
    from obs.local import deploy
    from obs.local import state as states
    from obs.run import run_stack
    from obs.verify.cli import run_verify

    with errors():
        place = states.folder(project, name)
        state = states.load(place)
        run = run_stack(deploy.STACK, project, config=deploy.stack_config(deploy.Target(project, place, state)))
        urls = _asked(place, state, run.settings)
    run_verify(urls, project, run=run, strict=True, choices=choices, as_json=as_json, as_markdown=as_markdown)


def _asked(place: Path, state: State, settings: Settings) -> Urls:
    """Everything that runs here and can be asked; something is sent where it can be looked for."""
    from components.services import Services
    from obs.local import state as states
    from obs.verify.datasources import Urls

    services = Services(settings)
    running = {name: process.url for name, process in state.processes.items()}
    gateway = state.processes.get(services.collector_gateway.name)
    loki = running.get(services.loki.name) if settings.logs.enabled else None
    return Urls(
        prometheus=state.url("prometheus"),
        alertmanager=states.as_sent_to(place, state, "alertmanager"),
        querier=running.get(services.thanos_query_frontend.name) if settings.thanos_mode else None,
        loki=loki,
        otlp=f"http://{gateway.addresses['otlp-http']}" if gateway and loki else None,
    )


@app.command()
def logs(
    server: Annotated[str, typer.Argument(help="A server, as `obs local status` names it")],
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until interrupted")] = False,
    name: Name = DEFAULT,
    project: Project = HERE,
) -> None:
    """Print the log of one server, also after a crash."""
    from obs.local import state as states

    with errors():
        place = states.folder(project, name)
        state = states.peek(place) or states.load(place)
        found = state.processes.get(server)
        if found is None:
            raise states.LocalError(f"no server {server!r}; there are: {', '.join(sorted(state.processes))}")
        _print_log(Path(found.log), follow)


def _print_log(path: Path, follow: bool) -> None:
    with path.open(errors="replace") as log:
        while True:
            for line in log:
                out.print(line, end="", markup=False, highlight=False, soft_wrap=True)
            if not follow:
                return
            try:
                time.sleep(0.3)
            except KeyboardInterrupt:
                return


def _print(state: State) -> None:
    table = Table(box=None, pad_edge=False)
    for column in ("server", "state", "address", "memory"):
        table.add_column(column, overflow="fold")
    total = 0
    for process in state.processes.values():
        memory = _memory(process.pid)
        total += memory
        running = "[green]running[/]" if process.pid is not None else f"[red]{process.problem}[/]"
        again = f", started {process.restarts + 1} times" if process.restarts else ""
        table.add_row(process.name, running + again, process.url, f"{memory / 2**20:.0f} MiB")
    out.print(table)
    if state.problem:
        out.print(f"[red]{state.problem}[/]", highlight=False)
    for pod, tool in state.simulated.items():
        out.print(f"{pod} is simulated: no {tool} runs here", highlight=False)
    out.print(f"notifications: {state.simulator}/-/notifications", highlight=False, soft_wrap=True)
    out.print(f"{total / 2**20:.0f} MiB in all; time runs {state.compression} times as fast", highlight=False)
    out.print(f"export KUBECONFIG={state.kubeconfig}", highlight=False, soft_wrap=True)


def _memory(pid: int | None) -> int:
    """Resident memory in bytes; 0 for a process that is gone."""
    import psutil

    try:
        return int(psutil.Process(pid).memory_info().rss) if pid is not None else 0
    except psutil.NoSuchProcess:
        return 0
