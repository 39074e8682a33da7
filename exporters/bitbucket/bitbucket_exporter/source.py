"""A Bitbucket as a source: its repositories, by PROJECT/repository."""

from __future__ import annotations

import threading
from collections.abc import Callable

from bitbucket_exporter.metrics import METRICS
from bitbucket_exporter.repository import RepositoryReader
from bitbucket_exporter.rest import Bitbucket
from bitbucket_exporter.settings import BitbucketSettings
from scanning import Deadline, Failure, Gone, Listing, Reason, Sample
from scanning.http import Api


class BitbucketSource:
    families = METRICS

    def __init__(
        self, settings: BitbucketSettings, requested: Callable[[str], None], stopping: threading.Event
    ) -> None:
        self._settings = settings
        bearer = {"Authorization": f"Bearer {settings.token.get_secret_value()}"}
        api = Api(settings, requested, stopping, headers=bearer)
        self._bitbucket = Bitbucket(api)
        self._readers: dict[str, RepositoryReader] = {}

    def listing(self, deadline: Deadline) -> Listing:
        """Archived repositories are left out: nothing happens in them."""
        found = {
            f"{project.key}/{repository.slug}": (project.key, repository.slug)
            for project in self._bitbucket.projects(deadline)
            for repository in self._bitbucket.repositories(project.key, deadline)
            if not repository.archived and self._settings.wanted(f"{project.key}/{repository.slug}")
        }
        first, over = self._settings.first(found)
        self._readers = {
            key: self._readers.get(key) or RepositoryReader(*found[key], self._settings, self._bitbucket)
            for key in first
        }
        return Listing(first, over_cap=over)

    def read(self, key: str, deadline: Deadline) -> list[Sample]:
        try:
            return list(self._readers[key].read(deadline))
        except Failure as failure:
            if failure.reason is Reason.NOT_FOUND:
                raise Gone(key) from None
            raise
