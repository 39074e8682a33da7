"""Secrets and ConfigMaps as files, the configurations that the operator generates turned to this machine."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from obs.documents import dump
from obs.local import loopback
from obs.local.container import containers
from obs.local.names import Lookup
from obs.local.pod import Files, Pod

Config = dict[str, Any]


@dataclass(frozen=True)
class Volumes:
    """``simulator`` (host:port) answers for what does not run."""

    simulator: str

    def write(self, pod: Pod, files: Mapping[Path, Files], lookup: Lookup, kubeconfig: Path) -> None:
        """Make each folder hold exactly its files. Raises LocalError for what would dial another machine.

        ``kubeconfig`` is the pod's at the local API server.
        """
        # Generated configurations last: the check of one reads the files that it names.
        turns: dict[str, Callable[[Pod, Config, Lookup], Config]] = {
            "prometheus.yaml.gz": partial(self._prometheus, str(kubeconfig)),
            "alertmanager.yaml.gz": self._alertmanager,
        }
        for folder, content in sorted(files.items(), key=lambda entry: not turns.keys().isdisjoint(entry[1])):
            turned = {}
            for name, data in content.items():
                turn = turns.get(name)
                turned[name] = data if turn is None else _packed(turn(pod, _unpacked(data), lookup))
            _replace(folder, turned)

    def _prometheus(self, kubeconfig: str, pod: Pod, config: Config, lookup: Lookup) -> Config:
        for section in ("remote_write", "remote_read"):
            if section in config:
                config[section] = loopback.relocated(config[section], lookup.text)
        turned = loopback.prometheus(config, kubeconfig=kubeconfig, simulator=self.simulator)
        loopback.check_prometheus(turned, kubeconfig)
        return _relocated(pod, turned)

    def _alertmanager(self, pod: Pod, config: Config, _lookup: Lookup) -> Config:
        turned = _relocated(pod, config)
        loopback.check_alertmanager(turned, lambda path: Path(path).read_text())
        return turned


def _relocated(pod: Pod, config: Config) -> Config:
    """Paths as the server's own container has them."""
    main = next(container for container in containers(pod) if container.is_main)
    moved: Config = loopback.relocated(config, pod.moved(main.manifest))
    return moved


def _unpacked(data: bytes) -> Config:
    config: Config = yaml.load(gzip.decompress(data), Loader=yaml.CSafeLoader)
    return config


def _packed(config: Config) -> bytes:
    return gzip.compress(dump(config).encode(), mtime=0)


def _replace(folder: Path, files: Files) -> None:
    """Make the folder hold exactly these files."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, data in files.items():
        write(folder / name, data)
    for path in folder.iterdir():
        if path.name not in files:
            path.unlink()


def write(path: Path, data: bytes) -> bool:
    """Write in place; true where it was other before. The reloader watches the file itself.

    Of one that takes its place it hears only once. What it reads in the middle of that is followed by another event.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
    with path.open("r+b") as file:
        if file.read() == data:
            return False
        file.seek(0)
        file.write(data)
        file.truncate()
        return True
