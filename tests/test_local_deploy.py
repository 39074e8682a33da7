"""What is deployed to the local platform: the stack, its receivers turned to the sink, by apply or by Pulumi."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from stacks import ROOT

from obs.documents import MASK
from obs.expand import RenderedObject
from obs.local import deploy, pulumi_cli
from obs.local.state import LocalError, State

SIMULATOR = "http://127.0.0.1:4000"


@pytest.fixture
def target(tmp_path: Path) -> deploy.Target:
    project, place = tmp_path / "project", tmp_path / "place"
    project.mkdir()
    place.mkdir()
    for name in ("Pulumi.yaml", "Pulumi.local.yaml"):
        shutil.copy(ROOT / name, project)
    state = State(pid=1, identity="", phase="ready", step="", simulator=SIMULATOR, kubeconfig=str(place / "k"))
    return deploy.Target(project, place, state)


def edit(target: deploy.Target, old: str, new: str) -> None:
    file = target.project / "Pulumi.local.yaml"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


def test_every_receiver_is_told_at_the_sink_under_its_own_name(target: deploy.Target) -> None:
    _, secrets = deploy.settings_of(target)
    assert secrets["pagerUrl"] == f"{SIMULATOR}/sink/pager"
    assert len(set(secrets.values())) == len(secrets)


def test_a_receiver_that_is_no_webhook_is_refused(target: deploy.Target) -> None:
    edit(target, "name: pager, kind: webhook", "name: pager, kind: slack")
    with pytest.raises(LocalError, match="receiver pager of kind slack must be a webhook"):
        deploy.settings_of(target)


def test_two_receivers_with_one_secret_are_refused(target: deploy.Target) -> None:
    edit(target, "secret: criticalChannelUrl", "secret: pagerUrl")
    with pytest.raises(LocalError, match="critical-channel of kind webhook must be a webhook with a secret of its own"):
        deploy.settings_of(target)


def test_a_secret_that_a_chart_makes_is_not_applied_masked() -> None:
    def secret(origin: str, text: str | None) -> RenderedObject:
        return RenderedObject(
            component="c", origin=origin, api_version="v1", kind="Secret", namespace="n", name="s", text=text
        )

    # A chart may bring an empty one for what it is not told.
    whole = [secret("program", None), secret("kube-prometheus-stack", "kind: Secret\ndata: null\n")]
    deploy._refuse_masked(whole)
    with pytest.raises(LocalError, match="loki s"):
        deploy._refuse_masked([*whole, secret("loki", f"kind: Secret\ndata: {{key: {MASK!r}}}\n")])


_FAKE = """#!/bin/sh
echo "$@" >> {log}
if [ "$1" = stack ]; then
  [ -e {broken} ] && {{ echo "error: no backend" >&2; exit 1; }}
  echo "encryptionsalt: v1:salt" >> Pulumi.local.yaml
fi
"""


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    program, log = tmp_path / "bin" / "pulumi", tmp_path / "calls"
    program.parent.mkdir()
    program.write_text(_FAKE.format(log=log, broken=tmp_path / "broken"))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    return log


def commands(log: Path) -> list[str]:
    return [" ".join(line.split()[:2]) for line in log.read_text().splitlines()]


def test_pulumi_makes_the_stack_once_and_leaves_the_checkout_alone(target: deploy.Target, calls: Path) -> None:
    before = (target.project / "Pulumi.local.yaml").read_text()
    pulumi_cli.pulumi_up(target)
    pulumi_cli.pulumi_up(target)
    assert commands(calls) == ["stack init", "config set-all", "up --stack", "config set-all", "up --stack"]
    assert (target.project / "Pulumi.local.yaml").read_text() == before


def test_pulumi_gets_this_platforms_values(target: deploy.Target, calls: Path) -> None:
    pulumi_cli.pulumi_up(target)
    written = (target.place / "pulumi" / "Pulumi.local.yaml").read_text()
    assert "dataops-observability:chartSource: cache" in written
    assert f"pagerUrl={SIMULATOR}/sink/pager" in calls.read_text()


def test_a_stack_that_could_not_be_made_is_made_the_next_time(
    target: deploy.Target, calls: Path, tmp_path: Path
) -> None:
    (tmp_path / "broken").touch()
    with pytest.raises(LocalError, match=r"pulumi stack failed:\nerror: no backend"):
        pulumi_cli.pulumi_up(target)
    (tmp_path / "broken").unlink()
    pulumi_cli.pulumi_up(target)
    assert commands(calls) == ["stack init", "stack init", "config set-all", "up --stack"]


def test_an_object_that_changes_its_version_is_not_taken_for_gone(tmp_path: Path) -> None:
    file = tmp_path / "applied.json"
    old = ("monitoring.coreos.com/v1alpha1", "ScrapeConfig", "monitoring", "x")
    deploy._write(file, {old})
    assert deploy._read(file) == {old}
    new = ("monitoring.coreos.com/v1", *old[1:])
    assert deploy.gone({old}, {new}) == []
    assert deploy.gone({old}, set()) == [old]
    assert deploy.gone({("v1", "Namespace", "", "x")}, set()) == []
    assert json.loads(file.read_text())


def test_a_platform_may_have_some_of_the_systems(target: deploy.Target) -> None:
    some = replace(target, state=replace(target.state, only=("nodes", "spark")))
    plain, _ = deploy.settings_of(some)
    whole = json.loads(deploy.stack_config(target).values["dataops-observability:systems"])
    assert plain["systems"] == {name: whole[name] for name in ("nodes", "spark")}
    assert "systems" not in deploy.settings_of(target)[0]


def test_a_system_that_the_stack_does_not_have_is_refused_by_name(target: deploy.Target) -> None:
    some = replace(target, state=replace(target.state, only=("sparc",)))
    with pytest.raises(LocalError, match=r"--system sparc: stack local has airflow, .*; did you mean 'spark'\?"):
        deploy.settings_of(some)
