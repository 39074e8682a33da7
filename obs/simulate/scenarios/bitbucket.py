"""What goes wrong with Bitbucket, and what is only told."""

from __future__ import annotations

from obs.simulate.exporters.bitbucket import REPOSITORIES
from obs.simulate.scenario import Change, Down, Scenario, Set, Timestamp

_YEAR = 365 * 86400.0

SCENARIOS = (
    Scenario(
        name="bitbucket-stale",
        title="Nobody works on a repository",
        description="The last commit is a year old.",
        system="bitbucket",
        changes=(Change("git_last_commit_timestamp_seconds", Timestamp(-_YEAR), REPOSITORIES[0]),),
        alerts=("BitbucketRepositoryStale",),
        within="64m",
    ),
    Scenario(
        name="bitbucket-away",
        title="Bitbucket cannot be asked",
        description="The token of the exporter has expired.",
        system="bitbucket",
        changes=(Change("bitbucket_exporter_up", Set(0)),),
        alerts=("BitbucketUnreadable",),
        within="19m",
    ),
    Scenario(
        name="bitbucket-forbidden",
        title="A repository is not read",
        description="Its permissions were changed; the exporter's user may not read it any more.",
        system="bitbucket",
        changes=(Change("bitbucket_exporter_repositories", Set(1), {"state": "failed"}),),
        alerts=("BitbucketReadIncomplete",),
        within="64m",
    ),
    Scenario(
        name="bitbucket-exporter-down",
        title="The Bitbucket exporter does not answer",
        description="Nothing is known of repositories.",
        system="bitbucket",
        changes=(Down("bitbucket-exporter"),),
        alerts=("BitbucketExporterSilent",),
        within="8m",
    ),
)
