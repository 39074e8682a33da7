"""Where metrics go for longer than Prometheus keeps them."""

from __future__ import annotations

from math import inf
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from model.config import Name, Part, SecretKey, form
from model.credentials import two_ways
from model.quantity import DURATION_FORM, duration, seconds

UNLIMITED = "unlimited"
_URL = "an http:// or https:// address, without credentials"
_HTTP = Annotated[str, form(r"https?://[^/\s@]+(/\S*)?", _URL)]


def _kept(text: str) -> str:
    if text == UNLIMITED:
        return text
    try:
        if seconds(text) > 0:
            return text
    except ValueError:
        pass
    raise ValueError(f"must be {DURATION_FORM}, or {UNLIMITED}")


Kept = Annotated[str, AfterValidator(_kept)]
"""How long something is kept: a Prometheus duration, or ``unlimited``."""


def _length(kept: str) -> float:
    return inf if kept == UNLIMITED else seconds(kept)


_DAY = 86_400.0
# Thanos itself asks for 40 h and 10 d, the least size of a block that it downsamples. Blocks get that long by
# compaction: of raw ones to two days, the first hours of which are 50 h old by then; of 5-minute ones to fourteen
# days, whose first two are 14 d old when the next block lets the compactor go on. What expires before is never
# downsampled. The rest is time for a compactor that was down.
_LEAST = {
    "raw": (4 * _DAY, "or it expires before it is downsampled to 5 minutes (two-day blocks)"),
    "fiveMinutes": (17 * _DAY, "or it expires before it is downsampled to 1 hour (fourteen-day blocks)"),
}


class Retention(Part):
    """How long blocks are kept: ``raw`` as scraped, and downsampled to 5 minutes and to 1 hour."""

    raw: Kept
    five_minutes: Kept
    one_hour: Kept

    @model_validator(mode="after")
    def _downsampled_before_it_goes(self) -> Retention:
        kept = {"raw": _length(self.raw), "fiveMinutes": _length(self.five_minutes), "oneHour": _length(self.one_hour)}
        problems = [
            f".{name}: must be {duration(least)} or more, {why}"
            for name, (least, why) in _LEAST.items()
            if kept[name] < least
        ]
        for finer, coarser in (("raw", "fiveMinutes"), ("fiveMinutes", "oneHour")):
            if kept[coarser] < kept[finer]:
                problems.append(f".{coarser}: must not be shorter than {finer}: what is downsampled is kept for longer")
        if problems:
            raise ValueError("\n".join(problems))
        return self


class RetentionClasses(Part):
    """Retention by class of series (spec 10-stack 3). In mode sidecar ``infrastructure`` holds for all."""

    infrastructure: Retention = Retention(raw="15d", five_minutes="90d", one_hour="1y")
    application: Retention | None = None
    business: Retention | None = None


# What receive keeps where the settings say nothing (spec 10-stack 3).
APPLICATION = Retention(raw="7d", five_minutes="30d", one_hour="90d")
BUSINESS = Retention(raw="30d", five_minutes="1y", one_hour=UNLIMITED)


class RemoteWriteSettings(Part):
    """A store that speaks Prometheus' remote write (Mimir, a vendor). ``query_url`` is what Grafana reads.

    ``tenant`` is sent as X-Scope-OrgID. The credential is a Pulumi secret (``secret``) or the key ``credential``
    of an existing Secret; it is a password where ``username`` is given, a bearer token otherwise.
    """

    url: _HTTP
    query_url: _HTTP
    tenant: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$")] | None = None
    username: Annotated[str, Field(min_length=1)] | None = None
    secret: SecretKey | None = None
    existing_secret: Name | None = None

    @model_validator(mode="after")
    def _one_credential(self) -> RemoteWriteSettings:
        problems = [*two_ways(self.secret, self.existing_secret)]
        if self.username and not (self.secret or self.existing_secret):
            problems.append("username needs a password: secret or existingSecret")
        if problems:
            raise ValueError("\n".join(problems))
        return self


class MetricsStoreSettings(Part):
    """Thanos, or a store elsewhere by remote write: then nothing of Thanos is deployed.

    ``mode`` is how Thanos gets blocks: ``sidecar`` uploads what Prometheus wrote, ``receive`` takes remote write,
    with a tenant and a retention for each class of series. Unset, the size chooses.
    """

    kind: Literal["thanos", "remoteWrite"] = "thanos"
    mode: Literal["sidecar", "receive"] | None = None
    retention: RetentionClasses = RetentionClasses()
    remote_write: RemoteWriteSettings | None = None

    @model_validator(mode="after")
    def _of_one_kind(self) -> MetricsStoreSettings:
        problems = []
        if self.kind == "remoteWrite" and self.remote_write is None:
            problems.append(".remoteWrite: is missing: kind remoteWrite needs url and queryUrl")
        if self.kind == "thanos" and self.remote_write is not None:
            problems.append(".remoteWrite: is for kind remoteWrite, and kind is thanos")
        if self.kind == "remoteWrite" and self.mode is not None:
            problems.append(".mode: is for kind thanos, and kind is remoteWrite")
        if self.kind == "remoteWrite" and "retention" in self.model_fields_set:
            problems.append(".retention: is for kind thanos; a store elsewhere keeps what it is told there")
        if problems:
            raise ValueError("\n".join(problems))
        return self
