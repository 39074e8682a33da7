"""Settings of the Isilon exporter (environment ``ISILON_*``)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from scanning.http import ApiSettings

QuotaType = Literal["directory", "user", "group"]


class IsilonSettings(ApiSettings):
    """A cluster: ``url`` such as https://isilon.example:8080, and a user who may read it.

    The user needs ISI_PRIV_LOGIN_PAPI, and to read: ISI_PRIV_STATISTICS, ISI_PRIV_DEVICES, ISI_PRIV_QUOTA,
    ISI_PRIV_EVENT. Of more than ``max_quotas`` quotas the first by path are shown.
    """

    model_config = SettingsConfigDict(env_prefix="ISILON_")

    url: Annotated[str, Field(pattern=r"^https://[^/@\s]+$")]
    username: Annotated[SecretStr, Field(min_length=1)]
    password: Annotated[SecretStr, Field(min_length=1)]
    protocols: tuple[Annotated[str, Field(pattern=r"^[a-z0-9_]+$")], ...] = ("nfs", "nfs4", "smb2", "hdfs", "http")
    quota_types: tuple[QuotaType, ...] = ("directory",)
    max_quotas: Annotated[int, Field(ge=0)] = 1000
