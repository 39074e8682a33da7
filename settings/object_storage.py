"""Where blocks of metrics, chunks of logs and traces are kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import model_validator

from model.config import HOST, PORT, Name, Part, SecretKey, form
from settings.parts import Storage

_ENDPOINT = "host or host:port of the S3 API, without https://"
_BUCKET = (
    "a bucket name: 3 to 63 lower-case letters, digits and '-', from letter or digit to letter or digit, "
    "also several such parts with a '.' between, and no IP address"
)
_ACCOUNT = "a Google service account such as loki@project.iam.gserviceaccount.com"
_LABEL = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?"
# docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html; Google's are the same but for the underscore.
Bucket = Annotated[str, form(rf"(?!(\d+\.){{3}}\d+$)(?=.{{3,63}}$){_LABEL}(\.{_LABEL})*", _BUCKET)]

# Keys of the Secret with the credentials, made from Pulumi secrets or there already.
S3_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
GCS_KEYS = ("key.json",)

_ONLY: dict[str, tuple[str, ...]] = {
    "endpoint": ("s3",),
    "region": ("s3",),
    "insecure": ("s3",),
    "path_style": ("s3",),
    "access_key": ("s3",),
    "secret_key": ("s3",),
    "service_account_key": ("gcs",),
    "workload_identity": ("gcs",),
    "buckets": ("s3", "gcs"),
    "existing_secret": ("s3", "gcs"),
    "storage": ("filesystem",),
}


class Buckets(Part):
    """One bucket for each: retention and access differ."""

    metrics: Bucket
    logs: Bucket
    traces: Bucket

    @model_validator(mode="after")
    def _apart(self) -> Buckets:
        twice = [name for name, times in Counter((self.metrics, self.logs, self.traces)).items() if times > 1]
        if twice:
            raise ValueError(f"metrics, logs and traces must not share the bucket {twice[0]}")
        return self


class ObjectStorageSettings(Part):
    """S3-compatible (MinIO, Ceph, AWS), Google Cloud Storage, or a file system: volumes of one node,
    for a small stack that may lose them.

    Credentials are an existing Secret of the stack's namespace (``existing_secret``; keys S3_KEYS or GCS_KEYS),
    or Pulumi secrets named by ``access_key`` and ``secret_key`` (s3) or ``service_account_key`` (gcs), or the
    identity of the pods (``workload_identity`` of gcs). ``insecure`` is plain http, ``path_style`` puts the bucket
    in the path, as MinIO and Ceph want it. ``storage`` is the size of each volume of the file system.
    """

    kind: Literal["s3", "gcs", "filesystem"]
    endpoint: Annotated[str, form(f"{HOST}(:{PORT})?", _ENDPOINT)] | None = None
    region: str | None = None
    insecure: bool | None = None
    path_style: bool | None = None
    buckets: Buckets | None = None
    existing_secret: Name | None = None
    access_key: SecretKey | None = None
    secret_key: SecretKey | None = None
    service_account_key: SecretKey | None = None
    workload_identity: Annotated[str, form(r"[^@\s]+@[^@\s]+", _ACCOUNT)] | None = None
    storage: Storage | None = None

    @model_validator(mode="after")
    def _consistent(self) -> ObjectStorageSettings:
        if problems := [*self._misplaced(), *self._missing()]:
            raise ValueError("\n".join(problems))
        return self

    def _misplaced(self) -> Iterator[str]:
        for field, kinds in _ONLY.items():
            if getattr(self, field) is not None and self.kind not in kinds:
                alias = type(self).model_fields[field].alias
                yield f".{alias}: is for kind {' or '.join(kinds)}, and kind is {self.kind}"

    def _missing(self) -> Iterator[str]:
        if self.kind == "filesystem":
            return
        if self.buckets is None:
            yield ".buckets: is missing: metrics, logs and traces, a bucket each"
        if self.kind == "s3" and self.endpoint is None:
            yield f".endpoint: is missing: {_ENDPOINT}"
        ways = self._credentials()
        if len(ways) != 1:
            allowed = (
                "existingSecret, or accessKey and secretKey"
                if self.kind == "s3"
                else "existingSecret, serviceAccountKey or workloadIdentity"
            )
            yield f"credentials must come one way ({allowed}); given: {', '.join(ways) or 'none'}"
        elif self.kind == "s3" and (self.access_key is None) != (self.secret_key is None):
            yield "accessKey and secretKey belong together; one of them is missing"

    def _credentials(self) -> list[str]:
        given = {
            "existingSecret": self.existing_secret,
            "accessKey and secretKey": self.access_key or self.secret_key,
            "serviceAccountKey": self.service_account_key,
            "workloadIdentity": self.workload_identity,
        }
        return [name for name, value in given.items() if value]

    @property
    def credential_keys(self) -> dict[str, str]:
        """Key in the Secret that the program makes -> the Pulumi config key of its value; empty where it makes none."""
        if self.access_key and self.secret_key:
            return dict(zip(S3_KEYS, (self.access_key, self.secret_key), strict=True))
        return {GCS_KEYS[0]: self.service_account_key} if self.service_account_key else {}

    @property
    def external_secret(self) -> dict[str, tuple[str, ...]]:
        """Name -> keys of the Secret that must be there already."""
        return {self.existing_secret: S3_KEYS if self.kind == "s3" else GCS_KEYS} if self.existing_secret else {}
