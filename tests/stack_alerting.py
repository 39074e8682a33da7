"""The alerting settings of this project's stacks, with some replaced."""

from __future__ import annotations

from typing import Any

import yaml
from stacks import ROOT


def alerting(stack: str, **changes: object) -> dict[str, Any]:
    """As Pulumi.<stack>.yaml has them, with ``changes``."""
    config = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"]
    return {**config["dataops-observability:alerting"], **changes}
