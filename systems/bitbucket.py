"""Bitbucket Data Center: what happens in its repositories, as the stack's own exporter reads it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import ClassVar

from model.config import Duration
from model.dashboard import PanelKind
from model.expr import Expr
from model.promql import call, eq, increase, max_by, metric, not_matching, sum_by
from model.quantity import seconds
from model.rule import Alert, Severity, Signal
from model.scrape import Endpoint, Scrape, ScrapeKind
from model.system import Domain, Section, System
from systems.base import Context, SystemSettings, above, panels, silence

JOB = "bitbucket-exporter"
_NAME = "bitbucket"
_MONTH = 30 * 86400
_REPOSITORY = (_NAME, "project", "repository")
_LEGEND = "{{project}}/{{repository}}"
_NONE_YET = "a Bitbucket may be without repositories, or without commits in them"
_NO_OTHER = "no branch besides the default one is watched unless the exporter is told to"


class Settings(SystemSettings):
    """``stale_after``: a repository without a commit for that long is told, unless its name matches one of
    ``stale_expected`` (regular expressions). One that is archived is never read."""

    needs: ClassVar[Mapping[str, str]] = {"exporters.bitbucket": "it asks the REST API; Bitbucket cannot be scraped"}
    stale_after: Duration = "180d"
    stale_expected: tuple[str, ...] = ()


def system(settings: Settings, context: Context) -> System:
    everything = (*_activity_signals(), *_branch_signals(settings.stale_expected), *_exporter_signals())
    signals = {s.name: s for s in everything}
    silent, silent_alert = silence(
        context,
        job=JOB,
        title="Bitbucket exporter",
        name="BitbucketExporterSilent",
        component="bitbucket",
        severity=Severity.INFO,
        hides="nothing is known of repositories",
    )
    shown = panels({**signals, silent.name: silent}, *_PANELS, (PanelKind.STAT, silent.name))
    return System(
        name="bitbucket",
        title="Bitbucket",
        interval="1m",
        scrapes=(
            Scrape(
                name="bitbucket-exporter",
                kind=ScrapeKind.PART,
                job=JOB,
                endpoints=(Endpoint(port="metrics", contract="bitbucket"),),
            ),
        ),
        signals=(*signals.values(), silent),
        alerts=(*_alerts(signals, settings.stale_after), silent_alert),
        sections=(Section(domain=Domain.GITOPS, title="Source control (Bitbucket)", panels=shown),),
    )


def _each(name: str, *labels: str, why: str | None = None) -> Expr:
    # Two pods of an exporter, during a rollout, ask the same Bitbucket.
    return max_by(metric(name, may_be_absent=why), *labels)


def _activity_signals() -> tuple[Signal, ...]:
    commits = increase(metric("git_commits_total", may_be_absent=_NONE_YET), "1h")
    closed = increase(metric("git_pull_requests_closed_total", may_be_absent=_NONE_YET), "1d")
    return (
        Signal(
            name="commits",
            title="Commits in an hour",
            description="Commits that came to the default branch of a repository within an hour.",
            good="As usual for the time of day.",
            unit="short",
            expr=max_by(commits, *_REPOSITORY),
            legend=_LEGEND,
            record="dataops:bitbucket:commits_1h",
        ),
        Signal(
            name="pull_requests_open",
            title="Open pull requests",
            description="Pull requests of a repository that are open.",
            good="Few, and not the same for weeks.",
            unit="short",
            expr=_each("git_pull_requests_open", *_REPOSITORY, why=_NONE_YET),
            legend=_LEGEND,
        ),
        Signal(
            name="pull_requests_closed",
            title="Pull requests closed in a day",
            description="Pull requests of all repositories that were merged or declined within a day.",
            good="Most are merged.",
            unit="short",
            expr=sum_by(max_by(closed, *_REPOSITORY, "state"), _NAME, "state"),
            legend="{{bitbucket}} {{state}}",
            record="dataops:bitbucket:pull_requests_closed_1d",
        ),
    )


def _branch_signals(stale_expected: tuple[str, ...]) -> tuple[Signal, ...]:
    last = metric("git_last_commit_timestamp_seconds", may_be_absent=_NONE_YET)
    if stale_expected:
        last = last.where(not_matching("repository", "|".join(stale_expected)))
    return (
        Signal(
            name="branches",
            title="Branches",
            description="Branches of a repository: active with a commit in the last days, else stale.",
            good="Few are stale: what is merged is deleted.",
            unit="short",
            expr=_each("git_branches", *_REPOSITORY, "activity", why=_NONE_YET),
            legend=_LEGEND + " {{activity}}",
        ),
        Signal(
            name="behind",
            title="Branches behind the default one",
            description="Commits of the default branch that a watched branch lacks.",
            good="Few; more is a merge that nobody has done.",
            unit="short",
            expr=_each("git_branch_commits_behind", *_REPOSITORY, "branch", why=_NO_OTHER),
            legend=_LEGEND + " {{branch}}",
        ),
        Signal(
            name="idle",
            title="Time since the last commit",
            description="Time since the default branch of a repository got its last commit.",
            good="Days, in a repository that somebody works on.",
            unit="s",
            expr=call("time") - max_by(last, *_REPOSITORY),
            legend=_LEGEND,
            maximum=_MONTH,
        ),
    )


def _exporter_signals() -> tuple[Signal, ...]:
    failed = metric("bitbucket_exporter_repositories", eq("state", "failed"))
    return (
        Signal(
            name="unreadable",
            title="Bitbuckets that cannot be asked",
            description="1 for each Bitbucket that the exporter could not ask in its last scan.",
            good="0.",
            unit="short",
            expr=1 - _each("bitbucket_exporter_up", _NAME),
            legend="{{bitbucket}}",
        ),
        Signal(
            name="repositories_failed",
            title="Repositories that were not read",
            description="Repositories that failed in the last scan.",
            good="0.",
            unit="short",
            expr=max_by(failed, _NAME),
            legend="{{bitbucket}}",
        ),
    )


_PANELS: tuple[tuple[PanelKind, *tuple[str, ...]], ...] = (
    (PanelKind.TIMESERIES, "commits"),
    (PanelKind.BARGAUGE, "pull_requests_open"),
    (PanelKind.BARGAUGE, "pull_requests_closed"),
    (PanelKind.TABLE, "branches"),
    (PanelKind.TABLE, "behind"),
    (PanelKind.BARGAUGE, "idle"),
    (PanelKind.STAT, "unreadable"),
    (PanelKind.STAT, "repositories_failed"),
)


def _alerts(signals: dict[str, Signal], stale_after: str) -> tuple[Alert, ...]:
    """Spec 30-rules T01: information only, so nothing here is more than info."""
    bitbucket = partial(above, component="bitbucket")
    repository = "{{ $labels.project }}/{{ $labels.repository }}"
    return (
        bitbucket(
            "BitbucketRepositoryStale",
            signals["idle"],
            seconds(stale_after),
            for_="1h",
            severity=Severity.INFO,
            summary=f"{repository} has had no commit for {{{{ $value | humanizeDuration }}}}",
            description=f"The default branch has had no commit for more than {stale_after}.",
        ),
        bitbucket(
            "BitbucketUnreadable",
            signals["unreadable"],
            0,
            for_="15m",
            severity=Severity.INFO,
            summary="Bitbucket {{ $labels.bitbucket }} cannot be asked",
            description="The exporter has not been able to ask it for 15 minutes.",
        ),
        bitbucket(
            "BitbucketReadIncomplete",
            signals["repositories_failed"],
            0,
            for_="1h",
            severity=Severity.INFO,
            summary="{{ $value }} repositories of Bitbucket {{ $labels.bitbucket }} are not read",
            description="Repositories have failed in every scan of an hour: their panels show nothing, or what was.",
        ),
    )
