"""Reading the configuration of the running stack, and refusing what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

import pulumi
from pulumi.runtime import config as runtime_config
from pydantic import ValidationError

from model.problems import describe, did_you_mean
from settings.parts import Size
from settings.stack import SECRET_PARTS, Cardinality, Settings, secret_keys
from systems import settings_class


class Secrets:
    """Secrets of the stack by config key. ``missing`` are needed but not set."""

    def __init__(self, values: Mapping[str, pulumi.Output[str]], missing: tuple[str, ...]) -> None:
        self.values = dict(values)
        self.missing = missing

    def text(self, key: str) -> pulumi.Input[str]:
        """The secret; empty where it is not set: a preview keeps the Secret's shape, and `up` refuses before this."""
        return self.values.get(key, "")

    def how_to_set(self) -> list[str]:
        return [f"pulumi config set --secret {key}" for key in self.missing]


def load() -> tuple[Settings, Secrets]:
    """Settings and secrets of the running stack.

    Raises pulumi.RunError that lists every problem as ``key: what is wrong, what is allowed``. A
    missing secret stops ``pulumi up`` only: a preview warns and goes on.
    """
    raw, problems = _raw_values()
    settings = _validated(raw, problems)
    problems += _secret_problems(raw, settings.secret_keys if settings else _secret_keys(raw))
    if settings is None or problems:
        raise refusal(problems)
    needed = settings.secret_keys
    config = pulumi.Config()
    secrets = Secrets(
        {key: config.require_secret(key) for key in needed if raw.get(key)},
        tuple(key for key in needed if not raw.get(key)),
    )
    _report_missing(secrets)
    return settings, secrets


def _validated(raw: Mapping[str, Any], problems: list[str]) -> Settings | None:
    """The settings; None where they are not valid, with the reasons added to ``problems``."""
    try:
        return Settings.model_validate({key: value for key, value in raw.items() if key in _keys()})
    except ValidationError as error:
        refused = {problem.partition(":")[0] for problem in problems}  # not missing: left out by _raw_values
        problems += [line for line in describe(error, Settings) if line.partition(":")[0] not in refused]
        return None


def _secret_keys(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """Secrets of the parts that are valid by themselves, also where another part is not."""
    found: list[str] = []
    for name, given in _mapping(raw.get("systems")).items():
        try:
            found += settings_class(name).model_validate(given or {}).secret_keys
        except (ValidationError, ModuleNotFoundError):
            continue
    for key, part in SECRET_PARTS.items():
        try:
            found += secret_keys(part.model_validate(raw[key])) if key in raw else ()
        except ValidationError:
            continue
    return tuple(dict.fromkeys(found))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _secret_problems(raw: Mapping[str, Any], needed: tuple[str, ...]) -> Iterator[str]:
    for key in raw:
        if key not in _keys() and key not in needed:
            meant = did_you_mean(key, [*_keys(), *needed])
            yield f"{key}: unknown key{meant}; no setting and no receiver uses it"
    for key in needed:
        if key in raw and not _is_secret(key):
            yield f"{key}: is stored as plain text; set it with `pulumi config set --secret {key}`"


def _report_missing(secrets: Secrets) -> None:
    if not secrets.missing:
        return
    lines = ["secrets are not set; set them with:", *(f"  {line}" for line in secrets.how_to_set())]
    if not pulumi.runtime.is_dry_run():
        raise pulumi.RunError("\n".join(lines))
    pulumi.log.warn("\n".join(lines))


def _keys() -> dict[str, str]:
    """Config key -> field name."""
    return {field.alias or name: name for name, field in Settings.model_fields.items()}


def _raw_values() -> tuple[dict[str, Any], list[str]]:
    """Every value of this project's config namespace, parsed where its field is not a string.

    With it what cannot be read. A setting that is marked secret is left out, so that no error can repeat it.
    """
    prefix = f"{pulumi.get_project()}:"
    config = runtime_config.CONFIG.get()
    texts = {k.removeprefix(prefix): v for k, v in config.items() if k.startswith(prefix)}
    values: dict[str, Any] = {}
    namespaces = {key.partition(":")[0] for key in config}
    problems = [
        f"{near}: unknown namespace of configuration; did you mean {pulumi.get_project()!r}?"
        for near in get_close_matches(pulumi.get_project(), namespaces - {pulumi.get_project()}, cutoff=0.8)
    ]
    for key, text in texts.items():
        field = Settings.model_fields.get(_keys().get(key, ""))
        if field is not None and _is_secret(key):
            problems.append(f"{key}: must not be secret, it would stand in objects in plain text")
            continue
        if field is None or field.annotation in (str, Size, Cardinality):
            values[key] = text
            continue
        try:
            values[key] = pulumi.Config().get_object(key)
        except pulumi.ConfigTypeError:
            problems.append(f"{key}: must be a structured value (an object or a list)")
    return values, problems


def _is_secret(key: str) -> bool:
    return bool(runtime_config.is_config_secret(f"{pulumi.get_project()}:{key}"))


def refuse(problems: list[str]) -> None:
    """Stops the program with one error for all problems, if there are any."""
    if problems:
        raise refusal(problems)


def refusal(problems: list[str]) -> pulumi.RunError:
    """One error without traceback: a line per problem."""
    lines = "\n".join(f"  {problem}" for problem in problems)
    return pulumi.RunError(f"the settings of stack {pulumi.get_stack()} are not valid:\n{lines}")
