"""Every program here has the rights of its pod's service account and no others, as in a cluster."""

from __future__ import annotations

import os
from pathlib import Path

import yaml

from obs.local.kube import Kube
from obs.local.pod import Pod

NOBODY = Path(os.devnull)
"""The kubeconfig of a pod that mounts no token."""
_SECONDS = 30 * 24 * 3600
"""A kubelet renews tokens; a platform of this machine does not live as long."""


class Accounts:
    """A kubeconfig for each service account below ``place``, with a token of it."""

    def __init__(self, kube: Kube, place: Path) -> None:
        self._kube = kube
        self._place = place
        self._written: set[Path] = set()

    def kubeconfig(self, pod: Pod) -> Path:
        """Raises httpx.HTTPError where the API server has no such account."""
        if not pod.account:
            return NOBODY
        path = self._place / f"{pod.namespace}_{pod.account}"
        if path not in self._written:
            config = yaml.safe_load(self._kube.kubeconfig.read_text())
            config["users"][0]["user"] = {"token": self._kube.token(pod.namespace, pod.account, _SECONDS)}
            self._place.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.touch(mode=0o600)
            path.write_text(yaml.safe_dump(config))
            self._written.add(path)
        return path
