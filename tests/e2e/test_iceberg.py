"""A real catalog, our exporter and Prometheus: what stack local deploys sees small files and lost data."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from lake import Lake
from real_prometheus import Prometheus, Target, prometheus, scrapes, stack_config
from real_servers import LOOPBACK, free_ports, server, wait_for
from real_tools import needs
from stacks import run

from components.exporters.own import CONFIG

pytestmark = needs("prometheus")
NAME = "iceberg-exporter-lake"


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    made = Lake(tmp_path_factory.mktemp("lake"))
    yield made
    made.catalog.close()


@pytest.fixture(scope="module")
def watched(lake: Lake) -> Iterator[Prometheus]:
    """The exporter with the file that its ConfigMap has, scraped as its monitor says, under the stack's rules."""
    stack = run(
        "local",
        config={
            # An hour is a minute, a scan each 5 s.
            "timeCompression": 60,
            "cardinality": "lean",
            "exporters": {"iceberg": {"lake": {"image": "registry/iceberg:1", "catalog": lake.properties}}},
            "systems": {"iceberg": {"minimumFiles": 4}},
        },
    )
    (port,) = free_ports(1)
    file = lake.folder / "config.yaml"
    (made,) = (r for r in stack.resources if r.type.endswith(":ConfigMap") and r.name == NAME)
    file.write_text(yaml.safe_dump(yaml.safe_load(made.inputs["data"][CONFIG]) | {"address": LOOPBACK, "port": port}))
    (service,) = (r for r in stack.resources if r.type.endswith(":Service") and r.name == NAME)
    pod = Target(
        address=f"{LOOPBACK}:{port}",
        namespace="monitoring",
        pod=f"{NAME}-0",
        labels=dict(service.inputs["spec"]["selector"]),
    )
    config = stack_config(stack, lake.folder, ["iceberg"], scrapes(stack, NAME, pod))
    command = ["env", f"ICEBERG_CONFIG={file}", sys.executable, "-m", "iceberg_exporter"]
    exporter = server(command, f"http://{pod.address}/healthz", lake.folder / "exporter.log")
    with exporter, prometheus(lake.folder, config) as started:
        wait_for(started.up, 60)
        yield started


def shown(watched: Prometheus, name: str, table: str) -> list[float]:
    return [float(row["value"][1]) for row in watched.query(f'{name}{{database="sales", table="{table}"}}')]


def test_the_recorded_series_are_those_of_the_real_tables(lake: Lake, watched: Prometheus) -> None:
    lake.table("sales.quiet", commits=2)
    wait_for(lambda: shown(watched, "dataops:iceberg:files", "quiet") == [2], 60)
    assert shown(watched, "dataops:iceberg:small_files_ratio", "quiet") == [1]
    assert shown(watched, "dataops:iceberg:lost_files_share", "quiet") == [0]
    (up,) = watched.query("iceberg_exporter_up")
    labels = {k: v for k, v in up["metric"].items() if k in ("cluster", "job", "catalog", "namespace")}
    assert labels == {"cluster": "local", "job": "iceberg-exporter", "catalog": "lake", "namespace": "monitoring"}


def test_deleted_data_and_small_files_are_told(lake: Lake, watched: Prometheus) -> None:
    table = lake.table("sales.orders", commits=6)
    wait_for(lambda: shown(watched, "dataops:iceberg:files", "orders") == [6], 60)
    assert "IcebergDataLoss" not in watched.firing()
    wait_for(lambda: "IcebergSmallFilesHigh" in watched.firing(), 150)
    table.delete("id >= 100")
    wait_for(lambda: "IcebergDataLoss" in watched.firing(), 60)
    assert shown(watched, "dataops:iceberg:lost_files_share", "orders") == [pytest.approx(5 / 6)]
    (told,) = [a for a in watched.alerts() if a["labels"]["alertname"] == "IcebergDataLoss"]
    assert told["annotations"]["summary"] == "83.33% of the data files of sales.orders were deleted"


def test_a_catalog_that_is_gone_is_told_and_its_exporter_stays_up(lake: Lake, watched: Prometheus) -> None:
    """Last of the module: the catalog's file goes."""
    lake.catalog.close()
    Path(lake.folder, "catalog.db").write_bytes(b"no database")
    wait_for(lambda: "IcebergCatalogUnreadable" in watched.firing(), 120)
    assert watched.up()
    assert "IcebergExporterSilent" not in watched.firing()
