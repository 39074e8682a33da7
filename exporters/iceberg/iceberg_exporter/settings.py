"""Settings of the Iceberg exporter (environment ``ICEBERG_*``)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import SettingsConfigDict

from scanning.selection import Selection
from scanning.settings import Seconds, secrets_folder

MIB = 1024 * 1024
Share = Annotated[float, Field(gt=0, le=1)]


class IcebergSettings(Selection):
    """A catalog and its tables.

    ``catalog`` holds pyiceberg's properties (type, uri, warehouse, s3.endpoint …). Each file in the folder of secrets
    is one more, by its name: ``s3.secret-access-key``, ``token``, ``credential``, ``uri`` where that has a password.

    ``include`` and ``exclude`` are patterns of database.table. Of more than ``most`` tables the first by name are
    read. A file below ``small_file_bytes`` is small. A table is due for compaction when it has at
    least ``compaction_min_files`` small files that are at least ``compaction_small_ratio`` of all, when it has more
    delete files than ``compaction_delete_ratio`` of its data files, or more than ``compaction_manifests`` manifests.
    Removed files are counted over ``removed_window`` seconds.
    """

    model_config = SettingsConfigDict(env_prefix="ICEBERG_")

    catalog: dict[str, str]
    credentials: dict[str, SecretStr] = Field(default_factory=dict)
    most: Annotated[int, Field(ge=1)] = 2000
    small_file_bytes: Annotated[int, Field(ge=1)] = 32 * MIB
    compaction_min_files: Annotated[int, Field(ge=1)] = 10
    compaction_small_ratio: Share = 0.5
    compaction_delete_ratio: Annotated[float, Field(gt=0)] = 0.1
    compaction_manifests: Annotated[int, Field(ge=1)] = 100
    removed_window: Seconds = 86400

    @model_validator(mode="before")
    @classmethod
    def _secret_files(cls, data: Mapping[str, object]) -> Mapping[str, object]:
        folder = secrets_folder(cls)
        files = [file for file in folder.iterdir() if _is_secret(file)] if folder.is_dir() else []
        found = {file.name: file.read_text().strip() for file in files}
        given = data.get("credentials")
        return {**data, "credentials": {**found, **(given if isinstance(given, Mapping) else {})}}

    @model_validator(mode="after")
    def _kind_of_catalog(self) -> Self:
        if not {"type", "uri", "py-catalog-impl"} & {*self.catalog, *self.credentials}:
            raise ValueError("catalog: needs type (hive, rest, sql, glue …) or uri")
        return self

    @property
    def properties(self) -> dict[str, str]:
        """What pyiceberg is given."""
        secret = {name: value.get_secret_value() for name, value in self.credentials.items()}
        return {"s3.connect-timeout": f"{self.timeout:g}", "s3.request-timeout": f"{self.timeout:g}"} | {
            **self.catalog,
            **secret,
        }


def _is_secret(file: Path) -> bool:
    """Kubernetes keeps its own folders and links beside the files, with two dots before their names."""
    return not file.name.startswith("..") and file.is_file()
