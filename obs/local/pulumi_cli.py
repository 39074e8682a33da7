"""Deployment by the Pulumi CLI: state and configuration in the folder of the local platform, not in the checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import yaml

from obs.local.deploy import STACK, Target, settings_of
from obs.local.state import LocalError

_TIMEOUT = 600
_SHOWN = 40
_STACK_FILE = f"Pulumi.{STACK}.yaml"


def has_pulumi() -> bool:
    return shutil.which("pulumi") is not None


def pulumi_up(target: Target) -> None:
    """``pulumi up`` of the stack. Raises LocalError with the engine's diagnostics."""
    plain, secrets = settings_of(target)
    workspace = target.place / "pulumi"
    _link(target.project, workspace)
    (workspace / ".state").mkdir(exist_ok=True)
    if not _configure(target.project, workspace, plain):
        _pulumi(target, workspace, "stack", "init", STACK)
    given = [argument for key, value in sorted(secrets.items()) for argument in ("--secret", f"{key}={value}")]
    if given:
        _pulumi(target, workspace, "config", "set-all", "--stack", STACK, *given)
    _pulumi(target, workspace, "up", "--stack", STACK, "--yes", "--skip-preview")


def _link(project: Path, workspace: Path) -> None:
    """The project by links, but for the stack's file: the CLI writes encrypted secrets into that."""
    workspace.mkdir(exist_ok=True)
    for entry in project.iterdir():
        link = workspace / entry.name
        if entry.name not in (_STACK_FILE, ".git") and not link.is_symlink():
            link.symlink_to(entry.resolve() if entry.name == ".venv" else entry.absolute())


def _configure(project: Path, workspace: Path, plain: dict[str, object]) -> bool:
    """The stack's file with this platform's values; what the CLI has added to it (its salt) is kept.

    False where it has added none, so that the stack is still to be made.
    """
    file = workspace / _STACK_FILE
    salt = yaml.safe_load(file.read_text()).get("encryptionsalt") if file.exists() else None
    name = yaml.safe_load((project / "Pulumi.yaml").read_text())["name"]
    content = yaml.safe_load((project / _STACK_FILE).read_text())
    content["config"] |= {f"{name}:{key}": value for key, value in plain.items()}
    file.write_text(yaml.safe_dump({**content, **({"encryptionsalt": salt} if salt else {})}))
    return salt is not None


def _pulumi(target: Target, workspace: Path, *arguments: str) -> None:
    program = shutil.which("pulumi")
    if program is None:
        raise LocalError("pulumi is not on PATH")
    environment = {
        **os.environ,
        "PULUMI_BACKEND_URL": f"file://{workspace / '.state'}",
        # The state holds nothing but addresses on this machine and goes with the platform.
        "PULUMI_CONFIG_PASSPHRASE": STACK,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "KUBECONFIG": str(target.kubeconfig),
    }
    try:
        run = subprocess.run(
            [program, *arguments, "--non-interactive"],
            cwd=workspace,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=_TIMEOUT,
        )
    except subprocess.TimeoutExpired:
        raise LocalError(f"pulumi {arguments[0]} took more than {_TIMEOUT} s") from None
    if run.returncode != 0:
        lines = (run.stdout + run.stderr).strip().splitlines()[-_SHOWN:]
        raise LocalError(f"pulumi {arguments[0]} failed:\n" + "\n".join(lines))
