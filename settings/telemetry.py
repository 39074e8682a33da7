"""Logs, traces, and the collector that takes both in."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from model.config import Address, Duration, Name, Part, SecretKey, form
from model.credentials import two_ways
from model.quantity import seconds

# What Python knows and RE2 does not: look-around, back references, atomic groups, conditions, \Z, characters by their
# number; and a repetition of a repetition.
_NOT_RE2 = re.compile(r"\(\?(?:=|!|<=|<!|>|\(|P=)|\\[1-9ZuUN]")
_TWICE = re.compile(r"[*+?}][*+]")
_CLASS = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]")
_UNICODE_CLASS = re.compile(r"\\[pP](?:\{\^?\w+\}|\w)")


def expression(text: str) -> str:
    """A regular expression of RE2, as Loki, Alloy and the collector have it."""
    plain = _UNICODE_CLASS.sub("x", text)
    try:
        re.compile(plain)
    except re.error:
        raise ValueError("must be a regular expression") from None
    plain = _CLASS.sub("x", plain)
    if _NOT_RE2.search(plain) or _TWICE.search(re.sub(r"\\.", "x", plain)):
        raise ValueError("must be a regular expression of RE2: without look-around and back references")
    return text


Expression = Annotated[str, Field(min_length=1), AfterValidator(expression)]


class LogRule(Part):
    """Lines of containers whose namespace and container match (everything by default)."""

    namespace: Expression = ".*"
    container: Expression = ".*"


class DropRule(LogRule):
    """Lines that match ``line`` are not stored; ``reason`` says why, for the one who looks for them."""

    line: Expression
    reason: Annotated[str, form(r"[a-z0-9_]+", "a word such as health_checks")]


class MultilineRule(LogRule):
    """Lines that do not match ``first_line`` belong to the entry before them."""

    first_line: Expression


def _a_day(text: str) -> str:
    if seconds(text) < 86_400:
        raise ValueError("must be 1d or longer: Loki deletes by its tables, which are of a day")
    return text


class LogsSettings(Part):
    """Loki and its agent. ``debug_percentage`` of debug lines are kept (spec 10-stack 5).

    ``max_streams`` may be open at a time; unset, the size chooses.
    """

    enabled: bool = True
    mode: Literal["monolithic", "distributed"] | None = None
    retention: Annotated[Duration, AfterValidator(_a_day)] = "30d"
    drop: tuple[DropRule, ...] = ()
    multiline: tuple[MultilineRule, ...] = ()
    debug_percentage: Annotated[int, Field(strict=True, ge=0, le=100)] = 10
    max_streams: Annotated[int, Field(strict=True, ge=100)] | None = None


KAFKA_KEYS = ("password",)
"""Of the Secret, made from a Pulumi secret or there already."""


class KafkaSettings(Part):
    """The broker (host:port) and topic through which distributed Tempo takes spans in.

    The topic must be there, with so many ``partitions``: each has a block builder and a live store of its own.
    ``username`` logs in by SASL PLAIN, with a Pulumi secret (``secret``) or the key ``password`` of an existing Secret.
    """

    address: Address
    topic: Annotated[str, form(r"[A-Za-z0-9._-]{1,249}", "the name of a Kafka topic")] = "tempo-ingest"
    partitions: Annotated[int, Field(strict=True, ge=1, le=50)] = 3
    username: Annotated[str, form(r"[A-Za-z0-9._@-]+", "letters, digits and . _ @ -")] | None = None
    secret: SecretKey | None = None
    existing_secret: Name | None = None

    @model_validator(mode="after")
    def _one_credential(self) -> KafkaSettings:
        problems = [*two_ways(self.secret, self.existing_secret)]
        if bool(self.username) != bool(self.secret or self.existing_secret):
            problems.append("username and a password (secret or existingSecret) belong together; one is missing")
        if problems:
            raise ValueError("\n".join(problems))
        return self


class TracesSettings(Part):
    """Tempo: one process, or distributed, which needs Kafka since Tempo 3."""

    enabled: bool = True
    mode: Literal["single", "distributed"] | None = None
    retention: Duration = "7d"
    kafka: KafkaSettings | None = None


class SamplingSettings(Part):
    """Traces with an error or slower than ``slow`` are all kept, of the rest ``percentage``."""

    percentage: Annotated[float, Field(gt=0, le=100)] = 10
    slow: Duration = "2s"


class PersonalDataSettings(Part):
    """What is removed from spans and logs. ``patterns``: name -> a further expression whose matches are masked."""

    emails: bool = True
    tokens: bool = True
    card_numbers: bool = True
    national_ids: bool = True
    ip_addresses: bool = False
    patterns: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], Expression] = Field(default_factory=dict)


class CollectorSettings(Part):
    """The OpenTelemetry Collector: where applications send spans, logs and metrics by OTLP."""

    enabled: bool = True
    sampling: SamplingSettings = SamplingSettings()
    personal_data: PersonalDataSettings = PersonalDataSettings()
