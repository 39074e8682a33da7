"""The commands as a person runs them: what they print, write and exit with. No secret is in any of it."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import tiny_charts as tiny
import yaml
from rich.console import Console
from stacks import ROOT, ran
from typer.testing import CliRunner

import components.charts
from components.charts import CACHE_VARIABLE, CHARTS, cache_dir
from obs.check.run import check_run
from obs.cli import app
from obs.inventory import inventory
from obs.record import record
from obs.run import StackRun
from obs.stack_config import SECRET_PLACEHOLDER, read_stack_config
from obs.summary import print_findings, print_summary
from obs.write import write_rendering
from systems import OWN

KEYS = {
    "systems": {"name", "title"},
    "contracts": {"name", "version", "evidence"},
    "signals": {"name", "unit", "expr"},
    "recording_rules": {"name", "expr"},
    "alerts": {"name", "severity", "expr", "for"},
    "slos": {"name", "objective", "window"},
    "dashboards": {"name", "uid", "panels"},
    "charts": {"name", "version", "state"},
    "images": {"name", "digest", "locked", "used_by"},
    "external_addresses": {"name", "address", "used_by"},
}
PLANTED = "planted-9f2c41d8-secret"


def obs(*arguments: str, cache: Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, CACHE_VARIABLE: str(cache), "COLUMNS": "200", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "obs", *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def test_a_preview_without_charts_completes_and_says_what_is_missing(tmp_path: Path) -> None:
    done = obs("preview", "prod", "--out", str(tmp_path / "prod"), "--offline", cache=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "missing" in done.stdout
    assert "no findings in what was checked; what was not is named above" in done.stdout
    assert done.stdout.count("values of chart thanos ") == 1
    assert "pulumi config set --secret slackWebhookUrl" in done.stdout
    assert (tmp_path / "prod" / "metrics" / "kube-prometheus-stack" / "values.yaml").is_file()


def test_a_missing_chart_is_an_error_where_charts_are_required(tmp_path: Path) -> None:
    done = obs("render", "prod", "--out", str(tmp_path / "prod"), "--offline", "--require-charts", cache=tmp_path)
    assert done.returncode == 2
    assert "kube-prometheus-stack" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "prod").exists()


def test_an_unknown_stack_is_an_error_that_names_those_there_are(tmp_path: Path) -> None:
    done = obs("check", "prd", cache=tmp_path)
    assert done.returncode == 2
    assert "prod" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_that_obs_did_not_write_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep me")
    done = obs("render", "prod", "--out", str(tmp_path / "mine"), "--offline", cache=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert (tmp_path / "mine" / "notes.txt").read_text() == "keep me"


def test_the_inventory_has_every_kind_with_its_fields(tmp_path: Path) -> None:
    done = obs("inventory", "prod", "--json", "--offline", cache=tmp_path)
    found = json.loads(done.stdout)
    assert found.keys() == KEYS.keys()
    for kind, fields in KEYS.items():
        assert all(fields <= entry.keys() for entry in found[kind]), kind
    named = yaml.safe_load((ROOT / "Pulumi.prod.yaml").read_text())["config"]["dataops-observability:systems"]
    # What is made of the others has no switch under systems.
    assert {s["name"] for s in found["systems"]} == {*named, *OWN, "platform", "capacity", "pipeline"}
    assert all(d["panels"] for d in found["dashboards"])
    assert {c["evidence"] for c in found["contracts"]} <= {"read", "scraped"}


def test_a_chart_can_be_listed_before_it_is_there(tmp_path: Path) -> None:
    rows = json.loads(obs("charts", "list", "--json", cache=tmp_path).stdout)
    assert {(row["name"], row["state"]) for row in rows} == {(name, "missing") for name in CHARTS}
    assert obs("charts", "verify", cache=tmp_path).returncode == 1


def test_a_table_in_a_pipe_has_a_line_for_each_row(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    environment |= {CACHE_VARIABLE: str(tmp_path / ("long" * 20)), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "obs", "preview", "prod", "--offline", "--out", str(tmp_path / "prod")]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    lines = [line.split() for line in done.stdout.splitlines()]
    releases = [line[1] for line in lines if line[:1] == ["thanos"]]
    assert releases == ["thanos", "thanos-application", "thanos-business", "thanos-infrastructure"]
    assert all("missing:" in line for line in lines if line[:1] == ["thanos"])


def test_charts_of_which_no_digest_is_locked_are_not_verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny.own_cache(monkeypatch, tmp_path)
    pin = tiny.pin()
    tiny.cached(tmp_path, pin)
    monkeypatch.setattr(components.charts, "CHARTS", {pin.name: pin})
    done = CliRunner().invoke(app, ["charts", "verify"])
    assert done.exit_code == 1
    assert "0 of 1 charts are what charts.lock records" in done.output


def test_charts_from_a_folder_without_them_are_refused(tmp_path: Path) -> None:
    done = obs("charts", "pull", "--from", str(tmp_path) + "/", cache=tmp_path / "cache")
    assert done.returncode == 2
    assert "kube-prometheus-stack 88.5.3" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_checkout_is_checked_with_its_own_code(tmp_path: Path) -> None:
    (tmp_path / "obs").mkdir()
    (tmp_path / "obs" / "__init__.py").write_text("")
    (tmp_path / "obs" / "__main__.py").write_text("print('the other checkout')")
    (tmp_path / "obs" / "cli.py").write_text("")
    installed = Path(sys.executable).with_name("obs")
    done = subprocess.run(
        [installed, "check"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "the other checkout", done.stderr


def test_no_secret_is_in_anything_that_is_written_or_printed(tmp_path: Path) -> None:
    keys = ran().settings.secret_keys
    config = read_stack_config(ROOT, "prod", secrets={key: f"{PLANTED}-{key}" for key in keys})
    recording = record(ROOT, "prod", config=config)
    assert any(PLANTED in str(r.inputs) for r in recording.resources) is False  # even repr() hides them
    program = recording.namespace
    run = StackRun(recording, program["settings"], program["plan"], program["secrets"])
    assert ran().warnings  # without the secrets it complains ...
    assert not run.warnings  # ... so this run did read them

    expansion = run.expanded(offline=True, build_helm=False)  # with the real charts where they are cached
    write_rendering(tmp_path / "out", expansion)
    console = Console(record=True, width=200, file=io.StringIO())
    print_summary(console, run, expansion, ROOT)
    print_findings(console, check_run(run, expansion, ROOT))
    written = "".join(path.read_text() for path in (tmp_path / "out").rglob("*.yaml"))
    printed = console.export_text() + json.dumps(recording.redacted()) + json.dumps(inventory(run, expansion, ROOT))
    kept = "".join(path.read_text() for path in (cache_dir() / "rendered").glob("*.yaml"))
    assert PLANTED not in written + printed + kept
    assert "[secret]" in written


def test_an_encrypted_value_of_the_stack_file_is_never_asked_for_and_never_written(tmp_path: Path) -> None:
    for name in ("Pulumi.yaml", "Pulumi.prod.yaml"):
        shutil.copy(ROOT / name, tmp_path)
    stack = tmp_path / "Pulumi.prod.yaml"
    stack.write_text(stack.read_text() + "  dataops-observability:slackWebhookUrl: {secure: v1:abc:def}\n")
    recording = record(ROOT, "prod", config=read_stack_config(tmp_path, "prod"))
    assert SECRET_PLACEHOLDER not in json.dumps(recording.redacted())
    assert "slackWebhookUrl" not in "".join(log.message for log in recording.logs)
