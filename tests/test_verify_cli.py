"""The command: which stack, which form, which exit code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from fake_stack import Fake, as_planned, querier, run, served
from stacks import ROOT
from typer.testing import CliRunner, Result

from obs.verify import run as verify_run
from obs.verify.cli import verify

APP = typer.Typer()
APP.command()(verify)


@pytest.fixture(autouse=True)
def one_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify_run, "run_stack", lambda _name, _project, **_: run())


def obs_verify(*arguments: str, project: Path = ROOT) -> Result:
    return CliRunner().invoke(APP, [*arguments, "--project", str(project)])


@pytest.fixture
def fake() -> Fake:
    return as_planned()


@pytest.fixture
def url(fake: Fake) -> Iterator[str]:
    with served(fake) as address:
        yield address


def test_a_stack_that_is_as_planned_leaves_with_0(url: str) -> None:
    done = obs_verify("--prometheus", url)
    assert done.exit_code == 0, done.output
    assert "as planned (0 errors, 0 warnings)" in done.output
    assert "local · cluster local" in done.output


def test_an_error_leaves_with_1(fake: Fake, url: str) -> None:
    fake.targets.pop()
    done = obs_verify("--prometheus", url, "--stack", "local")
    assert done.exit_code == 1
    assert "targets/none" in done.output


def test_a_warning_counts_when_it_is_strict(fake: Fake, url: str) -> None:
    fake.series["node-exporter"]["node_new_thing"] = set()
    assert obs_verify("--prometheus", url).exit_code == 0
    done = obs_verify("--prometheus", url, "--strict")
    assert done.exit_code == 1
    assert "strict: warnings count" in done.output


def test_no_prometheus_leaves_with_2_and_no_traceback() -> None:
    done = obs_verify("--prometheus", "http://me:hunter2@127.0.0.1:1")
    assert done.exit_code == 2
    assert "error: Prometheus http://127.0.0.1:1/api/v1/query" in done.output
    assert "Traceback" not in done.output
    assert "hunter2" not in done.output


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("global: {}\n", "tells no external label cluster"),
        ("global:\n  external_labels:\n    cluster: mars\n", "has the external label cluster=mars"),
    ],
)
def test_a_cluster_of_no_stack_leaves_with_2_and_names_the_stacks(fake: Fake, url: str, config: str, said: str) -> None:
    fake.config = config
    done = obs_verify("--prometheus", url)
    assert done.exit_code == 2
    text = " ".join(done.output.split())
    assert said in text
    assert "name one with --stack: " in text
    assert "local (cluster local)" in text


def test_a_cluster_of_two_stacks_leaves_with_2(url: str, tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text((ROOT / "Pulumi.yaml").read_text())
    for stack in ("one", "two"):
        (tmp_path / f"Pulumi.{stack}.yaml").write_text((ROOT / "Pulumi.local.yaml").read_text())
    done = obs_verify("--prometheus", url, project=tmp_path)
    assert done.exit_code == 2
    assert "2 stacks have that cluster" in " ".join(done.output.split())


def test_a_check_that_cannot_be_made_is_a_finding_and_the_others_are_made(fake: Fake, url: str) -> None:
    fake.broken = {"/api/v1/rules": 404}
    done = obs_verify("--prometheus", url, "--json")
    assert done.exit_code == 1
    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert [f["check"] for f in checks["rules"]["findings"]] == ["rules/unanswered"]
    assert checks["panels"]["findings"] == []


def test_json_is_one_document_of_the_documented_shape(fake: Fake, url: str) -> None:
    fake.targets.pop()
    document = json.loads(obs_verify("--prometheus", url, "--json").stdout)
    assert list(document) == [
        "stack", "cluster", "prometheus", "at", "strict", "clean", "errors", "warnings", "checks",
    ]  # fmt: skip
    assert [check["name"] for check in document["checks"]] == [
        "datasources", "targets", "contracts", "rules", "panels", "collector",
    ]  # fmt: skip
    assert list(document["checks"][1]) == ["name", "what", "ok", "total", "facts", "findings"]
    assert list(document["checks"][1]["findings"][0]) == ["check", "severity", "subject", "message", "where", "names"]
    assert (document["clean"], document["errors"]) == (False, 1)


def test_markdown_has_a_table_of_checks_and_one_of_findings(fake: Fake, url: str) -> None:
    fake.targets.pop()
    text = obs_verify("--prometheus", url, "--markdown").stdout
    assert text.startswith("## Stack `local` on cluster `local`: findings\n")
    assert "| targets | " in text
    assert "| error | targets/none | " in text


def test_a_querier_and_what_is_sent_are_checked_where_they_are_given(url: str) -> None:
    with served(querier()) as front:
        given = ("--querier", front, "--otlp", "http://127.0.0.1:1", "--loki", url)
        document = json.loads(obs_verify("--prometheus", url, *given, "--json").stdout)
    checks = {check["name"]: check for check in document["checks"]}
    assert checks["queries"]["ok"] == checks["queries"]["total"] > 100
    [finding] = checks["roundtrip"]["findings"]
    assert finding["check"] == "roundtrip/unanswered"
    assert "Collector http://127.0.0.1:1/v1/logs" in finding["message"]


def test_nothing_is_sent_that_nobody_looks_for(url: str) -> None:
    done = obs_verify("--prometheus", url, "--otlp", "http://127.0.0.1:1")
    assert done.exit_code == 2
    assert "give --loki or --tempo, too" in done.output


def test_two_forms_at_once_are_refused(url: str) -> None:
    done = obs_verify("--prometheus", url, "--json", "--markdown")
    assert done.exit_code == 2
    assert "give one of them" in done.output


def test_of_many_findings_of_a_kind_the_first_are_shown_and_json_has_all(fake: Fake, url: str) -> None:
    fake.groups = []
    done = obs_verify("--prometheus", url)
    rules = len(run().plan.records) + len(run().plan.alerts)
    assert f"and {rules - 10} more of rules/missing; --json has all" in done.output
    document = json.loads(obs_verify("--prometheus", url, "--json").stdout)
    assert document["errors"] == rules
