"""obs images and obs upgrades as a person runs them, on stacks made by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from small_registry import DIGEST, Registry, serving
from typer.testing import CliRunner, Result
from wired_stack import SAMPLES, expansion

import obs.run
import obs.variants
from obs.cli import app
from obs.expand import Expansion

DEPLOYED = (SAMPLES.parent / "upgrades" / "deployed.yaml").read_text()
STORE = "StatefulSet monitoring/store"


class Run(SimpleNamespace):
    """What the commands ask of a stack that was run."""

    rendered: Expansion

    def expanded(self, **_: Any) -> Expansion:
        return self.rendered


def run(text: str = DEPLOYED, *images: str, environment: str = "production", **settings: Any) -> Run:
    whole = expansion(text)
    charts = tuple(replace(chart, images=images) for chart in whole.charts)
    given = {"image_registry": "", "allow_replacements": (), **settings}
    return Run(
        settings=SimpleNamespace(cluster=SimpleNamespace(environment=environment), **given),
        rendered=Expansion(whole.objects, charts),
    )


@pytest.fixture
def obs_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs a command on stacks by name, in a project that has them."""

    def invoke(stacks: dict[str, Run], *arguments: str) -> Result:
        for name in stacks:
            (tmp_path / f"Pulumi.{name}.yaml").touch()
        monkeypatch.setattr(obs.run, "run_stack", lambda stack, _: stacks[stack])
        return CliRunner().invoke(app, [*arguments, "--project", str(tmp_path)])

    return invoke


def lock_of(project: Path) -> dict[str, Any]:
    entries = yaml.safe_load((project / "images.lock").read_text())["images"]
    return {entry.pop("image"): entry for entry in entries}


def test_a_lock_has_the_images_of_all_stacks_and_keeps_the_digests_that_it_has(obs_on: Any, tmp_path: Path) -> None:
    stacks = {"prod": run(DEPLOYED, "a/a:1", "b/b:1"), "dev": run(DEPLOYED, "a/a:1")}
    done = obs_on(stacks, "images", "lock")
    assert done.exit_code == 0, done.output
    assert "2 images, 2 without digest" in done.output
    assert lock_of(tmp_path) == {name: {"used_by": ["parts/chart"]} for name in ("docker.io/a/a:1", "docker.io/b/b:1")}
    file = tmp_path / "images.lock"
    file.write_text(
        file.read_text().replace("- image: docker.io/a/a:1", f"- image: docker.io/a/a:1\n  digest: {DIGEST}")
    )
    assert "1 without digest" in obs_on(stacks, "images", "lock").output
    assert lock_of(tmp_path)["docker.io/a/a:1"]["digest"] == DIGEST


def test_a_lock_has_the_images_of_forms_that_no_stack_shows(
    obs_on: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "variants.yaml").write_text("stack: prod\nvariants: {large: {size: large}}\n")
    forms = {"large": run(DEPLOYED, "a/many:1")}
    monkeypatch.setattr(obs.variants, "run_variant", lambda _, name: forms[name])
    assert obs_on({"prod": run(DEPLOYED, "a/one:1")}, "images", "lock").exit_code == 0
    assert set(lock_of(tmp_path)) == {"docker.io/a/many:1", "docker.io/a/one:1"}


def test_digests_come_from_the_registries_and_one_that_is_silent_is_said(obs_on: Any, tmp_path: Path) -> None:
    with serving(Registry(token="letmein")) as registry:
        image = f"{registry.host}/team/app:1.0"
        done = obs_on({"prod": run(DEPLOYED, image, "127.0.0.1:9/x/y:1")}, "images", "lock", "--digests")
    assert done.exit_code == 0, done.output
    assert "127.0.0.1:9/x/y:1: 127.0.0.1:9 does not answer" in done.output
    assert "2 images, 1 without digest" in done.output
    assert lock_of(tmp_path)[image]["digest"] == DIGEST
    assert "digest" not in lock_of(tmp_path)["127.0.0.1:9/x/y:1"]


def test_a_list_shows_digests_and_what_is_not_locked(obs_on: Any) -> None:
    stacks = {"prod": run(DEPLOYED, "a/a:1")}
    assert "not locked" in obs_on(stacks, "images", "list", "prod").output
    obs_on(stacks, "images", "lock")
    assert "not known" in obs_on(stacks, "images", "list", "prod").output
    assert json.loads(obs_on(stacks, "images", "list", "prod", "--json").output) == [
        {"name": "a/a:1", "digest": None, "locked": True, "used_by": ["parts/chart"]}
    ]


def test_a_record_is_accepted_and_does_not_forget_what_nobody_allowed(obs_on: Any, tmp_path: Path) -> None:
    file = tmp_path / "upgrades" / "prod.yaml"
    assert obs_on({"prod": run()}, "upgrades", "accept", "prod").exit_code == 0
    first = file.read_text()
    assert STORE in first

    larger = DEPLOYED.replace("storage: 10Gi", "storage: 20Gi")
    refused = obs_on({"prod": run(larger)}, "upgrades", "accept", "prod")
    assert refused.exit_code == 2
    assert STORE in refused.output
    assert file.read_text() == first

    allowed = run(larger, allow_replacements=(STORE,))
    assert obs_on({"prod": allowed}, "upgrades", "accept", "prod").exit_code == 0
    assert "20Gi" in file.read_text()


def test_nothing_is_recorded_of_a_local_stack(obs_on: Any, tmp_path: Path) -> None:
    done = obs_on({"local": run(environment="local")}, "upgrades", "accept", "local")
    assert done.exit_code == 2
    assert "nothing is recorded" in done.output
    assert not (tmp_path / "upgrades").exists()
