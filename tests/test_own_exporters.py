"""How our own exporters are deployed: what the stack writes is what they read."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import one_chart
import pytest
import yaml
from stack_settings import settings as stack_settings
from stacks import NEED_NO_EXPORTER, run
from test_settings_exporters import error_of

import bitbucket_exporter.settings
import iceberg_exporter.settings
import isilon_exporter.settings
from components.exporters import own
from components.exporters.workload import FILES, deployment_spec
from components.sizes import sizing
from obs.record import Recording, Resource
from scanning import ScanSettings
from scanning.settings import CONFIG, SECRETS, load
from settings import Settings
from settings.exporters import OwnKind

IMAGE = "registry.example.com/dataops/{}-exporter:1.0.0"
ICEBERG = {
    "image": IMAGE.format("iceberg"),
    "catalog": {"type": "hive", "uri": "thrift://hive-metastore.hive.svc:9083", "s3.endpoint": "http://minio:9000"},
    "secrets": {"s3.access-key-id": "lakeAccessKey", "s3.secret-access-key": "lakeSecretKey"},
}
ISILON = {"image": IMAGE.format("isilon"), "url": "https://isilon.example.com:8080"}
BITBUCKET = {"image": IMAGE.format("bitbucket"), "url": "https://git.example.com/bitbucket"}
EVERYTHING: dict[str, Any] = {
    "iceberg": {
        "lake": {
            **ICEBERG,
            "interval": "10m",
            "timeout": "2m",
            "concurrency": 8,
            "include": ["sales.*"],
            "exclude": ["*.tmp_*"],
            "maxTables": 500,
            "smallFileSize": "16Mi",
            "removedWindow": "1h",
            "compaction": {"minFiles": 20, "smallRatio": 0.7, "deleteRatio": 0.3, "manifests": 50},
        },
        "rest": {
            "image": IMAGE.format("iceberg"),
            "catalog": {"uri": "https://lake.example.com"},
            "existingSecret": "lake-credentials",
        },
    },
    "isilon": {
        "archive": {
            **ISILON,
            "username": "monitor",
            "secret": "isilonPassword",
            "caSecret": "isilon-ca",
            "protocols": ["nfs", "s3"],
            "quotaTypes": ["directory", "user"],
            "maxQuotas": 50,
            "requestsPerSecond": 2,
        },
        "scratch": {**ISILON, "existingSecret": "isilon-auth"},
    },
    "bitbucket": {
        "main": {
            **BITBUCKET,
            "secret": "bitbucketToken",
            "include": ["DATA/*"],
            "branches": ["develop"],
            "activeFor": "14d",
            "maxRepositories": 20,
        }
    },
}
SECRETS_GIVEN = {
    "lakeAccessKey": "AKIA-planted",
    "lakeSecretKey": "hunter2-planted",
    "isilonPassword": "tiger-planted",
    "bitbucketToken": "token-planted",
}
READERS: dict[OwnKind, type[ScanSettings]] = {
    "iceberg": iceberg_exporter.settings.IcebergSettings,
    "isilon": isilon_exporter.settings.IsilonSettings,
    "bitbucket": bitbucket_exporter.settings.BitbucketSettings,
}
ALL: list[tuple[OwnKind, str]] = [(kind, name) for kind in READERS for name in EVERYTHING[kind]]
each = pytest.mark.parametrize(("kind", "name"), ALL)


@cache
def recording(stack: str = "prod") -> Recording:
    return run(stack, config={"exporters": EVERYTHING, "systems": NEED_NO_EXPORTER}, secrets=SECRETS_GIVEN)


@cache
def settings() -> Settings:
    found: Settings = recording().namespace["settings"]
    return found


def made(kind: str, found: Recording | None = None) -> dict[str, Resource]:
    return {
        r.name: r for r in (found or recording()).resources if r.type.endswith(f":{kind}") and "-exporter-" in r.name
    }


def pod(kind: OwnKind, name: str) -> dict[str, Any]:
    template: dict[str, Any] = made("Deployment")[f"{kind}-exporter-{name}"].inputs["spec"]["template"]
    return template


def mounts(kind: OwnKind, name: str) -> dict[str, str]:
    """Path -> name of the Secret or ConfigMap that is mounted there."""
    spec = pod(kind, name)["spec"]
    volumes = {one["name"]: one for one in spec["volumes"]}
    found = {}
    for mount in spec["containers"][0]["volumeMounts"]:
        volume = volumes[mount["name"]]
        found[mount["mountPath"]] = volume.get("secret", {}).get("secretName") or volume.get("configMap", {}).get(
            "name"
        )
    return found


def test_nothing_is_deployed_that_is_not_named() -> None:
    assert made("Deployment", run("prod", config={"exporters": {}, "systems": NEED_NO_EXPORTER})) == {}


def test_there_is_one_of_each_for_each_thing_that_is_read() -> None:
    names = {f"{kind}-exporter-{name}" for kind, name in ALL}
    for kind in ("Deployment", "Service", "ServiceMonitor", "ConfigMap"):
        assert set(made(kind)) == names


@each
def test_the_exporter_takes_the_file_that_the_stack_writes(
    kind: OwnKind, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the Secret as it would be mounted, and the CA where the file says."""
    text = made("ConfigMap")[f"{kind}-exporter-{name}"].inputs["data"][own.CONFIG]
    ca = tmp_path / "ca.crt"
    ca.write_text("")
    (tmp_path / "config.yaml").write_text(text.replace("/run/secrets/ca/ca.crt", str(ca)))
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    for key in ("username", "password") if kind == "isilon" else ("token",):
        (secrets / key).write_text("x")
    prefix = str(READERS[kind].model_config["env_prefix"])
    monkeypatch.setenv(f"{prefix}CONFIG", str(tmp_path / "config.yaml"))
    monkeypatch.setenv(f"{prefix}SECRETS", str(secrets))
    assert load(READERS[kind]).name == name


