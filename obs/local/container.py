"""One container whose program runs here: its command, and the files that this must be given, on this machine."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from obs.local import outward
from obs.local.names import Lookup
from obs.local.pod import Manifest, NotYet, Pod, Read, image_name
from obs.local.process import Command
from obs.local.programs import PROGRAMS, RELOADER, Flags, Program, split
from obs.local.state import LocalError


@dataclass(frozen=True)
class Prepared:
    """``files`` are configurations turned to this machine, to be written before the command starts; ``after`` are the
    addresses of the servers that must be ready by then."""

    command: Command
    files: Mapping[Path, bytes]
    after: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Container:
    pod: Pod
    manifest: Manifest
    program: Program

    @property
    def is_main(self) -> bool:
        return self.program.tool != RELOADER

    def address(self, port: int) -> str:
        return self.pod.address(port)

    @property
    def main_port(self) -> int:
        return self._main.program.port

    @property
    def _main(self) -> Container:
        return next(container for container in containers(self.pod) if container.is_main)

    @property
    def name(self) -> str:
        """prometheus, prometheus-config-reloader, thanos-query …; further replicas with their ordinal."""
        base = self._own_name if self.is_main else f"{self._main._own_name}-config-reloader"
        ordinal = self.pod.name.rpartition("-")[2]
        return base if not ordinal.isdigit() or ordinal == "0" else f"{base}-{ordinal}"

    @property
    def _own_name(self) -> str:
        if not self.program.by_title:
            return self.program.tool
        return str(self.manifest["name"]) if self.pod.of_operator else re.sub(r"-\d+$", "", self.pod.title)

    @property
    def ports(self) -> dict[int, str]:
        """Number -> name of every port that it declares."""
        declared = self.manifest.get("ports") or ()
        return {int(port["containerPort"]): str(port.get("name") or port["containerPort"]) for port in declared}

    @property
    def forwards(self) -> dict[str, str]:
        """Pod IP and port -> where that really is."""
        return {f"{self.pod.ip}:{port}": self.address(port) for port in {*self.ports, self.program.port}}

    @property
    def ready(self) -> str:
        """Where it says that it is ready, as its probe asks; empty where it has none."""
        probe = (self.manifest.get("readinessProbe") or {}).get("httpGet")
        if not probe:
            return ""
        by_name = {name: number for number, name in self.ports.items()}
        port = probe["port"] if isinstance(probe["port"], int) else by_name[probe["port"]]
        return f"http://{self.address(port)}{probe.get('path') or '/'}"

    def prepared(self, lookup: Lookup, read: Read, tools: Mapping[str, Path], kubeconfig: Path) -> Prepared:
        """Raises NotYet for what is not there, and LocalError for what would reach out of this machine."""
        turn = _Turn(self, lookup, self.pod.environment(self.manifest, read))
        args = turn.args([_expanded(str(arg), turn.environment) for arg in self.manifest.get("args") or ()])
        environment = {name: turn.text(value) for name, value in turn.environment.items()}
        problems = [*outward.flags(_valued(args)), *outward.variables(environment), *turn.problems]
        if problems:
            lines = "\n".join(f"  {problem}" for problem in problems)
            raise LocalError(f"{self.name} would reach out of this machine and was not started:\n{lines}")
        command = Command(
            name=self.name,
            argv=(str(tools[self.program.tool]), *args),
            env={**environment, "KUBECONFIG": str(kubeconfig)},
            url=f"http://{self.address(self.program.port)}" if self.is_main else "",
            ready=self.ready,
            addresses={name: self.address(port) for port, name in self.ports.items()},
        )
        seldom = (value for name, value in _valued(args) if name in self.program.asks_seldom)
        return Prepared(command, turn.files, frozenset(urlsplit(value).netloc for value in seldom))


def containers(pod: Pod, kind: str = "containers", tools: Collection[str] | None = None) -> list[Container]:
    """The containers of a pod that have a program here: one of ``tools``, where these are given.

    A reloader is nothing without the server that it reloads.
    """
    if not any(container.is_main for container in _known(pod, "containers", tools)):
        return []
    return _known(pod, kind, tools)


def _known(pod: Pod, kind: str, tools: Collection[str] | None) -> list[Container]:
    found = ((one, PROGRAMS.get(image_name(one["image"]))) for one in pod.containers(kind))
    return [Container(pod, one, run) for one, run in found if run and (tools is None or run.tool in tools)]


@dataclass
class _Turn:
    """From how things are called in the container to where they are here."""

    container: Container
    lookup: Lookup
    environment: Mapping[str, str]
    files: dict[Path, bytes] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    @cached_property
    def _moved(self) -> Callable[[str], str]:
        return self.container.pod.moved(self.container.manifest)

    @cached_property
    def _own(self) -> re.Pattern[str]:
        """What listens in the pod, or is asked for there: every interface, the loopback one, or its own address."""
        ip = re.escape(self.container.pod.ip)
        return re.compile(
            rf"(?<![\w.-])(?:0\.0\.0\.0|127\.0\.0\.1|localhost|\[::\]|\[?{ip}\]?):(?P<port>\d{{2,5}})(?![\d.])"
        )

    @cached_property
    def _public(self) -> dict[str, str]:
        """Variables that may be written into a file."""
        secret = {
            v["name"] for v in self.container.manifest.get("env") or () if "secretKeyRef" in (v.get("valueFrom") or {})
        }
        return {name: value for name, value in self.environment.items() if name not in secret}

    def text(self, value: str) -> str:
        if re.fullmatch(r":\d{2,5}", value):
            return self.container.address(int(value[1:]))
        here = self._own.sub(lambda match: self.container.address(int(match["port"])), value)
        return self._moved(self.lookup.text(here))

    def value(self, value: Any) -> Any:
        """A part of a configuration; a list that asks for everyone behind a name gets an element for each."""
        if isinstance(value, dict):
            return {key: self.value(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [turned for inner in value for turned in self._elements(inner)]
        return self.text(_filled(value, self._public)) if isinstance(value, str) else value

    def _elements(self, element: Any) -> list[Any]:
        several = self.lookup.every(element) if isinstance(element, str) else None
        return several or [self.value(element)]

    # --- flags

    def args(self, given: list[str]) -> list[str]:
        flags = Flags(given)
        flags.default(self.container.program.listens)
        self.container.program.flags(flags, self.container)
        return [turned for arg in flags.args for turned in self._arg(arg)]

    def _arg(self, arg: str) -> list[str]:
        name, value = split(arg)
        program = self.container.program
        if value is None or outward.is_link(name):
            return [arg]
        if program.configs and re.fullmatch(program.configs, name):
            turned = [self._config(name, value)]
        else:
            several = self.lookup.every(value)
            if several is None:
                several = self.container.pod.spread(self.container.manifest, value) or None
            turned = several if several or (several == [] and name in program.optional) else [self.text(value)]
        dashes = arg[: len(arg) - len(arg.lstrip("-"))]
        return [f"{dashes}{name}={one}" for one in turned]

    def _config(self, name: str, value: str) -> str:
        """A configuration in the flag itself, or the file that the flag names."""
        path = Path(self._moved(value))
        is_file = value.startswith("/")
        if is_file and not path.is_file():
            raise NotYet(f"{value} of {self.container.name} is not there")
        loaded = yaml.load(path.read_bytes() if is_file else value, Loader=yaml.CSafeLoader)
        config = self._turned(name, loaded) if isinstance(loaded, dict | list) else loaded
        text = json.dumps(config, indent=1 if is_file else None, default=str)
        if not is_file:
            return text
        file = self.container.pod.home / "turned" / str(self.container.manifest["name"]) / path.name
        self.files[file] = text.encode()
        return str(file)

    def _turned(self, name: str, config: Any) -> Any:
        program = self.container.program
        turned = self.value(program.config(config, self.container) if isinstance(config, dict) else config)
        self.problems += outward.configuration(turned, f"--{name}")
        self.problems += program.outward(name, turned)
        return turned


def _expanded(arg: str, environment: Mapping[str, str]) -> str:
    return re.sub(r"\$\((\w+)\)", lambda match: environment.get(match[1], match[0]), arg)


def _filled(text: str, environment: Mapping[str, str]) -> str:
    """Variables as the collector (${env:NAME}) and Loki (${NAME}) have them in their configurations."""
    return re.sub(r"\$\{(?:env:)?(\w+)\}", lambda match: environment.get(match[1], match[0]), text)


def _valued(args: list[str]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in map(split, args) if value is not None]
