"""What the end-to-end tests do with a local platform."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from stacks import ROOT

from obs.local import state
from obs.toolchain import find


def obs(*arguments: str, timeout: float = 1200) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "obs", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=timeout)


def eventually(condition: Callable[[], bool], seconds: float = 60) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if condition():
                return True
        except (httpx.HTTPError, json.JSONDecodeError, KeyError, state.LocalError):
            pass  # a server that is just starting
        time.sleep(0.2)
    return False


@dataclass(frozen=True)
class Platform:
    project: Path
    name: str

    @property
    def place(self) -> Path:
        return state.folder(self.project, self.name)

    @property
    def state(self) -> state.State:
        return state.load(self.place)

    def kubectl(self, *arguments: str) -> str:
        command = [str(find("kubectl")), f"--kubeconfig={self.state.kubeconfig}", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def get(self, server: str, path: str, **parameters: str) -> Any:
        base = self.state.simulator if server == "simulator" else self.state.url(server)
        return httpx.get(f"{base}{path}", params=parameters, timeout=5, trust_env=False).raise_for_status().json()

    def query(self, expr: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get("prometheus", "/api/v1/query", query=expr)["data"]["result"]
        return found

    def firing(self) -> set[str]:
        alerts = self.get("prometheus", "/api/v1/alerts")["data"]["alerts"]
        return {alert["labels"]["alertname"] for alert in alerts if alert["state"] == "firing"}

    def inject(self, scenario: str) -> None:
        httpx.put(f"{self.state.simulator}/-/scenario/{scenario}", trust_env=False).raise_for_status()

    def heal(self) -> None:
        httpx.delete(f"{self.state.simulator}/-/scenario", trust_env=False).raise_for_status()

    def notifications(self, since: float) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get("simulator", "/-/notifications", since=str(since))
        return found

    def told(self, alert: str, status: str, since: float) -> set[str]:
        """Receivers that were told of an alert in this status."""
        return {
            entry["receiver"]
            for entry in self.notifications(since)
            for one in entry["payload"]["alerts"]
            if one["labels"]["alertname"] == alert and one["status"] == status
        }
