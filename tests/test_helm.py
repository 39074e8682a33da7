"""Which helm is used, how the pinned one is built, and what a template run may and may not show."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import tiny_charts as tiny
from bare_machine import bare, fake_go

from obs import documents, helm
from obs.toolchain_table import TOOLS

PIN = tiny.pin()
SECRETS = {
    "adminPassword": "hunter2",
    "receivers": [{"api_url": "https://hooks.example/T00/B00/xyz"}],
    "auth": {"inner": ["tok-1"], "pin": 4711},
    "objstore": "type: S3\nconfig:\n  bucket: a-very-long-value-here\n",
}
VALUES = {**SECRETS, "greeting": "salve", "replicas": 2, "enabled": True}


@pytest.fixture(autouse=True)
def programs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    return bare(monkeypatch, tmp_path)


def template(program: Path, archive: Path, values: dict[str, Any] | None = None, **more: Any) -> str:
    given = {"kube_version": "1.31.0", "api_versions": (), "release": "r", "namespace": "n", **more}
    return helm.template(program, archive, values=values or {}, **given)


def test_helm_is_taken_from_path(programs: Path) -> None:
    program = tiny.fake_helm(programs / "helm", "exit 1", version="v3.14.0")
    assert helm.find() == program


@pytest.mark.parametrize("version", ["v3.13.3", "v2.17.0", "nonsense"])
def test_a_helm_that_is_too_old_is_passed_over(programs: Path, version: str) -> None:
    tiny.fake_helm(programs / "helm", "exit 1", version=version)
    with pytest.raises(
        helm.HelmMissing, match=r"helm 3\.14 or later is neither on PATH nor built: install helm, or .*Go"
    ):
        helm.find()


def test_the_variable_goes_before_path(programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny.fake_helm(programs / "helm", "exit 1")
    mine = tiny.fake_helm(tmp_path / "mine", "exit 1")
    monkeypatch.setenv("OBS_HELM", str(mine))
    assert helm.find() == mine


def test_a_variable_that_names_no_helm_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in (tmp_path / "nowhere", tiny.program(tmp_path / "other", "echo hello")):
        monkeypatch.setenv("OBS_HELM", str(path))
        with pytest.raises(helm.HelmMissing, match=f"OBS_HELM={path} is not a helm program"):
            helm.find()


def test_helm_is_built_only_when_that_is_asked_for(programs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = fake_go(programs, TOOLS["helm"].version)
    with pytest.raises(helm.HelmMissing):
        helm.find()
    built = helm.find(build=True)
    assert helm.find(build=True) == helm.find() == built
    assert len(log.read_text().splitlines()) == 1
    printed = capsys.readouterr()
    assert "minutes" in printed.err
    assert printed.out == ""


def test_a_build_that_fails_is_quoted(programs: Path) -> None:
    fake_go(programs, "0", before="echo 'dial tcp: refused' >&2; exit 1")
    with pytest.raises(helm.HelmMissing, match=r"helm 3\.14 or later: (.|\n)*install helm (.|\n)*\ndial tcp: refused"):
        helm.find(build=True)


def test_without_go_nothing_is_built() -> None:
    with pytest.raises(helm.HelmMissing, match=r"install Go 1\.26 .* or put on PATH: helm 3\.14 or later"):
        helm.find(build=True)


def test_nothing_of_the_users_helm_is_read(programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tiny.fake_helm(programs / "helm", "env")
    monkeypatch.setenv("HELM_NAMESPACE", "theirs")
    monkeypatch.setenv("HELM_REGISTRY_CONFIG", "/theirs")
    monkeypatch.setenv("KUBECONFIG", "/theirs")
    seen = dict(line.partition("=")[::2] for line in template(program, tmp_path / "a.tgz").splitlines())
    of_helm = {k: v for k, v in seen.items() if k.startswith("HELM_")}
    assert "HELM_NAMESPACE" not in of_helm
    assert all(value.startswith(str(tmp_path / "cache")) for value in of_helm.values())
    assert seen["KUBECONFIG"] == os.devnull


def test_values_go_in_by_stdin_and_never_by_argument(programs: Path, tmp_path: Path) -> None:
    program = tiny.fake_helm(programs / "helm", 'echo "args: $*"; cat')
    arguments, _, given = template(program, tmp_path / "a.tgz", VALUES).partition("\n")
    assert documents.load(given) == VALUES
    assert "hunter2" not in arguments
    assert arguments.endswith("--values -")


def test_secret_values_are_masked_in_the_error_of_helm(programs: Path, tmp_path: Path) -> None:
    program = tiny.fake_helm(programs / "helm", "cat >&2; exit 1")
    with pytest.raises(helm.HelmFailed, match=r"chart a\.tgz, release r: ") as failure:
        template(program, tmp_path / "a.tgz", VALUES)
    for secret in ("hunter2", "hooks.example", "T00", "tok-1", "4711", "a-very-long-value-here"):
        assert secret not in str(failure.value)
    assert "salve" in str(failure.value), "plain values stay readable"


def test_a_helm_that_hangs_is_ended(programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(helm, "TEMPLATE_SECONDS", 0.3)
    program = tiny.fake_helm(programs / "helm", "exec sleep 5")
    with pytest.raises(helm.HelmFailed, match=r"took more than 0\.3 s"):
        template(program, tmp_path / "a.tgz")


@tiny.needs_helm
class TestRealHelm:
    """The same with the helm of this machine."""

    program = tiny.REAL_HELM or Path()

    def test_a_chart_sees_the_versions_of_the_stack(self, tmp_path: Path) -> None:
        archive = tiny.archive(tmp_path, PIN)
        (plain,) = documents.documents(template(self.program, archive, {"greeting": "salve"}))
        assert (plain.kind, plain.namespace, plain.name) == ("ConfigMap", "n", "r-settings")
        data = documents.load(plain.text)["data"]
        assert data == {"kubernetes": "v1.31.0", "monitors": "false", "greeting": "salve"}
        (other,) = documents.documents(
            template(self.program, archive, kube_version="1.29.4", api_versions=("a/v1", "monitoring.coreos.com/v1"))
        )
        assert documents.load(other.text)["data"] == {"kubernetes": "v1.29.4", "monitors": "true", "greeting": "hello"}

    def test_crds_hooks_and_tests_come_only_when_asked_for(self, tmp_path: Path) -> None:
        hook = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {}\n  annotations:\n    helm.sh/hook: {}\n"
        crd = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: things.example\n"
        files = {
            "crds/things.yaml": crd,
            "templates/hook.yaml": hook.format("hook", "post-install"),
            "templates/test.yaml": hook.format("test", "test"),
        }
        archive = tiny.archive(tmp_path, PIN, files=files)

        def names(**more: Any) -> set[str]:
            return {d.name for d in documents.documents(template(self.program, archive, **more))}

        assert names() == {"r-settings"}
        assert names(include_crds=True) == {"r-settings", "things.example"}
        assert names(hooks=True) == {"r-settings", "hook"}

    def test_the_floor_of_a_chart_is_an_error_that_names_it(self, tmp_path: Path) -> None:
        archive = tiny.archive(tmp_path, PIN, kubeVersion=">=1.40.0")
        with pytest.raises(helm.HelmFailed, match=r"tiny-1\.2\.3\.tgz, release r: (.|\n)*>=1\.40\.0"):
            template(self.program, archive)

    @pytest.mark.parametrize("call", ["fail (toYaml .Values)", "required (toString .Values) nil", ".Values.auth.a.b"])
    def test_a_template_that_prints_its_values_shows_no_secret(self, tmp_path: Path, call: str) -> None:
        archive = tiny.archive(tmp_path, PIN, files={"templates/bad.yaml": "{{ " + call + " }}"})
        with pytest.raises(helm.HelmFailed, match=r"bad\.yaml") as failure:
            template(self.program, archive, VALUES)
        for secret in ("hunter2", "hooks.example", "tok-1", "4711", "a-very-long-value-here"):
            assert secret not in str(failure.value)
