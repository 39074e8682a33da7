"""What all spec models share: strictness, leaf types, and the way to a manifest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

import pulumi
from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, StrictBool
from pydantic.alias_generators import to_camel
from pydantic_core import CoreSchema, core_schema

from model.quantity import DURATION_FORM, seconds


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """Marks a string field that may be a ``pulumi.Output`` instead: what is known already is checked.

    ``form`` says in words what is allowed; it is the whole error, since a pattern tells nobody anything.
    """

    pattern: str | None = None
    min_length: int | None = None
    or_port: bool = False
    form: str = "a string"

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        known: CoreSchema = core_schema.str_schema(strict=True, pattern=self.pattern, min_length=self.min_length)
        if self.or_port:
            known = core_schema.union_schema([known, core_schema.int_schema(strict=True, ge=1, le=65535)])
        known = core_schema.custom_error_schema(known, "form", custom_error_message=f"should be {self.form}")
        return core_schema.no_info_wrap_validator_function(
            lambda value, check: value if isinstance(value, pulumi.Output) else check(value), known
        )


@dataclass(frozen=True, kw_only=True)
class Items:
    """Marks a list that needs ``at_least`` so many items, or whose items differ.

    ``distinct`` is True for items that differ themselves, or the field in which they do: the API server
    refuses the rest. Checked once the items are sound (pydantic's own min_length counts a bad item as none).
    """

    at_least: int = 0
    distinct: bool | str = False

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        marks: dict[str, Any] = {"minItems": self.at_least} if self.at_least else {}
        if self.distinct:
            marks["x-kubernetes-list-type"] = "set" if self.distinct is True else "map"
        return handler(schema) | marks

    def _check(self, items: tuple[object, ...]) -> tuple[object, ...]:
        if len(items) < self.at_least:
            raise ValueError(f"should have {self.at_least} item{'s' if self.at_least > 1 else ''} at least")
        if self.distinct:
            keys = [getattr(item, self.distinct) if isinstance(self.distinct, str) else item for item in items]
            for key, count in Counter(key for key in keys if isinstance(key, str)).items():
                if count > 1:
                    what = self.distinct if isinstance(self.distinct, str) else "item"
                    raise ValueError(f"{key!r} is there {count} times; each {what} may occur once")
        return items


# The patterns are those of the operator's CRDs (0.93.1) letter by letter: a test compares them.
_DURATION = r"^(0|(([0-9]+)y)?(([0-9]+)w)?(([0-9]+)d)?(([0-9]+)h)?(([0-9]+)m)?(([0-9]+)s)?(([0-9]+)ms)?)$"
_NUMBER = r"(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))"

OutputText = str | pulumi.Output[str]
Text = Annotated[OutputText, Leaf()]
Name = Annotated[OutputText, Leaf(min_length=1, form="a string that is not empty")]
Duration = Annotated[OutputText, Leaf(pattern=_DURATION, min_length=1, form=DURATION_FORM)]
Size = Annotated[
    OutputText,
    Leaf(pattern=r"(^0|([0-9]*[.])?[0-9]+((K|M|G|T|E|P)i?)?B)$", form="a size such as 512KB, 10MiB or 1GB"),
]
Factor = Annotated[
    OutputText,
    Leaf(
        pattern=rf"^(\+|-)?{_NUMBER}(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?{_NUMBER}))?$",
        form='a number as text, such as "1.1"',
    ),
]
NameOrPort = Annotated[
    int | OutputText, Leaf(min_length=1, or_port=True, form="the name of a port or its number, 1 to 65535")
]
HttpUrl = Annotated[OutputText, Leaf(pattern=r"^(http|https)://.+$", form="an http:// or https:// address")]
Flag = StrictBool
Count = Annotated[int, Field(strict=True, ge=0)]
Port = Annotated[int, Field(strict=True, ge=1, le=65535)]


class Strict(BaseModel):
    """A frozen model that refuses unknown fields and never repeats what it was given in an error.

    Models are built on first use (``defer_build``): a program that needs two kinds pays for two.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        validate_by_name=True,
        validate_by_alias=True,
        arbitrary_types_allowed=True,
        defer_build=True,
    )

    def to_manifest(self) -> dict[str, Any]:
        """The object as the API server takes it: aliases for names, lists for tuples, no None.

        A field that was given is written even if it is empty; ``pulumi.Output`` leaves stay as they are.
        """
        return {
            alias: _plain(value) for name, alias in _aliases(type(self)) if (value := getattr(self, name)) is not None
        }


class Spec(Strict):
    """A model whose fields are spelled in camelCase in the manifest, as in all of Kubernetes."""

    model_config = ConfigDict(alias_generator=to_camel)


@cache
def _aliases(model: type[BaseModel]) -> tuple[tuple[str, str], ...]:
    return tuple((name, field.alias or name) for name, field in model.model_fields.items())


def _plain(value: object) -> object:
    if isinstance(value, Strict):
        return value.to_manifest()
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def check_timeout(interval: object, timeout: object) -> None:
    """Raises ValueError where a scrape may take longer than its interval: the operator drops such a monitor.

    Source: CompareScrapeTimeoutToScrapeInterval in the operator's pkg/prometheus/promcfg.go.
    """
    if isinstance(interval, str) and isinstance(timeout, str) and seconds(timeout) > seconds(interval):
        raise ValueError(f"scrapeTimeout {timeout} is longer than the interval {interval}; it may be as long at most")