def test_every_setting_arrives() -> None:
    lake = yaml.safe_load(made("ConfigMap")["iceberg-exporter-lake"].inputs["data"][own.CONFIG])
    assert lake == {
        "name": "lake",
        "port": 8000,
        "interval": 600,
        "timeout": 120,
        "concurrency": 8,
        "catalog": ICEBERG["catalog"],
        "include": ["sales.*"],
        "exclude": ["*.tmp_*"],
        "most": 500,
        "small_file_bytes": 16 * 1024 * 1024,
        "removed_window": 3600,
        "compaction_min_files": 20,
        "compaction_small_ratio": 0.7,
        "compaction_delete_ratio": 0.3,
        "compaction_manifests": 50,
    }
    archive = yaml.safe_load(made("ConfigMap")["isilon-exporter-archive"].inputs["data"][own.CONFIG])
    assert (archive["ca_file"], archive["protocols"], archive["max_quotas"]) == (
        "/run/secrets/ca/ca.crt",
        ["nfs", "s3"],
        50,
    )
    main = yaml.safe_load(made("ConfigMap")["bitbucket-exporter-main"].inputs["data"][own.CONFIG])
    assert (main["active_days"], main["most"], main["branches"]) == (14, 20, ["develop"])


@each
def test_the_pod_is_restricted_and_asked_whether_it_is_well(kind: OwnKind, name: str) -> None:
    assert one_chart.not_restricted(pod(kind, name)) == []
    assert pod(kind, name)["spec"]["automountServiceAccountToken"] is False
    (container,) = pod(kind, name)["spec"]["containers"]
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "metrics"}
    assert container["ports"] == [{"name": "metrics", "containerPort": 8000}]


@each
def test_files_and_secrets_are_where_the_exporter_looks(kind: OwnKind, name: str) -> None:
    found, given = mounts(kind, name), EVERYTHING[kind][name]
    assert f"{FILES}/{own.CONFIG}" == CONFIG
    assert found[FILES] == f"{kind}-exporter-{name}"
    assert found[SECRETS] == given.get("existingSecret", f"{kind}-exporter-{name}")
    assert found.get("/run/secrets/ca") == given.get("caSecret")


def test_secrets_are_in_secrets_and_in_nothing_else() -> None:
    data = {name: set(resource.inputs["stringData"]) for name, resource in made("Secret").items()}
    assert data == {
        "iceberg-exporter-lake": {"s3.access-key-id", "s3.secret-access-key"},
        "isilon-exporter-archive": {"username", "password"},
        "bitbucket-exporter-main": {"token"},
    }
    for resource in recording().resources:
        if resource.type != "kubernetes:core/v1:Secret":
            assert "planted" not in str(resource.inputs), resource.urn
    there = settings().external_secrets
    assert there["isilon-auth"] == ("username", "password")
    assert there["isilon-ca"] == ("ca.crt",)
    assert there["lake-credentials"] == ()


@each
def test_the_monitor_asks_often_enough_that_no_series_goes_stale(kind: OwnKind, name: str) -> None:
    """Prometheus forgets a series after 5 minutes without a sample: a scrape every 5 minutes would leave gaps."""
    (endpoint,) = made("ServiceMonitor")[f"{kind}-exporter-{name}"].inputs["spec"]["endpoints"]
    assert endpoint["interval"] == "30s"
    (job,) = [step["replacement"] for step in endpoint["relabelings"] if step["targetLabel"] == "job"]
    assert job == f"{kind}-exporter"


