"""Object storage as those who keep blocks, chunks and traces there get at it.

No configuration holds a secret. The S3 clients of Thanos, Loki and Tempo read AWS_ACCESS_KEY_ID and
AWS_SECRET_ACCESS_KEY where their configuration has no key (minio-go credentials.EnvAWS, first of the chain in
thanos-io/objstore providers/s3); Google's libraries read the file that GOOGLE_APPLICATION_CREDENTIALS names. So a
configuration is readable in what obs renders, and a new key needs a restart, not an edit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import yaml

from components.base import Component
from components.resources import Secret
from components.workloads import PersistentVolumeClaim
from settings import Secrets, Settings
from settings.object_storage import GCS_KEYS, S3_KEYS, ObjectStorageSettings

CREDENTIALS_SECRET = "object-storage"
"""The Secret that the program makes from Pulumi secrets."""
OBJSTORE_SECRET = "thanos-objstore"
OBJSTORE_KEY = "objstore.yml"
"""Thanos' configuration: nothing secret in it, but its readers want a Secret."""
CLAIM = "thanos-bucket"
DIRECTORY = "/var/object-storage"
"""The volume of kind filesystem, which all of Thanos shares, and where it is mounted."""
DEFAULT_STORAGE = "20Gi"
_KEYS_DIRECTORY = "/etc/object-storage"
_VOLUME = "object-storage"
_WORKLOAD_IDENTITY = "iam.gke.io/gcp-service-account"
Manifest = dict[str, Any]


@dataclass(frozen=True)
class Access:
    """What a container and its pod need, in the shapes of the Kubernetes API; ``annotations`` are its account's."""

    env: tuple[Manifest, ...] = ()
    volumes: tuple[Manifest, ...] = ()
    mounts: tuple[Manifest, ...] = ()
    annotations: Mapping[str, str] | None = None


def access(storage: ObjectStorageSettings, *, claim: str | None = None) -> Access:
    """How a pod gets at the storage. Of kind filesystem that is a shared ``claim``, or the pod's own volume."""
    if storage.kind == "filesystem":
        if claim is None:
            return Access()
        volume = {"name": _VOLUME, "persistentVolumeClaim": {"claimName": claim}}
        return Access(volumes=(volume,), mounts=({"name": _VOLUME, "mountPath": DIRECTORY},))
    secret = storage.existing_secret or CREDENTIALS_SECRET
    if storage.kind == "s3":
        return Access(
            env=tuple({"name": k, "valueFrom": {"secretKeyRef": {"name": secret, "key": k}}} for k in S3_KEYS)
        )
    if storage.workload_identity:
        return Access(annotations={_WORKLOAD_IDENTITY: storage.workload_identity})
    return Access(
        env=({"name": "GOOGLE_APPLICATION_CREDENTIALS", "value": f"{_KEYS_DIRECTORY}/{GCS_KEYS[0]}"},),
        volumes=({"name": _VOLUME, "secret": {"secretName": secret}},),
        mounts=({"name": _VOLUME, "mountPath": _KEYS_DIRECTORY, "readOnly": True},),
    )


def objstore_yaml(storage: ObjectStorageSettings) -> str:
    """Thanos' bucket configuration (thanos.io/tip/thanos/storage.md) for the bucket of metrics."""
    if storage.buckets is None:
        return _document("FILESYSTEM", {"directory": DIRECTORY})
    if storage.kind == "gcs":
        return _document("GCS", {"bucket": storage.buckets.metrics})
    fields = {
        "bucket": storage.buckets.metrics,
        "endpoint": storage.endpoint,
        "region": storage.region,
        "insecure": storage.insecure,
        "bucket_lookup_type": "path" if storage.path_style else None,
    }
    return _document("S3", {key: value for key, value in fields.items() if value is not None})


def _document(kind: str, config: Manifest) -> str:
    return yaml.safe_dump({"type": kind, "config": config}, sort_keys=False)


class ObjectStorage(Component):
    """What must be there before anybody gets at the storage: credentials, Thanos' configuration, the shared volume."""

    def __init__(
        self, name: str, settings: Settings, secrets: Secrets, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, opts)
        storage, child = settings.object_storage, self.child()
        if storage and storage.credential_keys:
            data = {key: secrets.text(config) for key, config in storage.credential_keys.items()}
            Secret(CREDENTIALS_SECRET, data, namespace=settings.namespace, opts=child)
        if storage and settings.thanos_mode:
            objstore = {OBJSTORE_KEY: objstore_yaml(storage)}
            Secret(OBJSTORE_SECRET, objstore, namespace=settings.namespace, confidential=False, opts=child)
            if storage.kind == "filesystem":
                spec = volume_claim(settings.storage_class, storage.storage or DEFAULT_STORAGE)
                PersistentVolumeClaim(CLAIM, spec, namespace=settings.namespace, opts=self.child(retain_on_delete=True))
        self.register_outputs({})


def volume_claim(storage_class: str, size: str) -> Manifest:
    """The spec of a claim for one node."""
    return {
        "storageClassName": storage_class,
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": size}},
    }
