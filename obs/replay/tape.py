"""Everything that is scraped in two weeks, minute by minute: the simulation's exporters and scenarios, in a life.

A tape may be of some families alone: what a fault changes. The life is the same then.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import cast

from contracts import load
from obs.replay.life import Life
from obs.replay.parts import Fault, Frame, Key, Page, Part, Scraped, Watched, narrow, samples
from obs.replay.rhythm import kind, lived, plain, unborn
from obs.replay.shapes import STEADY, shaped
from obs.simulate.cluster import Cluster
from obs.simulate.exposition import Lines
from obs.simulate.faults import Injection, altered, healed
from obs.simulate.scenario import Down, Scenario
from obs.simulate.series import Family, Series, families, known_names, labels_of
from obs.simulate.values import Fixed, Moment, Value


class Tape:
    """``scraped`` says whom Prometheus scrapes in a cluster, ``read`` which series the rules read.

    ``faults`` are labelled; what passes is in the life. With a ``part``, only its families are on the tape.
    """

    def __init__(
        self,
        scraped: Callable[[Cluster], Iterable[Scraped]],
        read: Collection[str],
        there: Life,
        passing: Mapping[str, Scenario],
        *,
        faults: Iterable[Fault] = (),
        part: Part | None = None,
    ) -> None:
        self._scraped, self._read, self._life, self._part = scraped, frozenset(read), there, part
        self._faults = (*(Fault(passing[p.scenario], p.begin, p.end) for p in there.passing), *faults)
        edges = {*there.boundaries(), *(m for f in self._faults for m in (f.begin, f.end))}
        self._edges = edges | {m for starts in there.restarts.values() for m in starts}
        self._targets: dict[int, list[Scraped]] = {}
        self._pages: dict[tuple[str, str, str, str], Page] = {}
        self._ids: dict[Key, int] = {}

    # --- minutes

    def frames(self, begin: int, end: int, *, step: int = 1) -> Iterator[Frame]:
        """From a minute on, up to another (excluded), every ``step`` minutes."""
        order: list[Page] = []
        ids: array[int] | None
        for minute in range(begin, end, step):
            changed = minute == begin or not self._edges.isdisjoint(range(minute - step + 1, minute + 1))
            if changed:
                order = self._at(minute)
            if changed or any(page.coming for page in order):
                roll = _Roll(self, order, minute)
                new, ids = roll.series()
            yield Frame(minute, new, ids, roll.values(minute))
            new, ids = [], None

    def ids(self, lines: list[Key]) -> tuple[list[Key], array[int]]:
        """Numbers of series, and those that had none yet."""
        new = []
        for key in lines:
            if key not in self._ids:
                self._ids[key] = len(self._ids)
                new.append(key)
        return new, array("I", (self._ids[key] for key in lines))

    @property
    def known(self) -> list[Key]:
        """Every series that was there until now."""
        return [*self._ids]

    def silent(self, one: Scraped, minute: int) -> bool:
        """Whether a scrape fails."""
        return minute in self.misses(one) or self.down(one, minute)

    def misses(self, one: Scraped) -> frozenset[int]:
        return self._life.silent.get(one.name, frozenset())

    def down(self, one: Scraped, minute: int) -> bool:
        """Whether a fault keeps it from answering."""
        return any(
            isinstance(c, Down) and c.silences(one.exporter.name, one.node)
            for f in self._faults
            if f.begin <= minute < f.end
            for c in f.scenario.changes
        )

    def moment(self, one: Scraped, minute: int, *, even: bool) -> Moment:
        since = self.since(one, minute)
        return plain(minute, since) if even else lived(kind(one.exporter.system), minute, since)

    def _begin(self, one: Scraped, fault: Fault, since: int | None, *, even: bool) -> Moment:
        """A fault's beginning, to a process that runs since a minute: one that is younger has done no work by then."""
        if since is None or since <= fault.begin:
            return self.moment(one, fault.begin, even=even)
        return unborn(fault.begin)

    def since(self, one: Scraped, minute: int) -> int | None:
        return self._life.since(one.name, minute)

    # --- pages

    def _at(self, minute: int) -> list[Page]:
        edge = max(m for m in self._life.boundaries() if m <= minute)
        if edge not in self._targets:
            self._targets = {edge: [s for s in self._scraped(self._life.cluster(edge)) if self._wanted(s)]}
        found = []
        for one in self._targets[edge]:
            since = self._life.since(one.name, minute)
            touching = tuple(f for f in self._faults if f.begin <= minute and f.touches(one.exporter))
            key = (since, tuple((f.scenario.name, f.begin, f.end <= minute) for f in touching))
            place = (one.exporter.name, one.name, one.labels["job"], one.labels["metrics_path"])
            page = self._pages.get(place)
            if page is None or page.key != key or page.edge not in (None, edge):
                page = self._pages[place] = self._page(one, touching, minute, key=key, edge=edge)
            found.append(page)
        return found

    def _wanted(self, one: Scraped) -> bool:
        if self._part is None or self._part.whole(one):
            return True
        contract = one.exporter.contract
        return contract is not None and not self._part.metrics.isdisjoint(known_names(contract))

    def _families(self, one: Scraped, cluster: Watched) -> list[Family]:
        exporter = one.exporter
        if exporter.contract is None:
            return []
        read = self._read
        if self._part is not None and not self._part.whole(one):
            wanted = self._part.metrics
            metrics = {
                m.name for m in load(exporter.contract).metrics.values() if not samples(m.name).isdisjoint(wanted)
            }
            read = frozenset(name for name in read if any(name in samples(m) for m in metrics))
        contract = narrow(exporter.contract, read)
        return families(contract, exporter.table(cast(Cluster, cluster), one.target), exporter.component)

    def _page(self, one: Scraped, faults: tuple[Fault, ...], minute: int, *, key: object, edge: int) -> Page:
        page, watched = Page(one, key), Watched(self._life.cluster(edge))
        of = kind(one.exporter.system)
        since = self._life.since(one.name, minute)
        for family in self._families(one, watched):
            even = STEADY.fullmatch(family.name) is not None
            series = [replace(s, value=shaped(s, one.name, of, self._life)) for s in family.series]
            labels = labels_of(one.exporter.contract or "")[family.name]
            coming: list[Lines] = []
            for fault in faults:
                # A process that started after a fault was over knows nothing of it.
                if fault.end <= minute and since is not None and fault.end <= since:
                    continue
                injection = Injection(fault.scenario, self._begin(one, fault, since, even=even))
                if fault.end <= minute:
                    series = healed(family, series, injection, self.moment(one, fault.end, even=even))
                else:
                    series, more = altered(family, series, injection, labels)
                    coming += more
            page.lines += [(self.stored(s, one), s.value, even) for s in series if s.name in self._read]
            page.coming += coming
        page.edge = edge if watched.seen else None
        return page

    @staticmethod
    def stored(series: Series, one: Scraped) -> Key:
        """As scraping stores it: of two labels of one name the target's wins, unless it honours the exporter's."""
        said = dict((*series.labels, *series.extra))
        if not one.honor:
            said = {f"exported_{name}" if name in one.labels else name: text for name, text in said.items()}
        whole = {"__name__": series.name, **one.labels, **said}
        return tuple((name, text) for name, text in whole.items() if text)