def test_a_registry_stands_for_the_image_that_is_not_named() -> None:
    wanted = {"catalog": ICEBERG["catalog"]}
    config = {
        "imageRegistry": "mirror.example.com/all",
        "exporters": {"iceberg": {"lake": wanted}},
        "systems": NEED_NO_EXPORTER,
    }
    found = made("Deployment", run("dev", config=config))["iceberg-exporter-lake"].inputs["spec"]["template"]
    image = found["spec"]["containers"][0]["image"]
    assert image == f"mirror.example.com/all/dataops/iceberg-exporter:{iceberg_exporter.__version__}"


@pytest.mark.parametrize(
    ("named", "registry", "image"),
    [
        ("registry.example.com/dataops/x:1", None, "registry.example.com/dataops/x:1"),
        ("registry.example.com/dataops/x:1", "mirror.example.com", "mirror.example.com/dataops/x:1"),
        ("dataops/x:1", None, "docker.io/dataops/x:1"),
        ("localhost:5000/x:1", "mirror.example.com", "mirror.example.com/x:1"),
    ],
)
def test_a_mirror_keeps_the_path_of_an_image(named: str, registry: str | None, image: str) -> None:
    chosen = stack_settings(
        "dev", systems=NEED_NO_EXPORTER, exporters={"iceberg": {"lake": {**ICEBERG, "image": named}}}
    )
    chosen = chosen.model_copy(update={"image_registry": registry})
    assert own.image_of(chosen, "iceberg", chosen.exporters.iceberg["lake"]) == image


@pytest.mark.parametrize(
    ("exporters", "expected"),
    [
        (
            {"iceberg": {"lake": {"catalog": {"type": "glue"}}}},
            "exporters.iceberg.lake.image: is missing; nobody publishes this exporter. Build it (make exporters",
        ),
        ({"iceberg": {"lake": {**ICEBERG, "catalog": {}}}}, "exporters.iceberg.lake.catalog"),
        (
            {"iceberg": {"lake": {**ICEBERG, "image": "iceberg-exporter"}}},
            "exporters.iceberg.lake.image: must be an image with a tag or a digest",
        ),
        (
            {"iceberg": {"lake": {**ICEBERG, "catalog": {"uri": "x", "s3.secret-access-key": "hunter2"}}}},
            "exporters.iceberg.lake.catalog.s3.secret-access-key: is a secret; name its config key under secrets",
        ),
        (
            {"iceberg": {"lake": {**ICEBERG, "catalog": {"uri": "postgresql://u:hunter2@db/c"}}}},
            "exporters.iceberg.lake.catalog.uri: has a password in its address",
        ),
        (
            {"iceberg": {"lake": {**ICEBERG, "existingSecret": "x"}}},
            "exporters.iceberg.lake: secret and existingSecret are two ways to give one credential",
        ),
        ({"isilon": {"a": ISILON}}, "exporters.isilon.a: the password is missing: secret or existingSecret"),
        (
            {"isilon": {"a": {**ISILON, "secret": "isilonPassword"}}},
            "exporters.isilon.a.username: belongs to secret",
        ),
        (
            {"isilon": {"a": {**ISILON, "existingSecret": "x", "url": "http://isilon:8080"}}},
            "exporters.isilon.a.url: must be an address https://host or https://host:port",
        ),
        ({"bitbucket": {"a": BITBUCKET}}, "exporters.bitbucket.a: the token is missing: secret or existingSecret"),
        (
            {"bitbucket": {"a": {**BITBUCKET, "existingSecret": "x", "url": "https://git.example.com/"}}},
            "exporters.bitbucket.a.url: must be an address https://host",
        ),
    ],
)
def test_an_exporter_that_cannot_work_is_refused(exporters: dict[str, Any], expected: str) -> None:
    message = error_of(exporters=exporters, systems=NEED_NO_EXPORTER)
    assert expected in message
    assert "hunter2" not in message


def test_a_property_that_only_sounds_secret_is_allowed() -> None:
    catalog = {"uri": "https://x", "oauth2-server-uri": "https://y", "token-refresh-enabled": "true"}
    found = stack_settings(
        "dev", systems=NEED_NO_EXPORTER, exporters={"iceberg": {"lake": {"image": "a:1", "catalog": catalog}}}
    )
    assert found.exporters.iceberg["lake"].catalog == catalog


def test_other_settings_are_another_pod() -> None:
    chosen, size = settings(), sizing(settings())[own.PARTS["bitbucket"]]
    wanted = chosen.exporters.bitbucket["main"]
    marks = [
        deployment_spec(own.own_workload(chosen, "bitbucket", "main", one, size))["template"]["metadata"]
        for one in (wanted, wanted.model_copy(update={"branches": ("main",)}))
    ]
    assert marks[0] != marks[1]
