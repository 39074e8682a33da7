"""Configurations of object storage hold no secret; pods get at it by what they are given beside."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from pydantic import ValidationError
from stacks import run

from components.object_storage import CLAIM, DIRECTORY, Access, access, objstore_yaml
from settings.object_storage import ObjectStorageSettings

BUCKETS = {"metrics": "m-bucket", "logs": "l-bucket", "traces": "t-bucket"}


def storage(**given: object) -> ObjectStorageSettings:
    return ObjectStorageSettings.model_validate({"buckets": BUCKETS, **given})


S3 = storage(kind="s3", endpoint="minio:9000", insecure=True, pathStyle=True, existingSecret="keys")
GCS = storage(kind="gcs", existingSecret="keys")
FILES = ObjectStorageSettings.model_validate({"kind": "filesystem"})


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            S3,
            {
                "type": "S3",
                "config": {
                    "bucket": "m-bucket",
                    "endpoint": "minio:9000",
                    "insecure": True,
                    "bucket_lookup_type": "path",
                },
            },
        ),
        (
            storage(kind="s3", endpoint="s3.eu-west-1.amazonaws.com", region="eu-west-1", existingSecret="keys"),
            {
                "type": "S3",
                "config": {"bucket": "m-bucket", "endpoint": "s3.eu-west-1.amazonaws.com", "region": "eu-west-1"},
            },
        ),
        (GCS, {"type": "GCS", "config": {"bucket": "m-bucket"}}),
        (FILES, {"type": "FILESYSTEM", "config": {"directory": DIRECTORY}}),
    ],
)
def test_thanos_configuration_names_the_bucket_of_metrics(given: ObjectStorageSettings, expected: object) -> None:
    assert yaml.safe_load(objstore_yaml(given)) == expected


def test_s3_keys_are_environment_variables_of_the_named_secret() -> None:
    found = access(S3)
    assert [(e["name"], e["valueFrom"]["secretKeyRef"]) for e in found.env] == [
        ("AWS_ACCESS_KEY_ID", {"name": "keys", "key": "AWS_ACCESS_KEY_ID"}),
        ("AWS_SECRET_ACCESS_KEY", {"name": "keys", "key": "AWS_SECRET_ACCESS_KEY"}),
    ]
    assert found == Access(env=found.env)


def test_a_google_key_is_a_mounted_file_that_the_variable_names() -> None:
    found = access(GCS)
    (variable,), (volume,), (mount,) = found.env, found.volumes, found.mounts
    assert variable["name"] == "GOOGLE_APPLICATION_CREDENTIALS"
    assert variable["value"] == f"{mount['mountPath']}/key.json"
    assert volume["secret"] == {"secretName": "keys"}
    assert volume["name"] == mount["name"]
    assert mount["readOnly"]


def test_workload_identity_needs_nothing_but_the_account() -> None:
    found = access(storage(kind="gcs", workloadIdentity="thanos@project.iam.gserviceaccount.com"))
    assert found == Access(annotations={"iam.gke.io/gcp-service-account": "thanos@project.iam.gserviceaccount.com"})


def test_a_file_system_is_the_shared_claim_or_the_pods_own_volume() -> None:
    shared = access(FILES, claim=CLAIM)
    assert shared.volumes[0]["persistentVolumeClaim"] == {"claimName": CLAIM}
    assert shared.mounts[0]["mountPath"] == DIRECTORY
    assert access(FILES) == Access()


def made(stack: str, kind: str, secrets: dict[str, str] | None = None, **config: object) -> dict[str, dict[str, Any]]:
    recording = run(stack, config=config, secrets=secrets)
    return {r.name: dict(r.inputs) for r in recording.resources if r.type.endswith(f":{kind}")}


def test_credentials_from_pulumi_secrets_are_in_one_secret_and_nowhere_else() -> None:
    secrets = made("prod", "Secret", {"objectStorageAccessKey": "planted-id"})
    assert str(secrets["object-storage"]["stringData"]["AWS_ACCESS_KEY_ID"]) == "[secret]"
    assert "planted-id" not in str(secrets)
    assert yaml.safe_load(secrets["thanos-objstore"]["stringData"]["objstore.yml"])["type"] == "S3"


def test_an_existing_secret_is_not_made_again() -> None:
    given = {"kind": "s3", "endpoint": "minio:9000", "buckets": BUCKETS, "existingSecret": "theirs"}
    secrets = made("prod", "Secret", objectStorage=given)
    assert not {"object-storage", "theirs"} & set(secrets)


def test_only_a_file_system_has_a_claim() -> None:
    assert made("dev", "PersistentVolumeClaim")[CLAIM]["spec"]["resources"] == {"requests": {"storage": "20Gi"}}
    assert not made("prod", "PersistentVolumeClaim")


@pytest.mark.parametrize(
    "endpoint",
    ["minio:0", "minio.storage.svc:99999", "minio:65536", "minio..svc:9000", "minio.", "-minio", "http://minio"],
)
def test_an_endpoint_that_no_server_can_have_is_refused(endpoint: str) -> None:
    with pytest.raises(ValidationError, match=r"host or host:port of the S3 API"):
        storage(kind="s3", endpoint=endpoint, existingSecret="keys")


@pytest.mark.parametrize("bucket", ["a..b", "a.-b", "-ab", "ab-", "192.168.1.1", "ab", "a" * 64, "A-bucket", "a_b"])
def test_a_bucket_that_no_store_takes_is_refused(bucket: str) -> None:
    with pytest.raises(ValidationError, match="must be a bucket name"):
        storage(kind="s3", endpoint="minio:9000", existingSecret="keys", buckets={**BUCKETS, "logs": bucket})


@pytest.mark.parametrize("bucket", ["a1b", "logs.of.team-1", "1.2.3.4.5", "a" * 63])
def test_a_bucket_that_stores_take_is_taken(bucket: str) -> None:
    given = storage(kind="s3", endpoint="minio:65535", existingSecret="keys", buckets={**BUCKETS, "logs": bucket})
    assert given.buckets is not None
    assert given.buckets.logs == bucket
