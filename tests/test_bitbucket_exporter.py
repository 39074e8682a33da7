"""The Bitbucket exporter against a server that replays documented answers of Data Center, faults included."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bitbucket_server import TOKEN, Bitbucket, Branch, Repository
from replay_server import Answer, Replay, certificate, replaying
from scraped import scan

from bitbucket_exporter.__main__ import PROGRAM
from bitbucket_exporter.settings import BitbucketSettings
from scanning import http
from scanning.process import Exporter

ETL = {"project": "DATA", "repository": "etl"}
REPOS = "/rest/api/1.0/projects/DATA/repos"


@pytest.fixture
def bitbucket() -> Bitbucket:
    etl = Repository(
        [
            Branch("main", ["a", "b"], age=1),
            Branch("develop", ["a", "d"], age=2, ahead=3, behind=1),
            Branch("feature/x", ["x"], age=3, ahead=1, behind=0),
            Branch("release/1", ["r"], age=90, ahead=0, behind=40),
            Branch("old", ["o"], age=400, ahead=0, behind=99),
        ],
        {1: "MERGED", 2: "OPEN", 3: "DECLINED", 4: "OPEN", 5: "OPEN"},
    )
    quiet = Repository([Branch("main", ["q"], age=200)])
    return Bitbucket(etl=etl, quiet=quiet, attic=Repository([Branch("main", ["z"])], archived=True))


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return certificate(tmp_path)


@pytest.fixture
def server(bitbucket: Bitbucket, files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[Replay]:
    monkeypatch.setattr(http, "_BACKOFF", 0.01)
    with replaying(bitbucket, *files) as replay:
        yield replay


def made(server: Replay, files: tuple[Path, Path], **settings: Any) -> Exporter[BitbucketSettings]:
    given = {"token": TOKEN, "requests_per_second": 100, "timeout": 5, **settings}
    one = BitbucketSettings(name="main", address="127.0.0.1", port=0, url=server.url, ca_file=files[0], **given)
    return Exporter(PROGRAM, one)


@pytest.fixture
def exporter(server: Replay, files: tuple[Path, Path]) -> Exporter[BitbucketSettings]:
    return made(server, files, branches=("develop", "release/1"))


def test_branches_by_activity_and_the_distance_of_those_watched(
    exporter: Exporter[BitbucketSettings], bitbucket: Bitbucket
) -> None:
    shown = scan(exporter)
    assert shown.value("git_branches", **ETL, activity="active") == 3
    assert shown.value("git_branches", **ETL, activity="stale") == 2
    watched = {"main", "develop", "release/1"}
    assert shown.labels("git_branch_last_commit_timestamp_seconds", "branch") == watched
    assert shown.value("git_branch_commits_ahead", **ETL, branch="develop") == 3
    assert shown.value("git_branch_commits_behind", **ETL, branch="release/1") == 40, "stale, but watched"
    assert not shown.has("git_branch_commits_ahead", branch="main"), "the default branch has no distance to itself"
    last = shown.value("git_last_commit_timestamp_seconds", **ETL)
    assert last == pytest.approx(bitbucket.now - 86400, abs=0.01), "when it was committed, not when it was written"
    assert shown.has("git_last_commit_timestamp_seconds", project="DATA", repository="quiet")
    assert shown.labels("git_branches", "repository") == {"etl", "quiet"}, "the attic is archived"


def test_a_repository_whose_branches_fit_on_a_page_is_asked_three_times(
    exporter: Exporter[BitbucketSettings], bitbucket: Bitbucket, server: Replay
) -> None:
    bitbucket.page = 100
    shown = scan(exporter)
    asked = [path for path, count in server.asked.items() for _ in range(count) if path.startswith(f"{REPOS}/etl/")]
    assert sorted(path.rpartition("/")[2] for path in asked) == ["branches", "pull-requests", "pull-requests"]
    assert shown.value("git_branches", **ETL, activity="stale") == 2
    assert shown.value("git_branch_commits_behind", **ETL, branch="release/1") == 40


def test_commits_are_counted_from_the_first_look_on(
    exporter: Exporter[BitbucketSettings], bitbucket: Bitbucket
) -> None:
    assert scan(exporter).value("git_commits_total", **ETL) == 0
    bitbucket.repositories["etl"].branches[0].commits += ["c", "d", "e"]
    assert scan(exporter).value("git_commits_total", **ETL) == 3, "over two pages"
    assert scan(exporter).value("git_commits_total", **ETL) == 3
    bitbucket.repositories["etl"].branches[0].commits[:] = ["rewritten"]
    shown = scan(exporter)
    assert shown.value("git_commits_total", **ETL) == 3, "a rewritten history counts as nothing"
    assert shown.value("bitbucket_exporter_repositories", state="failed") == 0


def test_pull_requests_open_and_how_they_end(exporter: Exporter[BitbucketSettings], bitbucket: Bitbucket) -> None:
    shown = scan(exporter)
    assert shown.value("git_pull_requests_open", **ETL) == 3, "over two pages"
    assert shown.value("git_pull_requests_closed_total", **ETL, state="merged") == 0
    # 6 is opened and merged, 7 is opened and deleted between two scans.
    bitbucket.repositories["etl"].pulls.update({2: "MERGED", 4: "DECLINED", 6: "MERGED", 8: "OPEN"})
    shown = scan(exporter)
    assert shown.value("git_pull_requests_open", **ETL) == 2
    assert shown.value("git_pull_requests_closed_total", **ETL, state="merged") == 2
    assert shown.value("git_pull_requests_closed_total", **ETL, state="declined") == 1
    assert scan(exporter).value("git_pull_requests_closed_total", **ETL, state="merged") == 2


def test_a_pull_request_whose_end_could_not_be_asked_is_counted_later(
    exporter: Exporter[BitbucketSettings], bitbucket: Bitbucket, server: Replay
) -> None:
    scan(exporter)
    bitbucket.repositories["etl"].pulls[2] = "MERGED"
    server.faults[f"{REPOS}/etl/pull-requests/2"] = [Answer(500)]
    shown = scan(exporter)
    assert shown.value("bitbucket_exporter_errors_total", reason="unavailable") == 1
    assert scan(exporter).value("git_pull_requests_closed_total", **ETL, state="merged") == 1


def test_an_empty_repository_is_no_failure(exporter: Exporter[BitbucketSettings], bitbucket: Bitbucket) -> None:
    bitbucket.repositories["new"] = Repository([])
    shown = scan(exporter)
    assert shown.value("git_branches", repository="new", activity="active") == 0
    assert shown.value("bitbucket_exporter_repositories", state="failed") == 0


def test_repositories_are_chosen_by_patterns_and_capped(server: Replay, files: tuple[Path, Path]) -> None:
    assert scan(made(server, files, exclude=("DATA/q*",))).labels("git_branches", "repository") == {"etl"}
    capped = scan(made(server, files, most=1))
    assert capped.labels("git_branches", "repository") == {"etl"}
    assert capped.value("bitbucket_exporter_repositories", state="over_cap") == 1


def test_a_refused_token_is_said(server: Replay, files: tuple[Path, Path]) -> None:
    shown = scan(made(server, files, token="wrong"))
    assert shown.value("bitbucket_exporter_up") == 0
    assert shown.value("bitbucket_exporter_errors_total", reason="unauthorized") == 1


def test_a_refusal_midway_fails_that_repository_alone(exporter: Exporter[BitbucketSettings], server: Replay) -> None:
    server.faults[f"{REPOS}/quiet/branches"] = [Answer(401)]
    shown = scan(exporter)
    assert shown.value("bitbucket_exporter_repositories", state="failed") == 1
    assert shown.labels("git_branches", "repository") == {"etl"}


def test_a_repository_that_goes_between_listing_and_reading_is_no_failure(
    exporter: Exporter[BitbucketSettings], server: Replay
) -> None:
    server.faults[f"{REPOS}/quiet/branches"] = [Answer(404)]
    shown = scan(exporter)
    assert shown.value("bitbucket_exporter_repositories", state="failed") == 0
    assert shown.labels("git_branches", "repository") == {"etl"}


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_again(exporter: Exporter[BitbucketSettings], server: Replay, status: int) -> None:
    server.faults[f"{REPOS}/quiet/branches"] = [Answer(status, headers=(("Retry-After", "0"),))]
    shown = scan(exporter)
    assert shown.value("bitbucket_exporter_repositories", state="failed") == 0
    assert shown.value("bitbucket_exporter_requests_total", status=str(status)) == 1


def test_an_empty_token_bucket_is_waited_for(exporter: Exporter[BitbucketSettings], server: Replay) -> None:
    headers = (("X-RateLimit-Remaining", "0"), ("X-RateLimit-Interval-Seconds", "1"))
    server.faults["/rest/api/1.0/projects"] = [
        Answer(body={"values": [{"key": "DATA"}], "isLastPage": True}, headers=headers)
    ]
    assert scan(exporter).value("bitbucket_exporter_scan_duration_seconds") > 1


@pytest.mark.parametrize(
    "body",
    [
        b"not json",
        {"values": None},
        {"values": [{"displayId": 7}]},
        {"values": [], "isLastPage": False, "nextPageStart": None},
        {"values": [], "isLastPage": False, "nextPageStart": 0},
    ],
)
def test_a_malformed_answer_is_said_to_be_one(exporter: Exporter[BitbucketSettings], server: Replay, body: Any) -> None:
    server.faults[f"{REPOS}/quiet/branches"] = [Answer(body=body)]
    shown = scan(exporter)
    assert shown.value("bitbucket_exporter_errors_total", reason="malformed") == 1
    assert shown.labels("git_branches", "repository") == {"etl"}


def test_the_token_goes_to_no_other_address(exporter: Exporter[BitbucketSettings], server: Replay) -> None:
    elsewhere = "/elsewhere"
    server.faults[f"{REPOS}/quiet/branches"] = [Answer(302, headers=(("Location", server.url + elsewhere),))]
    scan(exporter)
    assert server.asked[elsewhere] == 0
