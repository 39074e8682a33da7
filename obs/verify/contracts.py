"""Contracts: every metric that an enabled system promises is stored, with its type and its labels."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from model.expr import Matcher
from obs.check.catalogue import Series as Promise
from obs.verify.client import Server
from obs.verify.finding import Finding, Result, Severity, listed
from obs.verify.promises import Job, place
from obs.verify.reads import Read
from obs.verify.stored import Stored, stored

Readers = Mapping[str, Sequence[Read]]
# A type of a contract -> types in Prometheus' metadata that keep the promise. Behind OpenMetrics an info
# metric or a state set (kube-state-metrics has both) says so; as text they are gauges.
_TYPES = {
    "counter": {"counter"},
    "gauge": {"gauge", "info", "stateset"},
    "info": {"gauge", "info"},
    "histogram": {"histogram"},
    "summary": {"summary"},
}
# OpenMetrics names a family without these endings, and Prometheus keeps its metadata under that name.
_OPENMETRICS = ("_total", "_info")
# Collectors of the client libraries that every process has and contracts leave out, Prometheus' own series, and what
# rules record, which may keep the job of what they read.
_OTHERS = re.compile(r"(go|process|promhttp|python|jvm|scrape)_.+|up|target_info|.+:.+")
# Where an allow-list decides the labels, a contract has one that stands for them (label_POD_LABEL).
_ALLOW_LISTED = re.compile(r"(labels?|annotations?)_[A-Z][A-Z_]+")
# A Thanos querier in front adds external labels: the operator's two and the stack's own.
_EXTERNAL = frozenset({"cluster", "environment", "platform", "prometheus", "prometheus_replica"})


def check_contracts(prometheus: Server, jobs: Sequence[Job], cluster: Matcher, readers: Readers) -> Result:
    """``cluster`` narrows to the stack's cluster. Raises Unreachable or Refused."""
    told = _told(prometheus)
    findings: list[Finding] = []
    facts = {}
    total = bad = 0
    for job in jobs:
        comparison = Comparison(job, stored(prometheus, job.name, cluster), readers, told)
        of_job = list(comparison.findings())
        affected = {job.family(name) for f in of_job if f.severity != "info" for name in f.names}
        families = {job.family(name) for name in comparison.promised} if comparison.expected else set()
        total += len(families)
        bad += len(families & affected)
        findings += of_job
        facts[job.name] = {
            "series": sum(comparison.stored.counts.values()),
            "metrics": len(comparison.stored.counts),
            "without_type": comparison.without_type,
        }
    return Result(
        name="contracts",
        what="metrics as promised",
        total=total,
        ok=total - bad,
        findings=tuple(findings),
        facts={"jobs": facts},
    )


def _told(prometheus: Server) -> dict[str, frozenset[str]]:
    """Metric family -> types that the exporters told; a family without a TYPE line is left out."""
    metadata = prometheus.data("/api/v1/metadata")
    types = {name: frozenset(str(entry["type"]) for entry in entries) for name, entries in metadata.items()}
    return {name: known - {"unknown"} for name, known in types.items() if known - {"unknown"}}


