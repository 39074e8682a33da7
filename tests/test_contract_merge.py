"""What was scraped, taken into a contract's file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

import contracts
from model.contract import Contract
from obs.contracts import merge
from obs.contracts.compare import Component, Scraped, compare
from obs.contracts.exposition import Family, families

FILE = """\
exporter: planted
version: '1'
source: its code
evidence: read
metrics:
  a_total: {labels: [queue], note: low confidence; guessed, type: counter}
  b: {type: gauge}
  c: {optin: --c, type: gauge}
  info_of_it: {labels: [version], type: info}
absent:
  z: {instead: a_total, why: renamed}
"""
PAGE = """\
# TYPE a_total counter
a_total{shard="1"} 1
# TYPE d histogram
d_bucket{path="/",le="+Inf"} 1
d_sum{path="/"} 1
d_count{path="/"} 1
# TYPE info_of_it gauge
info_of_it{version="1"} 1
# TYPE go_goroutines gauge
go_goroutines 1
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(contracts, "_FOLDER", tmp_path)
    (tmp_path / "planted.yaml").write_text(FILE)
    return tmp_path


def loaded() -> Contract:
    contracts.load.cache_clear()
    found: Contract = contracts.load("planted")
    contracts.load.cache_clear()
    return found


def taken(folder: Path, *pages: str, version: str = "2", components: tuple[Component, ...] = (None,)) -> dict[str, Any]:
    path = folder / "planted.yaml"
    exposed: dict[Component, dict[str, Family]] = dict(zip(components, map(families, pages), strict=True))
    scraped = Scraped(contract="planted", version=version, how="scraped here", components=exposed)
    file = yaml.safe_load(path.read_text())
    merge.write(path, merge.update(file, loaded(), scraped, compare(loaded(), scraped)))
    assert not compare(loaded(), scraped).drifts, "what was written is what was seen"
    result: dict[str, Any] = yaml.safe_load(path.read_text())
    return result


def test_what_was_seen_is_written_and_the_rest_is_marked(folder: Path) -> None:
    assert taken(folder, PAGE) == {
        "exporter": "planted",
        "version": "2",
        "source": "scraped here; read, for what is marked so: its code",
        "evidence": "scraped",
        "metrics": {
            "a_total": {"labels": ["shard"], "note": "guessed", "type": "counter"},
            "b": {"evidence": "read", "type": "gauge"},
            "c": {"evidence": "read", "optin": "--c", "type": "gauge"},
            "d": {"labels": ["path"], "type": "histogram"},
            "info_of_it": {"labels": ["version"], "type": "info"},
        },
        "absent": {"z": {"instead": "a_total", "why": "renamed"}},
    }


def test_the_form_is_a_line_for_each_metric(folder: Path) -> None:
    taken(folder, PAGE)
    lines = (folder / "planted.yaml").read_text().splitlines()
    assert lines[4:7] == [
        "metrics:",
        "  a_total: {labels: [shard], note: guessed, type: counter}",
        "  b: {evidence: read, type: gauge}",
    ]


def test_what_comes_and_goes_with_one_version_stays_and_what_a_new_one_lacks_goes(folder: Path) -> None:
    taken(folder, PAGE)
    less = PAGE.replace('# TYPE a_total counter\na_total{shard="1"} 1\n', "")
    assert taken(folder, less)["metrics"]["a_total"]["evidence"] == "read"
    taken(folder, PAGE)
    assert "a_total" not in taken(folder, less, version="3")["metrics"]


def test_a_second_writing_keeps_one_source_for_what_was_read(folder: Path) -> None:
    taken(folder, PAGE)
    assert taken(folder, PAGE)["source"] == "scraped here; read, for what is marked so: its code"


def test_components_share_an_entry_where_they_are_alike(folder: Path) -> None:
    (folder / "planted.yaml").write_text(
        FILE.replace("a_total: {labels", "a_total: {components: [server], labels").replace(
            "b: {", "b: {components: [w], "
        )
    )
    server = '# TYPE a_total counter\na_total{queue="1"} 1\n# TYPE e gauge\ne 1\n'
    worker = '# TYPE a_total counter\na_total{queue="1",host="b"} 1\n# TYPE e gauge\ne 2\n'
    metrics = taken(folder, server, worker, components=("server", "worker"))["metrics"]
    assert metrics["e"] == {"components": ["server", "worker"], "type": "gauge"}
    assert metrics["a_total"] == {"components": ["server"], "labels": ["queue"], "note": "guessed", "type": "counter"}
    assert metrics["a_total@worker"] == {"components": ["worker"], "labels": ["host", "queue"], "type": "counter"}


def test_a_known_metric_is_split_where_components_label_it_otherwise(folder: Path) -> None:
    """Thanos' shipper has the label tenant in a receiver, and not in a sidecar."""
    text = FILE.replace("a_total: {labels", "a_total: {components: [sidecar, receive, ruler], labels")
    (folder / "planted.yaml").write_text(text)
    plain = '# TYPE a_total counter\na_total{queue="1"} 1\n'
    tenant = '# TYPE a_total counter\na_total{queue="1",tenant="b"} 1\n'
    metrics = taken(folder, plain, tenant, components=("sidecar", "receive"))["metrics"]
    assert metrics["a_total"]["components"] == ["sidecar", "ruler"]
    assert metrics["a_total@receive"]["components"] == ["receive"]
    assert (metrics["a_total"]["labels"], metrics["a_total@receive"]["labels"]) == (["queue"], ["queue", "tenant"])
