"""Small programs for the tests of the recorder, written as text and recorded at once."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path

from obs.record import Recording, Resource, record
from obs.stack_config import read_stack_config

RULE = """
    import pulumi
    from pulumi import ResourceOptions
    from pulumi_kubernetes import Provider
    from pulumi_kubernetes.apiextensions import CustomResource

    def rule(name, spec=None, **options):
        return CustomResource(
            name, api_version="monitoring.coreos.com/v1", kind="PrometheusRule", metadata={"name": name},
            spec=spec or {}, opts=ResourceOptions(**options),
        )

    class Part(pulumi.ComponentResource):
        def __init__(self, name, opts=None):
            super().__init__("shop:index:Part", name, opts=opts)
"""


def write_program(directory: Path, *parts: str) -> None:
    """A project ``shop`` with the stack ``dev``; the parts are the text of its __main__.py."""
    directory.mkdir(exist_ok=True)
    (directory / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (directory / "Pulumi.dev.yaml").write_text("config:\n  key: value\n")
    (directory / "__main__.py").write_text("\n".join(textwrap.dedent(part) for part in parts))


def run(directory: Path, *parts: str, secrets: Mapping[str, str] | None = None, **options: object) -> Recording:
    """Write the program and record it; ``secrets`` are set in its config, ``options`` go to ``record``."""
    write_program(directory, *parts)
    config = read_stack_config(directory, "dev", secrets=secrets)
    return record(directory, "dev", config=config, **options)  # type: ignore[arg-type]


def only(recording: Recording, name: str) -> Resource:
    """The one resource of that name."""
    (found,) = (resource for resource in recording.resources if resource.name == name)
    return found
