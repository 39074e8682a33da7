"""The history that the benchmark reads: blocks in the cache, of the simulated series and of what the rules record."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from bench_load_series import FAR, Scale, cluster, line, lines
from bench_load_server import Bench, Query, serving

from components.charts import cache_dir
from model.rule import Alert, RecordingRule
from obs import toolchain
from obs.simulate.values import Fixed, Wave
from plan import Plan

END = 1_795_737_600
"""Unix seconds of the last sample: the clock of the benchmark, so that blocks of yesterday are as good as new ones."""
_CHAIN = 8
"""Records of records of records: more passes than that would be a circle."""
_FIRING = 20
"""Series of one alert that are stored as firing: a real platform on which everything burns is no measure."""


def history(plan: Plan, name: str, scale: Scale, say: Callable[[str], None]) -> Path:
    """The folder of the blocks; made where the cache has none of this plan. Raises ToolMissing or RuntimeError."""
    say("describing the series")
    described = "".join(f"{one}\n" for one in lines(plan, name, cluster(scale), scale))
    rules = "".join(str(rule) for group in plan.groups() for rule in group.rules)
    series = _folder("series", described)
    if not (series / "written").is_file():
        say(f"writing 24 hours of {described.count(chr(10)):,} series: minutes")
        _write(series / "blocks", described, FAR)
        (series / "written").touch()
    whole = _folder("recorded", described + rules)
    if not (whole / "written").is_file():
        shutil.rmtree(whole, ignore_errors=True)
        shutil.copytree(series / "blocks", whole / "blocks", copy_function=_linked)
        _record(whole / "blocks", plan, say)
        (whole / "written").touch()
    return whole / "blocks"


def _folder(kind: str, made_of: str) -> Path:
    return cache_dir() / "bench" / f"{kind}-{hashlib.sha256(made_of.encode()).hexdigest()[:16]}"


def _linked(source: str, target: str) -> None:
    """Blocks never change, so a second name is as good as a copy."""
    Path(target).hardlink_to(source)


def _write(blocks: Path, described: str, hours: int) -> set[Path]:
    """Add blocks of the last hours; returns their folders. Raises RuntimeError with what the program says."""
    blocks.mkdir(parents=True, exist_ok=True)
    before = set(blocks.iterdir())
    command = [str(toolchain.find("tsdbload")), "-out", str(blocks), "-end", str(END), "-hours", str(hours)]
    done = subprocess.run(command, input=described, text=True, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return {path for path in blocks.iterdir() if path not in before and path.is_dir()}


def _record(blocks: Path, plan: Plan, say: Callable[[str], None]) -> None:
    """Evaluate every rule at the end until nothing new comes of it: records are made of records."""
    found: dict[str, str] = {}
    written: set[Path] = set()
    for number in range(1, _CHAIN + 1):
        say(f"recording, pass {number}: {len(found):,} series so far")
        with serving(toolchain.find("prometheus"), blocks) as bench:
            now = dict(_recorded(bench, plan))
        new = now.keys() - found.keys()
        found |= now
        for path in written:
            shutil.rmtree(path)
        written = _write(blocks, _text(found), 2 if new else FAR)
        if not new:
            return
    raise RuntimeError(f"after {_CHAIN} passes the rules still make new series, such as {min(new)}")


def _text(found: Mapping[str, str]) -> str:
    return "".join(f"{one}\n" for one in found.values())


def _recorded(bench: Bench, plan: Plan) -> Iterator[tuple[str, str]]:
    """(labels as text, line) of what the rules make of the end; what alerts make of it is told as ALERTS."""
    for rule in (rule for group in plan.groups() for rule in group.rules):
        alert = isinstance(rule, Alert)
        name = rule.name if isinstance(rule, Alert) else rule.record
        result: Iterable[Mapping[str, Any]] = bench.ask(Query(name, str(rule.expr), END - 1)).result
        for number, one in enumerate(result):
            value = 1.0 if alert else float(one["value"][1])
            if abs(value) < float("inf") and not (alert and number >= _FIRING):
                labels = {**one["metric"], **_labels(rule)}
                made = Fixed(value) if value.is_integer() else Wave(value, period=3600.0)
                yield json.dumps(labels, sort_keys=True), line(labels, made, FAR)


def _labels(rule: RecordingRule | Alert) -> dict[str, str]:
    if isinstance(rule, Alert):
        own = {"alertname": rule.name, "alertstate": "firing", "severity": rule.severity.value}
        return {**rule.labels, **own, "component": rule.component, "__name__": "ALERTS"}
    return {**rule.labels, "__name__": rule.record}
