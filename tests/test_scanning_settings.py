"""Settings of our exporters, and what of them is logged."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from bitbucket_exporter.settings import BitbucketSettings
from iceberg_exporter.settings import IcebergSettings
from isilon_exporter.settings import IsilonSettings
from scanning.logs import JsonFormatter
from scanning.settings import BadSettings, load

BITBUCKET = "name: main\nurl: https://bitbucket.example\ninterval: 60\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With a file of settings and a folder of secrets, which the environment names for all three."""
    (tmp_path / "secrets").mkdir()
    (tmp_path / "config.yaml").write_text("")
    for prefix in ("ICEBERG_", "ISILON_", "BITBUCKET_"):
        monkeypatch.setenv(f"{prefix}CONFIG", str(tmp_path / "config.yaml"))
        monkeypatch.setenv(f"{prefix}SECRETS", str(tmp_path / "secrets"))
    return tmp_path


def test_file_secrets_and_environment_make_the_settings(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "config.yaml").write_text(BITBUCKET)
    (folder / "secrets" / "token").write_text("abc\n")
    monkeypatch.setenv("BITBUCKET_INTERVAL", "120")
    monkeypatch.setenv("BITBUCKET_INCLUDE", '["DATA/*"]')
    settings = load(BitbucketSettings)
    assert settings.token.get_secret_value() == "abc"
    assert settings.interval == 120, "the environment wins"
    assert settings.include == ("DATA/*",)
    assert settings.stale_seconds == 360
    assert settings.secrets == ["abc"]
    assert "abc" not in repr(settings)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("interval: 0", "interval: Input should be greater than 0 (in the file, or BITBUCKET_INTERVAL)"),
        ("interval: often", "interval: Input should be a valid number"),
        ("stale_after: 5", "stale_after: must not be below interval"),
        ("url: http://bitbucket.example", "url: String should match pattern"),
        ("ca_file: /nowhere", "ca_file: must be a file that is there"),
        ("branches: [" + "a, " * 11 + "]", "branches: Tuple should have at most 10 items"),
        ("colour: red", "colour: Extra inputs are not permitted"),
        ("port: 70000", "port: Input should be less than or equal to 65535"),
    ],
)
def test_a_bad_setting_is_named(folder: Path, change: str, problem: str) -> None:
    key = change.partition(":")[0]
    others = [line for line in BITBUCKET.splitlines() if not line.startswith(key)]
    (folder / "config.yaml").write_text("\n".join([*others, change]))
    (folder / "secrets" / "token").write_text("abc")
    with pytest.raises(BadSettings) as raised:
        load(BitbucketSettings)
    assert problem in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1


def test_every_problem_is_said_and_no_value(folder: Path) -> None:
    (folder / "config.yaml").write_text("url: https://user:hunter2@isilon.example:8080\nmax_quotas: hunter2\n")
    with pytest.raises(BadSettings) as raised:
        load(IsilonSettings)
    assert {line.partition(":")[0] for line in str(raised.value).splitlines()} == {
        "name",
        "url",
        "username",
        "password",
        "max_quotas",
    }
    assert "hunter2" not in str(raised.value)


def test_a_file_that_is_no_yaml_or_not_there_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "config.yaml").write_text("name: [")
    with pytest.raises(BadSettings, match=r"config.yaml: must be a YAML file"):
        load(IsilonSettings)
    monkeypatch.setenv("ISILON_CONFIG", str(folder / "other.yaml"))
    with pytest.raises(BadSettings, match=r"ISILON_CONFIG: .*other\.yaml is not a file"):
        load(IsilonSettings)


@pytest.mark.usefixtures("folder")
def test_an_environment_variable_that_is_no_list_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BITBUCKET_INCLUDE", "DATA/*")
    with pytest.raises(BadSettings, match=r"environment: .*include"):
        load(BitbucketSettings)


def test_files_of_a_secret_are_properties_of_the_catalog(folder: Path) -> None:
    (folder / "config.yaml").write_text(
        "name: lake\ncatalog: {type: rest, uri: 'https://lake.example', s3.region: eu}\n"
    )
    secrets = folder / "secrets"
    (secrets / "s3.secret-access-key").write_text("hunter2\n")
    # As Kubernetes mounts a Secret: files are links into a folder that is linked too.
    (secrets / "..2026").mkdir()
    (secrets / "..2026" / "token").write_text("tiger")
    (secrets / "..data").symlink_to("..2026")
    (secrets / "token").symlink_to("..data/token")
    settings = load(IcebergSettings)
    assert settings.properties == {
        "type": "rest",
        "uri": "https://lake.example",
        "s3.region": "eu",
        "s3.secret-access-key": "hunter2",
        "token": "tiger",
        "s3.connect-timeout": "60",
        "s3.request-timeout": "60",
    }
    assert sorted(settings.secrets) == ["hunter2", "tiger"]


def test_a_catalog_without_a_kind_is_refused(folder: Path) -> None:
    (folder / "config.yaml").write_text("name: lake\ncatalog: {warehouse: s3://lake}\n")
    with pytest.raises(BadSettings, match="catalog: needs type"):
        load(IcebergSettings)


def logged(message: str, secrets: list[str], *args: object) -> str:
    record = logging.LogRecord("x", logging.ERROR, "f", 1, message, args, None)
    record.part = "sales.orders"
    return JsonFormatter(secrets).format(record)


def test_logs_are_json_with_what_was_given_beside_the_message() -> None:
    line = json.loads(logged("read %d", [], 3))
    assert line["message"] == "read 3"
    assert line["part"] == "sales.orders"
    assert line["level"] == "error"
    assert set(line) == {"time", "level", "logger", "message", "part"}


@pytest.mark.parametrize(
    ("message", "secret"),
    [
        ("password hunter2 is wrong", "hunter2"),
        ('it is pa"ss', 'pa"ss'),
        ("postgresql://user:p@ss@host/db cannot be opened", "p@ss"),
        ("two: abc abcdef", "abcdef"),
    ],
)
def test_a_secret_is_masked_wherever_it_comes_from(message: str, secret: str) -> None:
    line = logged(message, ["abc", secret])
    assert secret not in line
    assert json.dumps(secret)[1:-1] not in line
    json.loads(line)


def test_credentials_in_an_address_are_masked_though_nobody_named_them() -> None:
    assert "hunter2" not in logged("thrift://user:hunter2@hive:9083 refused", [])