class _Roll:
    """The series of a stretch of minutes in which none comes and none goes."""

    def __init__(self, tape: Tape, pages: list[Page], minute: int) -> None:
        self._tape = tape
        self._keys: list[Key] = []
        self._values = array("d")
        self._moving: list[tuple[int, Value, int, bool]] = []
        self._spans: list[tuple[Scraped, int, int]] = []
        self._since = [tape.since(page.scraped, minute) for page in pages]
        self._kinds = [kind(page.scraped.exporter.system) for page in pages]
        self._down = [tape.down(page.scraped, minute) for page in pages]
        self._misses = [tape.misses(page.scraped) for page in pages]
        seen: set[Key] = set()
        for number, page in enumerate(pages):
            begin = len(self._keys)
            for key, value, even in (*page.lines, *self._coming(page, minute)):
                if key in seen:  # the first target that says it is who is stored
                    continue
                seen.add(key)
                if not isinstance(value, Fixed):
                    self._moving.append((len(self._keys), value, number, even))
                self._keys.append(key)
                self._values.append(value.value if isinstance(value, Fixed) else 0.0)
            self._spans.append((page.scraped, begin, len(self._keys)))
        self._ups = len(self._keys)
        for page in pages:
            self._keys.append((("__name__", "up"), *page.scraped.labels.items()))
            self._values.append(1.0)

    def _coming(self, page: Page, minute: int) -> Iterator[tuple[Key, Value, bool]]:
        for lines in page.coming:
            for series in lines.series(self._tape.moment(page.scraped, minute, even=False)):
                yield self._tape.stored(series, page.scraped), series.value, False

    def series(self) -> tuple[list[Key], array[int]]:
        return self._tape.ids(self._keys)

    def values(self, minute: int) -> array[float]:
        found = array("d", self._values)
        worked = [lived(of, minute, since) for of, since in zip(self._kinds, self._since, strict=True)]
        even = [plain(minute, since) for since in self._since]
        for place, value, number, evenly in self._moving:
            found[place] = value.at(even[number] if evenly else worked[number])
        for number, (_, begin, end) in enumerate(self._spans):
            if self._down[number] or minute in self._misses[number]:
                found[begin:end] = array("d", [math.nan]) * (end - begin)
                found[self._ups + number] = 0.0
        return found
