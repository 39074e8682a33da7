"""Settings of the Bitbucket exporter (environment ``BITBUCKET_*``)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from scanning.http import ApiSettings
from scanning.selection import Selection


class BitbucketSettings(ApiSettings, Selection):
    """A Bitbucket Data Center: ``url`` such as https://bitbucket.example, and a token that may read its projects.

    ``include`` and ``exclude`` are patterns of PROJECT/repository. Of more than ``most`` repositories the
    first by name are read. ``branches`` names branches that are watched besides the default
    one. A branch is active with a commit in the last ``active_days``. Bitbucket itself lets a user ask 5
    times a second, where its rate limit is on and nobody changed it.
    """

    model_config = SettingsConfigDict(env_prefix="BITBUCKET_")

    url: Annotated[str, Field(pattern=r"^https://[^@\s]+[^/@\s]$")]
    token: Annotated[SecretStr, Field(min_length=1)]
    most: Annotated[int, Field(ge=1)] = 500
    branches: Annotated[tuple[str, ...], Field(max_length=10)] = ()
    active_days: Annotated[float, Field(gt=0)] = 30
