"""``obs simulate``: what can go wrong on the local platform, and one fault watched from its start to its end."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from obs.console import HERE, INTERRUPTED, Json, Project, err, errors, out, print_json
from obs.local.cli import DEFAULT, Name

if TYPE_CHECKING:
    from obs.local.state import State
    from obs.simulate.follow import Outcome
    from obs.simulate.scenario import Scenario


def simulate(
    name: Annotated[str | None, typer.Argument(help="A scenario; without one they are listed")] = None,
    *,
    hold: Annotated[
        str, typer.Option("--hold", metavar="5m", help="Let the fault hold so much longer once it is told")
    ] = "0s",
    timeout: Annotated[
        str | None, typer.Option("--timeout", metavar="2m", help="Wait no longer than this for alerts and their end")
    ] = None,
    heal: Annotated[bool, typer.Option("--heal", help="End the fault that holds")] = False,
    as_json: Json = False,
    platform: Name = DEFAULT,
    project: Project = HERE,
) -> None:
    """Inject a fault into the local platform and watch its alerts. Exits with 1 when they are not as they should be."""
    with errors():
        if heal:
            _heal(_running(project, platform))
        elif name is None:
            _list(as_json)
        else:
            scenario = _known(name)
            waits = _seconds("--hold", hold), None if timeout is None else _seconds("--timeout", timeout)
            outcome = _watched(scenario, _running(project, platform), *waits, as_json=as_json)
            raise typer.Exit(1 if outcome.problems else 0)


def _watched(scenario: Scenario, state: State, hold: float, timeout: float | None, *, as_json: bool) -> Outcome:
    """Follow the fault and print what happens; with JSON the steps go to stderr."""
    from obs.simulate.follow import Urls, follow
    from obs.simulate.show import Shown, table, verdict

    urls = Urls(simulator=state.simulator, prometheus=state.url("prometheus"), alertmanager=state.url("alertmanager"))
    console = err if as_json else out
    console.print(_headline(scenario), highlight=False, soft_wrap=True)
    shown = Shown(console)
    try:
        with _ended_like_ctrl_c(), shown.running():
            outcome = follow(scenario, urls, compression=state.compression, hold=hold, timeout=timeout, say=shown)
    except KeyboardInterrupt:  # also SIGTERM
        err.print("interrupted; the fault is healed")
        raise typer.Exit(INTERRUPTED) from None
    if as_json:
        print_json(outcome.to_dict())
        return outcome
    if not console.is_terminal:  # where it is, the live table has stayed
        console.print(table(outcome.timeline))
    for said in verdict(outcome):
        console.print(said, highlight=False, soft_wrap=True)
    return outcome


@contextmanager
def _ended_like_ctrl_c() -> Iterator[None]:
    """SIGTERM, which ends a process at once, would leave the fault."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _heal(state: State) -> None:
    from obs.simulate.follow import end

    name = end(state.simulator)
    out.print(f"{name} is healed" if name else "no fault holds", highlight=False)


def _running(project: Path, platform: str) -> State:
    from obs.local import state as states

    return states.load(states.folder(project, platform))


def _known(name: str) -> Scenario:
    from model.problems import did_you_mean
    from obs.simulate.follow import SimulateError
    from obs.simulate.scenarios import SCENARIOS

    if name not in SCENARIOS:
        raise SimulateError(f"no scenario {name!r}{did_you_mean(name, SCENARIOS)}")
    return SCENARIOS[name]


def _seconds(option: str, text: str) -> float:
    from model.quantity import seconds
    from obs.simulate.follow import SimulateError

    try:
        return seconds(text)
    except ValueError as error:
        raise SimulateError(f"{option}: {error}") from None


def _list(as_json: bool) -> None:
    from obs.simulate.scenarios import SCENARIOS

    if as_json:
        fields = ("name", "title", "description", "system")
        print_json([{**{f: getattr(s, f) for f in fields}, "alerts": sorted(s.alerts)} for s in SCENARIOS.values()])
        return
    for scenario in SCENARIOS.values():
        out.print(f"[bold]{scenario.name}[/] [dim]{scenario.system}[/]", highlight=False)
        out.print(f"  {_headline(scenario)}", highlight=False, soft_wrap=True)
        out.print(f"  fires {', '.join(sorted(scenario.alerts))}", highlight=False, soft_wrap=True)


def _headline(scenario: Scenario) -> str:
    return f"{escape(scenario.title)}: {escape(scenario.description)}"
