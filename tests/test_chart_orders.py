"""Which chart a recorded resource orders, and where its archive comes from."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tiny_charts as tiny
import yaml
from chart_programs import RELEASE, chart, expanded

from components.charts import archive_path
from obs import chart_cache, chart_orders
from obs.chart_archive import ChartRefused
from obs.protobuf import UNKNOWN

pytestmark = pytest.mark.usefixtures("tiny_world")
PIN = tiny.pin()


def test_repositories_that_do_not_answer_cost_the_deadline_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with tiny.silent_server() as address:
        pins = {name: tiny.pin(name, repository=address) for name in "abcdef"}
        monkeypatch.setattr(chart_orders, "CHARTS", pins)
        before = time.monotonic()
        found = expanded(*(chart(pin) for pin in pins.values()), offline=False, seconds=0.4)
        assert time.monotonic() - before < 1.5
    assert [c.state for c in found.charts] == ["missing"] * 6


def test_offline_asks_nobody() -> None:
    with tiny.silent_server() as address:
        before = time.monotonic()
        found = expanded(chart(PIN, repositoryOpts={"repo": address}), seconds=60.0)
        assert time.monotonic() - before < 1
    assert "obs charts pull" in found.charts[0].reason


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[str]:
    folder = tmp_path / "mirror"
    folder.mkdir()
    tiny.archive(folder, PIN)
    tiny.index(folder, PIN)
    with tiny.repository(folder) as address:
        yield address


def test_a_chart_that_is_not_cached_is_had_from_where_the_program_takes_it(mirror: str) -> None:
    (rendered,) = expanded(chart(PIN, repositoryOpts={"repo": mirror}), offline=False).charts
    assert rendered.state == "rendered"
    assert chart_cache.verify([PIN])[0].source == f"{mirror}/tiny-1.2.3.tgz"


@pytest.mark.parametrize("inputs", [{"chart": "/nowhere/tiny-1.2.3.tgz"}, {"chart": "charts/tiny-1.2.3.tgz"}])
def test_an_archive_that_the_program_names_and_that_is_not_there_is_missing(inputs: dict[str, Any]) -> None:
    (missing,) = expanded(chart(PIN, repositoryOpts={}, **inputs), offline=False, seconds=60.0).charts
    assert missing.reason.startswith("tiny 1.2.3: no archive /")
    assert inputs["chart"] in missing.reason


def test_an_archive_that_the_program_names_is_the_one_that_is_rendered(cached: Path) -> None:
    archive_path(PIN).unlink()
    (rendered,) = expanded(chart(PIN, chart=str(cached), repositoryOpts={})).charts
    assert rendered.state == "rendered"


def test_a_wrong_digest_stops_the_expansion(cached: Path, tmp_path: Path) -> None:
    lock_file = tmp_path / "charts.lock"
    entry = {"name": "tiny", "version": "1.2.3", "digest": "sha256:" + "a" * 64}
    lock_file.write_text(yaml.safe_dump({"charts": [entry]}))
    named: list[dict[str, Any]] = [{}, {"chart": str(cached), "repositoryOpts": {}}]
    for inputs in named:
        with pytest.raises(ChartRefused, match=r"charts\.lock records aaaa"):
            expanded(chart(PIN, **inputs), lock_file=lock_file)


def test_a_wrong_digest_on_arrival_stops_the_expansion(mirror: str, tmp_path: Path) -> None:
    lock_file = tmp_path / "charts.lock"
    entry = {"name": "tiny", "version": "1.2.3", "digest": "sha256:" + "a" * 64}
    lock_file.write_text(yaml.safe_dump({"charts": [entry]}))
    with pytest.raises(ChartRefused, match=r"charts\.lock records aaaa"):
        expanded(chart(PIN, repositoryOpts={"repo": mirror}), offline=False, lock_file=lock_file)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"chart": "other"}, r"chart other 1\.2\.3 is not pinned in components/charts\.py \(tiny 1\.2\.3\)"),
        ({"version": "1.2.4"}, r"chart tiny 1\.2\.4 is not pinned"),
        (
            {"chart": "/srv/tiny-1.2.4.tgz", "version": None, "repositoryOpts": {}},
            "chart /srv/tiny-1.2.4.tgz is not pinned",
        ),
        ({"values": {"a": [{"b": UNKNOWN}]}}, r"value a\[0\]\.b is known only after deployment"),
        ({"values": UNKNOWN}, "value values is known only"),
        ({"valueYamlFiles": ["x.yaml"]}, "valueYamlFiles is not rendered here"),
        ({"postRenderer": {"command": "x"}}, "postRenderer is not rendered here"),
    ],
)
def test_what_would_be_rendered_wrongly_is_refused(inputs: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"metrics: kubernetes:helm.sh/v4:Chart 'r': {message}"):
        expanded(chart(PIN, **inputs))


@pytest.mark.parametrize(
    ("inputs", "source"),
    [
        ({}, "repositories"),
        ({"repositoryOpts": {"repo": "https://mirror.example"}}, "https://mirror.example"),
        ({"chart": "oci://mirror.example/charts/tiny", "repositoryOpts": {}}, "oci://mirror.example/charts"),
    ],
)
def test_the_source_is_read_back_from_the_resource(inputs: dict[str, Any], source: str) -> None:
    recorded = chart(PIN, **inputs)
    assert chart_orders.chart_order(recorded, "metrics", recorded.inputs).source == source


def test_a_release_keeps_hooks_and_crds_and_a_chart_drops_hooks() -> None:
    for type_, hooks in ((RELEASE, True), ("kubernetes:helm.sh/v4:Chart", False)):
        recorded = chart(PIN, type_=type_, skipCrds=False)
        order = chart_orders.chart_order(recorded, "metrics", recorded.inputs)
        assert (order.hooks, order.include_crds) == (hooks, True)
