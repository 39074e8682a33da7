"""What the contracts of the enabled systems promise of each job."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import contracts
from model.contract import Contract
from model.scrape import Scrape
from obs.check.catalogue import ITSELF, Series, catalogue
from plan import Plan

_PARTS = ("_bucket", "_sum", "_count")


@dataclass(frozen=True)
class Job:
    """One job and every series name that the contracts behind it know, whether it is stored or not.

    ``may_be_absent`` is the reason why a sound system may have no target of it.
    """

    name: str
    where: str
    may_be_absent: str | None
    known: Mapping[str, tuple[Series, ...]]

    def promised(self) -> dict[str, tuple[Series, ...]]:
        """Names that must be stored: neither off by default nor dropped on the way."""
        kept = {
            name: tuple(s for s in sources if not s.optin and not s.dropped_by) for name, sources in self.known.items()
        }
        return {name: sources for name, sources in kept.items() if sources}

    def dropped(self) -> dict[str, str]:
        """Names that must not be stored -> who drops them."""
        return {
            name: sources[0].dropped_by
            for name, sources in self.known.items()
            if sources[0].dropped_by and all(source.dropped_by for source in sources)
        }

    def family(self, name: str) -> str:
        """The metric as its contract names it: without the ending that histograms and summaries add."""
        for part in _PARTS:
            base = name.removesuffix(part)
            if base != name and any(s.type in ("histogram", "summary") for s in self.known.get(base, ())):
                return base
        return name


def jobs(plan: Plan, load: Callable[[str], Contract] = contracts.load) -> tuple[Job, ...]:
    """Every job of the enabled systems, in the order of the plan. Raises ContractError."""
    scrapes: dict[str, Scrape] = {}
    for system in plan.systems:
        for scrape in system.scrapes:
            scrapes.setdefault(scrape.job, scrape)
    known: dict[str, dict[str, tuple[Series, ...]]] = {job: {} for job in scrapes}
    for name, sources in catalogue(plan.systems, load).series.items():
        for job, names in known.items():
            of_job = tuple(s for s in sources if s.job == job and s.contract != ITSELF)
            if of_job:
                names[name] = of_job
    return tuple(Job(job, str(scrapes[job].where), scrapes[job].may_be_absent, names) for job, names in known.items())


@cache
def place(contract: str, metric: str) -> str:
    """``file:line`` of a metric in its contract."""
    file = Path(contracts.__file__).with_name(f"{contract}.yaml")
    for number, line in enumerate(file.read_text().splitlines(), start=1):
        if line.startswith((f"  {metric}:", f"  {metric}@")):
            return f"contracts/{file.name}:{number}"
    return f"contracts/{file.name}"
