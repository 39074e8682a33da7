"""The timed bars, for ``make bench``: medians, and what they must stay under.

Timings are no tests: machines differ and are busy. Ratios to helm alone carry over better than seconds.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median

import psutil
from rich.console import Console
from rich.table import Table

from components.charts import cache_dir
from dashboards.grafana import dashboard_json
from dashboards.tree import dashboards_of
from model.dashboard import Store
from model.promql import eq, metric
from model.slo import Slo
from obs import helm
from obs.chart_archive import ChartError
from obs.chart_cache import use
from obs.check.run import chart_orders
from obs.local.state import peek
from obs.local.up import down, up
from obs.record import record
from obs.run import StackRun, run_stack
from obs.toolchain import available
from obs.toolchain_table import LOCAL, OPTIONAL
from slo.rules import compile_slo

ROOT = Path(__file__).resolve().parent.parent
MANY = ROOT / "tests" / "programs" / "many"
RUNS = 7
STACK = "prod"


def timed(action: Callable[[], object], runs: int = RUNS, before: Callable[[], object] = lambda: None) -> float:
    """Median seconds of ``runs`` runs of ``action`` after one that is not counted; ``before`` is not timed."""
    lengths = []
    for _ in range(runs + 1):
        before()
        started = time.perf_counter()
        action()
        lengths.append(time.perf_counter() - started)
    return median(lengths[1:])


def obs(*arguments: str, folder: Path = ROOT) -> None:
    """A whole process, as a person starts it. Findings (exit code 1) do not stop the clock."""
    done = subprocess.run([sys.executable, "-m", "obs", *arguments], cwd=folder, check=False, stdout=subprocess.DEVNULL)
    if done.returncode > 1:
        raise SystemExit(done.returncode)


def used(action: Callable[[], object], runs: int = 3, before: Callable[[], object] = lambda: None) -> str:
    """Median seconds of ``action`` as :func:`timed` counts them, and of the processor time of its processes."""
    spent = []

    def counted() -> None:
        started = getrusage(RUSAGE_CHILDREN)
        action()
        ended = getrusage(RUSAGE_CHILDREN)
        spent.append(ended.ru_utime + ended.ru_stime - started.ru_utime - started.ru_stime)

    wall = timed(counted, runs, before)
    return f"{wall:.2f} s, {median(spent[1:]):.2f} s of processor"


def helm_alone(run: StackRun, program: Path) -> None:
    """``helm template`` for each of the stack's charts, one after the other."""
    for order, _ in chart_orders(run):
        helm.template(
            program,
            use(order.pin).path,
            release=order.release,
            namespace=order.namespace,
            values=order.values,
            kube_version=run.settings.cluster.kubernetes_version,
            api_versions=(),
            include_crds=order.include_crds,
        )


def compile_many() -> None:
    total = metric("http_requests_total")
    for number in range(1000):
        rules = compile_slo(
            Slo(
                name=f"slo_{number}",
                title="t",
                description="d",
                objective=0.999,
                window="30d",
                bad=total.where(eq("n", str(number))),
                total=total,
                component="c",
            )
        )
        for rule in rules.group.rules:
            str(rule.expr)


def main() -> None:
    console = Console()
    table = Table(title=f"medians of {RUNS} runs", title_justify="left", box=None)
    for column in ("what", "measured", "bar"):
        table.add_column(column)
    with tempfile.TemporaryDirectory() as folder, console.status("measuring"):
        quick = (*_recording(), *_objectives(), *_boards(), *_checking())
        for row in (*quick, *_reviewing(Path(folder)), *_rendering(folder), *_platform(Path(folder))):
            table.add_row(*row)
    console.print(table)


def _recording() -> list[tuple[str, str, str]]:
    return [("record 1,000 resources", f"{timed(lambda: record(MANY, 'bench'), runs=3):.2f} s", "3 s")]


def _objectives() -> list[tuple[str, str, str]]:
    return [("compile 1,000 objectives", f"{timed(compile_many, runs=3):.2f} s", "2 s")]


def _boards() -> list[tuple[str, str, str]]:
    plan = run_stack(STACK, ROOT).plan

    def build() -> None:
        for dashboard in dashboards_of(
            plan.systems, plan.objectives, plan.alerts, list(Store), "https://runbooks.example"
        ):
            dashboard_json(dashboard)

    return [(f"build all dashboards of {STACK}", f"{timed(build):.2f} s", "1 s")]


