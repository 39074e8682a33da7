"""One repository: what it is now, and what has happened since it was last read."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from bitbucket_exporter.rest import Bitbucket, Branch, path_of
from bitbucket_exporter.settings import BitbucketSettings
from scanning import Deadline, Failure, Reason, Sample

_DAY = 86400
_LOOKED_UP = 50
"""Closed pull requests that are asked for in one scan; more wait for the next."""
_CLOSED = {"MERGED": "merged", "DECLINED": "declined"}


@dataclass
class _PullRequests:
    """``newest`` is the highest id seen, ``waiting`` those that are not open and whose end is not known yet."""

    newest: int
    open: set[int]
    waiting: set[int] = field(default_factory=set)


class RepositoryReader:
    """Reads one repository again and again. Its counters begin at 0 with the first read, and only ever rise."""

    def __init__(self, project: str, repository: str, settings: BitbucketSettings, bitbucket: Bitbucket) -> None:
        self._labels, self._path = (project, repository), path_of(project, repository)
        self._settings, self._bitbucket = settings, bitbucket
        self._head = ""
        self._commits = 0
        self._requests: _PullRequests | None = None
        self._closed = dict.fromkeys(_CLOSED.values(), 0)

    def read(self, deadline: Deadline) -> Iterator[Sample]:
        """Raises Failure."""
        yield from self._branches(deadline)
        yield from self._pull_requests(deadline)

    def _sample(self, name: str, value: float, *labels: str) -> Sample:
        return Sample(f"git_{name}", value, (*self._labels, *labels))

    def _branches(self, deadline: Deadline) -> Iterator[Sample]:
        since = time.time() - self._settings.active_days * _DAY
        newest, whole = self._newest(since, deadline)
        every = newest if whole else list(self._bitbucket.branches(self._path, deadline))
        active = sum(1 for branch in newest if _active(branch, since))
        yield self._sample("branches", active, "active")
        yield self._sample("branches", max(0, len(every) - active), "stale")
        detailed = {branch.name: branch for branch in newest}
        for branch in every:
            if branch.is_default or branch.name in self._settings.branches:
                yield from self._of_branch(detailed.get(branch.name) or self._named(branch, deadline))
        yield from self._new_commits(next((one for one in every if one.is_default), None), deadline)

    def _newest(self, since: float, deadline: Deadline) -> tuple[list[Branch], bool]:
        """Pages of branches until one ends with a stale one, and whether these are all."""
        found: list[Branch] = []
        for page, last in self._bitbucket.detailed_branches(self._path, deadline):
            found += page
            if last:
                return found, True
            if found and not _active(found[-1], since):
                break
        return found, False

    def _named(self, branch: Branch, deadline: Deadline) -> Branch:
        """With its details, where it is not deleted by now."""
        pages = self._bitbucket.detailed_branches(self._path, deadline, branch.name)
        return next((one for page, _ in pages for one in page if one.name == branch.name), branch)

    def _of_branch(self, branch: Branch) -> Iterator[Sample]:
        commit, distance = branch.details.commit, branch.details.distance
        if commit and commit.seconds:
            yield self._sample("branch_last_commit_timestamp_seconds", commit.seconds, branch.name)
            if branch.is_default:
                yield self._sample("last_commit_timestamp_seconds", commit.seconds)
        if distance:  # the default branch has none
            yield self._sample("branch_commits_ahead", distance.ahead, branch.name)
            yield self._sample("branch_commits_behind", distance.behind, branch.name)

    def _new_commits(self, default: Branch | None, deadline: Deadline) -> Iterator[Sample]:
        """Counted from the head of the last read on. After a rewritten history that is not there: begin anew."""
        if default and self._head and default.head != self._head:
            try:
                found = self._bitbucket.commits(self._path, self._head, default.head, deadline)
                self._commits += sum(1 for _ in found)
            except Failure as failure:
                if failure.reason is not Reason.NOT_FOUND:
                    raise
        self._head = default.head if default else ""
        yield self._sample("commits_total", self._commits)

    def _pull_requests(self, deadline: Deadline) -> Iterator[Sample]:
        # The newest first: one that is opened in between is then open as well, not closed.
        newest = self._bitbucket.newest_pull_request(self._path, deadline)
        now_open = {one.id for one in self._bitbucket.open_pull_requests(self._path, deadline)}
        before = self._requests or _PullRequests(newest, now_open)
        since = set(range(before.newest + 1, newest + 1))
        waiting = (before.waiting | before.open | since) - now_open
        self._requests = _PullRequests(max(newest, before.newest), now_open, waiting)
        for number in sorted(waiting)[:_LOOKED_UP]:
            self._count_closed(number, deadline)
            waiting.discard(number)
        yield self._sample("pull_requests_open", len(now_open))
        for state, count in self._closed.items():
            yield self._sample("pull_requests_closed_total", count, state)

    def _count_closed(self, number: int, deadline: Deadline) -> None:
        """One that was deleted counts as nothing."""
        try:
            state = self._bitbucket.pull_request(self._path, number, deadline).state
        except Failure as failure:
            if failure.reason is not Reason.NOT_FOUND:
                raise
            return
        if state in _CLOSED:
            self._closed[_CLOSED[state]] += 1


def _active(branch: Branch, since: float) -> bool:
    commit = branch.details.commit
    return commit is not None and (commit.seconds or 0) >= since
