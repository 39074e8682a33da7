"""The contracts of our exporters are what running exporters show, no more and no less."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from bitbucket_server import TOKEN, Bitbucket, Branch, Repository
from lake import Lake
from onefs_server import PASSWORD, USER, OneFS
from replay_server import certificate, replaying
from scraped import Scraped, get, parsed
from stacks import ROOT

import contracts
from bitbucket_exporter.__main__ import PROGRAM as BITBUCKET
from bitbucket_exporter.metrics import METRICS as BITBUCKET_METRICS
from iceberg_exporter.__main__ import PROGRAM as ICEBERG
from iceberg_exporter.metrics import METRICS as ICEBERG_METRICS
from isilon_exporter.__main__ import PROGRAM as ISILON
from isilon_exporter.metrics import METRICS as ISILON_METRICS
from model.contract import Contract
from scanning import Family, Program
from scanning.process import Exporter

Shape = tuple[str, frozenset[str]]


@contextmanager
def scraped(program: Program[Any], **settings: Any) -> Iterator[Scraped]:
    """What Prometheus gets by HTTP, after the first scan."""
    one = Exporter(program, program.settings(address="127.0.0.1", port=0, **settings))
    one.start()
    try:
        while not (shown := parsed(get(one, "/metrics")[1])).has(f"{program.prefix}_exporter_{program.units}"):
            pass
        yield shown
    finally:
        one.stop()


@contextmanager
def iceberg(folder: Path) -> Iterator[Scraped]:
    lake = Lake(folder)
    lake.table("sales.orders")
    with scraped(ICEBERG, name="lake", catalog=lake.properties) as shown:
        yield shown


@contextmanager
def isilon(folder: Path) -> Iterator[Scraped]:
    files = certificate(folder)
    given = {"name": "archive", "username": USER, "password": PASSWORD, "ca_file": files[0], "requests_per_second": 100}
    with replaying(OneFS(), *files) as replay, scraped(ISILON, url=replay.url, **given) as shown:
        yield shown


@contextmanager
def bitbucket(folder: Path) -> Iterator[Scraped]:
    files = certificate(folder)
    branches = [Branch("main", ["a"]), Branch("develop", ["b"], ahead=1, behind=0)]
    given = {"name": "main", "token": TOKEN, "branches": ("develop",), "ca_file": files[0]}
    with (
        replaying(Bitbucket(etl=Repository(branches)), *files) as replay,
        scraped(BITBUCKET, url=replay.url, **given) as shown,
    ):
        yield shown


EXPORTERS: dict[str, tuple[Callable[[Path], Any], Program[Any], Mapping[str, Family]]] = {
    "iceberg": (iceberg, ICEBERG, ICEBERG_METRICS),
    "isilon": (isilon, ISILON, ISILON_METRICS),
    "bitbucket": (bitbucket, BITBUCKET, BITBUCKET_METRICS),
}


def promised(contract: Contract) -> dict[str, Shape]:
    return {one.name: (one.type, frozenset(one.labels)) for one in contract.metrics.values()}


def differences(contract: Contract, shown: dict[str, Shape]) -> list[str]:
    """What the contract says and the exporter does not do, and the other way round."""
    said = promised(contract)
    found = [f"{name}: is in the contract, and not shown" for name in said.keys() - shown.keys()]
    found += [f"{name}: is shown, and not in the contract" for name in shown.keys() - said.keys()]
    found += [
        f"{name}: is {shown[name]}, the contract has {said[name]}"
        for name in said.keys() & shown.keys()
        if said[name] != shown[name]
    ]
    return sorted(found)


def rewrite(name: str, program: Program[Any], families: Mapping[str, Family], shown: dict[str, Shape]) -> None:
    """The contract from what was scraped, labels in the order of the table of metrics."""
    path = ROOT / "contracts" / f"{name}.yaml"
    text, mark, absent = path.read_text().partition("absent:\n")
    head = {key: value for key, value in yaml.safe_load(text).items() if key != "metrics"}
    order = {key: (program.label, *family.labels) for key, family in families.items()}
    lines = [yaml.safe_dump({**head, "version": program.version}, sort_keys=False, width=200), "metrics:\n"]
    for metric, (kind, labels) in sorted(shown.items()):
        ordered = list(order.get(metric, sorted(labels, key=lambda label: (label != program.label, label))))
        entry = {**({"labels": ordered} if ordered else {}), "type": kind}
        lines.append(f"  {metric}: {yaml.safe_dump(entry, default_flow_style=True, width=1000)}")
    path.write_text("".join([*lines, mark, absent]))


@pytest.mark.parametrize("name", EXPORTERS)
def test_the_contract_is_what_the_running_exporter_shows(name: str, tmp_path: Path, update_golden: bool) -> None:
    run, program, families = EXPORTERS[name]
    with run(tmp_path) as shown:
        metrics = dict(shown.metrics)
    if update_golden:
        rewrite(name, program, families, metrics)
        contracts.load.cache_clear()
    contract = contracts.load(name)
    assert contract.evidence == "scraped"
    assert contract.version == program.version
    assert differences(contract, metrics) == []


def test_drift_would_be_seen() -> None:
    contract = contracts.load("isilon")
    shown = promised(contract)
    renamed = {("isilon_health" if name == "isilon_cluster_health" else name): one for name, one in shown.items()}
    assert differences(contract, renamed) == [
        "isilon_cluster_health: is in the contract, and not shown",
        "isilon_health: is shown, and not in the contract",
    ]
    assert differences(contract, {**shown, "isilon_drives": ("counter", frozenset({"isilon"}))})
