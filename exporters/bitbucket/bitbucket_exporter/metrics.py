"""The one place with the names of the metrics. contracts/bitbucket.yaml is compared with what they become."""

from __future__ import annotations

from scanning import Family, family_table

_REPOSITORY = ("project", "repository")
_BRANCH = (*_REPOSITORY, "branch")

METRICS = family_table(
    Family("git_commits_total", "counter", "Commits that came to the default branch since the start", _REPOSITORY),
    Family("git_last_commit_timestamp_seconds", "gauge", "When the default branch got its last commit", _REPOSITORY),
    Family("git_pull_requests_open", "gauge", "Pull requests that are open", _REPOSITORY),
    Family(
        "git_pull_requests_closed_total",
        "counter",
        "Pull requests that were merged or declined since the start",
        (*_REPOSITORY, "state"),
    ),
    Family(
        "git_branches",
        "gauge",
        "Branches: active (a commit in the last days), stale",
        (*_REPOSITORY, "activity"),
    ),
    Family("git_branch_last_commit_timestamp_seconds", "gauge", "When the watched branch got its last commit", _BRANCH),
    Family("git_branch_commits_ahead", "gauge", "Commits of the branch that the default branch lacks", _BRANCH),
    Family("git_branch_commits_behind", "gauge", "Commits of the default branch that the branch lacks", _BRANCH),
)