@dataclass(frozen=True)
class Comparison:
    """One job: what is promised beside what is stored. ``told``: family -> types that exporters tell."""

    job: Job
    stored: Stored
    readers: Readers
    told: Mapping[str, frozenset[str]]

    @cached_property
    def promised(self) -> dict[str, tuple[Promise, ...]]:
        return self.job.promised()

    @property
    def expected(self) -> bool:
        """False where a sound system may have nothing of the job, as is the case now."""
        return bool(self.present) or self.job.may_be_absent is None

    @property
    def present(self) -> list[str]:
        return [name for name in self.promised if name in self.stored.counts]

    @property
    def without_type(self) -> int:
        return sum(1 for name in {self.job.family(name) for name in self.present} if not self._types(name))

    def findings(self) -> Iterator[Finding]:
        if not self.present:
            yield self._nothing()
            return
        yield from self._missing()
        yield from self._wrong_types()
        yield from self._missing_labels()
        yield from self._unknown_labels()
        yield from self._surplus()

    def _nothing(self) -> Finding:
        why = self.job.may_be_absent
        families = sorted({self.job.family(name) for name in self.promised})
        message = f"none of its {len(families)} metrics has a series" + (f": {why}" if why else "")
        return self._finding("empty", "info" if why else "error", f"job {self.job.name}", message, families)

    def _missing(self) -> Iterator[Finding]:
        """An error where the plan reads it and gives no reason for its absence; else a line per reason or contract."""
        unread: defaultdict[str, list[str]] = defaultdict(list)
        explained: defaultdict[str, list[str]] = defaultdict(list)
        for family, parts in self._missing_families().items():
            found = self._readers(parts)
            demanding = [read for read in found if not read.selector.may_be_absent]
            if demanding:
                subjects = listed(sorted({read.subject for read in demanding}))
                message = f"job {self.job.name} has no series of it; read by {subjects}"
                yield self._finding("missing", "error", f"metric {family}", message, [family], where=demanding[0].where)
            elif found:
                explained[str(found[0].selector.may_be_absent)].append(family)
            else:
                unread[self._contract(parts[0])].append(family)
        for why, names in explained.items():
            yield self._grouped("absent", "info", names, f"without a series, which a sound system may be: {why}")
        for contract, names in unread.items():
            where = f"contracts/{contract}.yaml"
            yield self._grouped("missing", "info", names, "without a series, and no rule or panel reads them", where)

    def _missing_families(self) -> dict[str, list[str]]:
        """Family -> its names without a series; a histogram of which only a part is missing is that part alone."""
        parts: defaultdict[str, list[str]] = defaultdict(list)
        whole: set[str] = set()
        for name in self.promised:
            family = self.job.family(name)
            if name in self.stored.counts:
                whole.add(family)
            else:
                parts[family].append(name)
        merged = {family: names for family, names in parts.items() if family not in whole}
        return merged | {name: [name] for family, names in parts.items() if family in whole for name in names}

    def _wrong_types(self) -> Iterator[Finding]:
        for family in sorted({self.job.family(name) for name in self.present}):
            told = self._types(family)
            wanted = {source.type for source in self.job.known[family]}
            allowed = set().union(*(_TYPES.get(kind, told) for kind in wanted))
            if told and not told & allowed:
                found = self._readers([name for name in self.promised if self.job.family(name) == family])
                message = f"job {self.job.name} exposes a {'/'.join(sorted(told))}, promised is a {'/'.join(wanted)}"
                where = place(self._contract(family), family)
                yield self._finding(
                    "type", "error" if found else "warning", f"metric {family}", message, [family], where=where
                )

    def _missing_labels(self) -> Iterator[Finding]:
        """One finding per label: an error for the metrics whose readers name it."""
        promising: defaultdict[str, list[str]] = defaultdict(list)
        for name in self.present:
            for label in set().union(*(source.labels for source in self.promised[name])):
                if not _ALLOW_LISTED.fullmatch(label):
                    promising[label].append(name)
        for label, names in sorted(promising.items()):
            without = sorted(set(names) - self.stored.with_label(label, names))
            needed = [name for name in without if any(label in read.labels for read in self._readers([name]))]
            if needed:
                reader = next(read for read in self._readers(needed) if label in read.labels)
                message = f"no series of it has the label, which {reader.subject} needs"
                yield self._label("label", "error", label, needed, message=message, where=reader.where)
            rest = [name for name in without if name not in needed]
            if rest:
                message = "promised, and no series has it (an exporter may leave it empty)"
                yield self._label(
                    "label", "info", label, rest, message=message, where=f"contracts/{self._contract(rest[0])}.yaml"
                )

    def _unknown_labels(self) -> Iterator[Finding]:
        unknown: defaultdict[str, list[str]] = defaultdict(list)
        for name in self.present:
            known = frozenset().union(*(source.labels for source in self.job.known[name]))
            open_ended = tuple(f"{m[1]}_" for m in map(_ALLOW_LISTED.fullmatch, known) if m)
            for label in self.stored.labels[name] - known - _EXTERNAL:
                if not label.startswith(open_ended or ("\0",)):
                    unknown[label].append(name)
        for label, names in sorted(unknown.items()):
            where = f"contracts/{self._contract(names[0])}.yaml"
            yield self._label(
                "unknown-label", "warning", label, names, message="the contract does not know it", where=where
            )

    def _surplus(self) -> Iterator[Finding]:
        kept = {name: who for name, who in self.job.dropped().items() if name in self.stored.counts}
        for who in sorted(set(kept.values())):
            names = [name for name in kept if kept[name] == who]
            yield self._grouped("not-dropped", "warning", names, f"stored, but to be dropped by {who}")
        unknown = [n for n in self.stored.counts if n not in self.job.known and not _OTHERS.fullmatch(n)]
        if unknown:
            yield self._grouped("undocumented", "warning", unknown, "no contract of the job has them")

    def _label(
        self, check: str, severity: Severity, label: str, names: Sequence[str], *, message: str, where: str
    ) -> Finding:
        subject = f"label {label} of job {self.job.name}"
        number = f"{len(names)} metric{'s' if len(names) > 1 else ''} ({listed(sorted(names))})"
        return self._finding(check, severity, subject, f"{number}: {message}", names, where=where)

    def _grouped(
        self, check: str, severity: Severity, names: Sequence[str], message: str, where: str | None = None
    ) -> Finding:
        number = f"{len(names)} metric{'s' if len(names) > 1 else ''}"
        text = f"{number} {message}: {listed(sorted(names))}"
        return self._finding(check, severity, f"job {self.job.name}", text, names, where=where)

    def _finding(
        self,
        check: str,
        severity: Severity,
        subject: str,
        message: str,
        names: Sequence[str],
        *,
        where: str | None = None,
    ) -> Finding:
        return Finding(
            check=f"contracts/{check}",
            severity=severity,
            subject=subject,
            message=message,
            where=where or self.job.where,
            names=tuple(sorted(names)),
        )

    def _readers(self, names: Sequence[str]) -> list[Read]:
        """Those who can mean this job: `http_requests_total` of an application is none of Thanos'."""
        return [
            read
            for name in names
            for read in self.readers.get(name, ())
            if read.of_job(self.job.name, _EXTERNAL.union(*(source.labels for source in self.job.known[name])))
        ]

    def _types(self, family: str) -> frozenset[str]:
        for name in (family, *(family.removesuffix(end) for end in _OPENMETRICS)):
            if name in self.told:
                return self.told[name]
        return frozenset()

    def _contract(self, name: str) -> str:
        return self.job.known[name][0].contract
