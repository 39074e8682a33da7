"""A catalog as a source: its tables, by database.table."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from contextlib import contextmanager

from pyiceberg.catalog import Catalog, load_catalog
from pyiceberg.exceptions import NoSuchNamespaceError, NoSuchTableError
from pyiceberg.typedef import Identifier

from iceberg_exporter.errors import as_failure
from iceberg_exporter.metrics import METRICS
from iceberg_exporter.settings import IcebergSettings
from iceberg_exporter.table import TableReader
from scanning import Deadline, Gone, Listing, Sample


class CatalogSource:
    """Tables of one catalog. A client of a catalog is used by one thread at a time: Hive's is one connection."""

    families = METRICS

    def __init__(self, settings: IcebergSettings) -> None:
        self._settings = settings
        self._idle: queue.SimpleQueue[Catalog] = queue.SimpleQueue()
        self._tables: dict[str, Identifier] = {}
        self._readers: dict[str, TableReader] = {}

    def listing(self, deadline: Deadline) -> Listing:
        with as_failure(), self._catalog() as catalog:
            found = {_key(one): one for one in _tables(catalog, deadline) if self._settings.wanted(_key(one))}
        first, over = self._settings.first(found)
        self._tables = {key: found[key] for key in first}
        self._readers = {
            key: self._readers.get(key) or TableReader(*_names(found[key]), self._settings) for key in first
        }
        return Listing(first, over_cap=over)

    def read(self, key: str, deadline: Deadline) -> list[Sample]:
        identifier, reader = self._tables[key], self._readers[key]
        try:
            with as_failure(), self._catalog() as catalog:
                return reader.read(catalog.load_table(identifier), deadline)
        except (NoSuchTableError, NoSuchNamespaceError):
            raise Gone(key) from None

    @contextmanager
    def _catalog(self) -> Iterator[Catalog]:
        """One that nobody else uses. After an error another is made: its connection may be in any state."""
        try:
            catalog = self._idle.get_nowait()
        except queue.Empty:
            catalog = load_catalog(self._settings.name, **self._settings.properties)
        try:
            yield catalog
        except BaseException:
            catalog.close()
            raise
        self._idle.put(catalog)


def _tables(catalog: Catalog, deadline: Deadline) -> Iterator[Identifier]:
    waiting: list[Identifier] = list(catalog.list_namespaces())
    while waiting:
        deadline.check()
        namespace = waiting.pop()
        try:
            yield from catalog.list_tables(namespace)
            waiting += _below(catalog, namespace)
        except NoSuchNamespaceError:  # dropped since it was listed
            continue


def _below(catalog: Catalog, namespace: Identifier) -> list[Identifier]:
    """Namespaces inside one. Catalogs that have none say so in several ways, or give the same again."""
    try:
        found = catalog.list_namespaces(namespace)
    except (NoSuchNamespaceError, NotImplementedError, ValueError):
        return []
    return [one for one in found if len(one) > len(namespace)]


def _names(identifier: Identifier) -> tuple[str, str]:
    """Database (a nested namespace with dots) and table."""
    return ".".join(identifier[:-1]), identifier[-1]


def _key(identifier: Identifier) -> str:
    return ".".join(identifier)
