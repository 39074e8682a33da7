"""The program: settings -> plan -> platform -> stack outputs."""

from __future__ import annotations

import pulumi

from components.platform import Platform
from plan import build
from settings import load, refuse

settings, secrets = load()
plan = build(settings)
refuse(plan.problems())
platform = Platform("observability", settings, plan, secrets)
for name, value in platform.stack_outputs.items():
    pulumi.export(name, value)