def _checking() -> list[tuple[str, str, str]]:
    return [(f"obs check {STACK}, whole process", f"{timed(lambda: obs('check', STACK)):.2f} s", "2 s")]


def _reviewing(folder: Path) -> list[tuple[str, str, str]]:
    """obs diff in a worktree of the last commit, where a threshold may change; each time to another, as the snapshot of
    one that was there before is kept."""
    project, numbers = folder / "review", count(41)
    git = ["git", "-C", str(ROOT), "worktree"]
    subprocess.run([*git, "add", "--quiet", "--detach", str(project), "HEAD"], check=True)
    settings = project / f"Pulumi.{STACK}.yaml"
    given = settings.read_text()

    def changed() -> None:
        threshold = f"    overrides: {{KafkaConsumerLagHigh: {{threshold: {next(numbers)}000}}}}\n"
        settings.write_text(given.replace("    heartbeat:", f"{threshold}    heartbeat:", 1))

    def review() -> None:
        obs("diff", STACK, "--base", "HEAD", folder=project)

    try:
        same = used(review)
        other = used(review, before=changed)
    finally:
        subprocess.run([*git, "remove", "--force", str(project)], check=True)
    return [
        (f"obs diff {STACK} --base HEAD, nothing changed", same, "10 s"),
        (f"obs diff {STACK} --base HEAD, one threshold changed", other, "10 s"),
    ]


def _rendering(folder: str) -> list[tuple[str, str, str]]:
    run = run_stack(STACK, ROOT)
    try:
        program = helm.find()
        for order, _ in chart_orders(run):
            use(order.pin)
    except ChartError as error:
        return [(f"obs render {STACK}", f"not measured: {error}", "3 s, 1.5 x helm")]
    alone = timed(lambda: helm_alone(run, program))
    out = str(Path(folder) / STACK)
    warm = timed(lambda: obs("render", STACK, "--out", out, "--offline"))
    first = timed(
        lambda: obs("render", STACK, "--out", out, "--offline"),
        before=lambda: shutil.rmtree(cache_dir() / "rendered", ignore_errors=True),
    )
    return [
        (f"helm template for the charts of {STACK} alone", f"{alone:.2f} s", ""),
        (f"obs render {STACK}, nothing changed", f"{warm:.2f} s = {warm / alone:.2f} x helm", "3 s, 1.5 x helm"),
        (f"obs render {STACK}, no chart rendered before", f"{first:.2f} s = {first / alone:.2f} x helm", "3 s"),
    ]


def _platform(folder: Path) -> list[tuple[str, str, str]]:
    """The local platform, started and stopped three times; memory is the most that all its processes had at once."""
    if lacking := [name for name in LOCAL if available(name) is None]:
        return [("make up", f"not measured: {', '.join(lacking)} not built", "30 s")]
    tools = {name: path for name in (*LOCAL, *OPTIONAL) if (path := available(name)) is not None}
    ups, downs, peak = [], [], 0
    for number in range(3):
        place = folder / f"platform-{number}"
        started = time.perf_counter()
        with ThreadPoolExecutor(1) as aside:
            done = aside.submit(up, ROOT, place, tools, by_apply=True, compression=None, say=lambda _: None)
            while not done.done():
                peak = max(peak, _memory(place))
                time.sleep(0.2)
            done.result()
        ups.append(time.perf_counter() - started)
        started = time.perf_counter()
        down(place)
        downs.append(time.perf_counter() - started)
    return [
        ("make up, everything built", f"{median(ups):.1f} s", "30 s"),
        ("make down", f"{median(downs):.1f} s", "5 s"),
        ("peak memory of the local platform", f"{peak / 2**30:.2f} GiB", "2.5 GiB"),
    ]


def _memory(place: Path) -> int:
    """Resident bytes of this process, the daemon and all its children."""
    state = peek(place)
    try:
        daemon = psutil.Process(state.pid) if state is not None else None
        found = [psutil.Process(), *([daemon, *daemon.children(recursive=True)] if daemon else [])]
        return sum(process.memory_info().rss for process in found)
    except psutil.NoSuchProcess:
        return 0


if __name__ == "__main__":
    main()
