"""One stack, run: what the program registered, and the settings and the plan it registered it from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.metrics import OPERATOR_APIS
from obs.expand import Expansion, expand
from obs.record import Recording, record, redacted
from obs.stack_config import StackConfig
from plan import Plan
from settings import Secrets, Settings


@dataclass(frozen=True)
class StackRun:
    recording: Recording
    settings: Settings
    plan: Plan
    secrets: Secrets

    @property
    def stack(self) -> str:
        return self.recording.config.stack

    @property
    def warnings(self) -> list[str]:
        """What the program itself had to say, such as secrets that are not set."""
        return [log.message for log in self.recording.logs if log.severity in ("warning", "error")]

    def expanded(
        self,
        *,
        offline: bool = False,
        require_charts: bool = False,
        keep_going: bool = False,
        build_helm: bool = True,
        memo: bool = True,
        redacted: Callable[[Any], Any] = redacted,
    ) -> Expansion:
        """Every object of the stack; errors as for :func:`obs.expand.expand`."""
        return expand(
            self.recording,
            redacted=redacted,
            kube_version=self.settings.cluster.kubernetes_version,
            api_versions=(*OPERATOR_APIS, *self.settings.cluster.api_versions),
            build_helm=build_helm,
            offline=offline,
            require_charts=require_charts,
            keep_going=keep_going,
            memo=memo,
        )


def run_stack(stack: str, project: Path, *, config: StackConfig | None = None, preview: bool = True) -> StackRun:
    """Run the program for a stack, with its own configuration or another. Raises ProgramError or ConfigError."""
    recording = record(project, stack, config=config, preview=preview)
    program = recording.namespace
    return StackRun(recording, program["settings"], program["plan"], program["secrets"])
