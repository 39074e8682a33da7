"""Running sources and holding their contracts against what they expose."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

import contracts
from model.contract import Contract
from obs.contracts import merge, sources
from obs.contracts.compare import Comparison, Drift, Scraped, compare
from obs.contracts.lab import Failed, Lab, NotToBeHad
from obs.errors import ObsError
from obs.toolchain_table import ToolMissing

FOLDER = Path(contracts.__file__).parent


class NoSuchSource(ObsError):
    """A name that is no source; the message names them all."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one contract. ``skipped`` is why it was not compared, ``failed`` what the software did wrong."""

    contract: str
    source: str
    evidence: str
    version: str
    compared: Comparison | None = None
    skipped: str = ""
    failed: str = ""
    written: bool = False

    @property
    def drifts(self) -> tuple[Drift, ...]:
        return self.compared.drifts if self.compared else ()


def check(names: Sequence[str], *, write: bool, told: Callable[[str], None]) -> Iterator[Outcome]:
    """The outcome of every contract of these sources (none: all), each source run after the other.

    ``write`` takes what was scraped into the files. ``told`` gets what is being done. Raises NoSuchSource.
    """
    if wrong := [name for name in names if name not in sources.SOURCES]:
        raise NoSuchSource(f"no source {', '.join(wrong)}; there are: {', '.join(sources.SOURCES)}")
    for name in names or sources.SOURCES:
        told(name)
        yield from _source(name, write)


def _source(name: str, write: bool) -> Iterator[Outcome]:
    open_ = list(sources.contracts(name))
    skipped = failed = ""
    try:
        with Lab() as lab:
            for scraped in sources.source(name)(lab):
                yield _compared(name, scraped, write)
                open_.remove(scraped.contract)
    except (NotToBeHad, ToolMissing) as error:
        skipped = str(error)
    except Failed as error:
        failed = str(error)
    for contract in open_:
        known = contracts.load(contract)
        yield Outcome(
            contract=contract,
            source=name,
            evidence=known.evidence,
            version=known.version,
            skipped=skipped,
            failed=failed or ("" if skipped else "its source did not show it"),
        )


def _compared(source: str, scraped: Scraped, write: bool) -> Outcome:
    contract = contracts.load(scraped.contract)
    compared = compare(contract, scraped)
    if write:
        _write(scraped, contract, compared)
    return Outcome(
        contract=scraped.contract,
        source=source,
        evidence="scraped" if write else contract.evidence,
        version=scraped.version,
        compared=compared,
        written=write,
    )


def _write(scraped: Scraped, contract: Contract, compared: Comparison) -> None:
    path = FOLDER / f"{scraped.contract}.yaml"
    file: dict[str, Any] = yaml.safe_load(path.read_text())
    merge.write(path, merge.update(file, contract, scraped, compared))
    contracts.load.cache_clear()
