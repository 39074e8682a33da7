"""The two tiers of a stack as processes of this machine: a gateway before two samplers, with the rendered settings."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx
import yaml
from local_platform import eventually
from otel_here import Place, localised
from otlp_sinks import LogSink, TraceSink

from components.collector_config import HEALTH_PORT, Config, gateway_config, sampler_config
from components.collector_processors import FEATURE_GATES
from components.services import Services
from components.sizes import sizing
from obs.local.ports import LOOPBACK, Ports
from obs.local.process import Command, Servers
from settings import Settings

GATEWAY, SAMPLERS = "gateway", ("sampler-0", "sampler-1")


@dataclass
class Tiers:
    """``place`` is a folder of their own."""

    settings: Settings
    program: Path
    place: Path
    traces: TraceSink = field(init=False)
    logs: LogSink = field(init=False)

    def __post_init__(self) -> None:
        self.ports = Ports(self.place / "ports.json")
        self.servers = Servers(self.place / "logs")
        self.traces = TraceSink(self.ports.get("tempo"), self.place / "tempo")
        self.logs = LogSink(self.ports.get("loki"))
        sizes = sizing(self.settings)
        self.configs = {
            GATEWAY: gateway_config(self.settings, sizes),
            **dict.fromkeys(SAMPLERS, sampler_config(self.settings, sizes)),
        }

    def start(self, *names: str) -> None:
        """Servers of these names, or everything; returns when they are ready."""
        if not names:
            self.traces.start()
            self.logs.start()
        for name in names or (*SAMPLERS, GATEWAY):
            self.servers.start(self._command(name))
        for name in names or self.configs:
            assert eventually(partial(self._ready, name), 60), self.servers.last_lines(name, 20)

    def stop(self, *names: str) -> None:
        self.servers.stop(*(names or self.configs), grace=30)
        if not names:
            self.traces.stop()
            self.logs.stop()

    def kill(self, name: str) -> None:
        """As a node does that runs out of memory; the process is gone when this returns."""
        pid = self.servers.states()[name].pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        assert eventually(lambda: not self.servers.running(name), 10)
        self.servers.stop(name)

    def port(self, name: str, port: int) -> int:
        return self.ports.get(f"{name}/{port}")

    def url(self, name: str, port: int) -> str:
        return f"http://{LOOPBACK}:{self.port(name, port)}"

    def log(self, name: str) -> str:
        return (self.place / "logs" / f"{name}.log").read_text(errors="replace")

    def _ready(self, name: str) -> bool:
        return self.servers.running(name) and httpx.get(self.url(name, HEALTH_PORT), trust_env=False).is_success

    def _command(self, name: str) -> Command:
        file = self.place / f"{name}.yaml"
        file.write_text(yaml.safe_dump(self._localised(name, self.configs[name]), allow_unicode=True))
        argv = [str(self.program), f"--config={file}", f"--feature-gates={','.join(FEATURE_GATES)}"]
        return Command(name=name, argv=tuple(argv), env={"MY_POD_IP": LOOPBACK, "GOMEMLIMIT": "400MiB"})

    def _localised(self, name: str, config: Config) -> Config:
        services = Services(self.settings)
        service = services.collector_gateway if name == GATEWAY else services.collector_sampler
        otlp = services.collector_sampler.ports["otlp"]
        return localised(
            config,
            Place(
                ports={port: self.port(name, port) for port in (*service.ports.values(), HEALTH_PORT)},
                addresses={
                    services.tempo_intake.address("otlp-grpc"): self.ports.address("tempo"),
                    services.loki.address("http"): self.ports.address("loki"),
                },
                samplers=[f"{LOOPBACK}:{self.port(sampler, otlp)}" for sampler in SAMPLERS],
                storage=self.place / f"{name}-queue",
            ),
        )
