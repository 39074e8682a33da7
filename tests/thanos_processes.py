"""Thanos as a stack deploys it, as processes of this machine: the arguments of the rendered containers, made local.

What the operator makes (side car, ruler, Prometheus) is made here from the rendered custom resources the way the
operator does (prometheus-operator 0.93.0, pkg/prometheus/server/statefulset.go and pkg/thanos/statefulset.go).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from stacks import ran

from obs.local.ports import Ports
from obs.local.process import Command

INGESTORS = 2
_NOT_LOCAL = re.compile(r"0\.0\.0\.0|\.svc|/var/|/etc/|\$\(")
"""What an argument must not hold any more once it is local."""


@cache
def objects(stack: str) -> tuple[dict[str, Any], ...]:
    """Every object of the stack that has a text of its own."""
    expansion = ran(stack).expanded(offline=True, build_helm=False)
    return tuple(o.parsed() for o in expansion.objects if o.text and o.kind != "CustomResourceDefinition")


def found(stack: str, kind: str, name: str) -> dict[str, Any]:
    (it,) = (o for o in objects(stack) if o["kind"] == kind and o["metadata"]["name"] == name)
    return it


def workloads(stack: str) -> dict[str, list[str]]:
    """Deployment or StatefulSet -> the arguments of its thanos container."""
    pods = (o for o in objects(stack) if o["kind"] in ("Deployment", "StatefulSet"))
    return {
        o["metadata"]["name"]: container["args"]
        for o in pods
        for container in o["spec"]["template"]["spec"]["containers"]
        if "/thanos/thanos:" in container["image"]
    }


@dataclass(frozen=True)
class World:
    """Where everything is: a folder, the bucket in it, a port for each listener."""

    program: str
    place: Path
    ports: Ports

    @property
    def bucket(self) -> Path:
        return self.place / "bucket"

    def url(self, pod: str) -> str:
        return f"http://{self.ports.address(f'{pod}/http-address')}"

    def write_objstore(self) -> None:
        self.bucket.mkdir()
        config = {"type": "FILESYSTEM", "config": {"directory": str(self.bucket)}}
        (self.place / "objstore.yml").write_text(yaml.safe_dump(config))
        ingestors = [self.ports.address(f"thanos-receive-ingestor-{i}/grpc-address") for i in range(INGESTORS)]
        ring = [{"hashring": "default", "tenants": [], "endpoints": ingestors}]
        (self.place / "hashrings.json").write_text(json.dumps(ring))

    def command(self, pod: str, args: list[str], services: dict[str, list[str]]) -> Command:
        """The container's process. ``services``: Service -> the pods behind it."""
        local = [text for arg in args for text in self._local(pod, arg, services)]
        if local[0] == "receive":  # has a listener without a rendered argument, on a fixed port
            local.append(f"--receive.capnproto-address={self.ports.address(f'{pod}/capnproto')}")
        assert not [arg for arg in local if _NOT_LOCAL.search(arg)], local
        return Command(name=pod, argv=(self.program, *local), url=self.url(pod))

    def _local(self, pod: str, arg: str, services: dict[str, list[str]]) -> Iterator[str]:
        flag, _, value = arg.replace("$(NAME)", pod).partition("=")
        files = {"--objstore.config-file": "objstore.yml", "--receive.hashrings-file": "hashrings.json"}
        if flag in ("--grpc-address", "--http-address", "--remote-write.address"):
            yield f"{flag}={self.ports.address(f'{pod}/{flag[2:]}')}"
        elif flag in ("--data-dir", "--tsdb.path"):
            yield f"{flag}={self.place / pod}"
        elif flag in files:
            yield f"{flag}={self.place / files[flag]}"
        elif flag == "--receive.local-endpoint":
            yield f"{flag}={self.ports.address(f'{pod}/grpc-address')}"
        elif flag == "--endpoint":
            service = value.removeprefix("dnssrv+_grpc._tcp.").partition(".")[0]
            yield from (f"{flag}={self.ports.address(f'{p}/grpc-address')}" for p in services[service])
        elif flag == "--query-frontend.downstream-url":
            yield f"{flag}={self.url(value.removeprefix('http://').partition('.')[0])}"
        else:
            yield f"{flag}={value}" if value else flag

    # --- what the operator makes

    def ruler(self, spec: dict[str, Any], pod: str, rules: Path, alertmanager: str) -> Command:
        labels = {"thanos_ruler_replica": pod, **dict(sorted(spec["labels"].items()))}
        remote = self.place / "ruler-remote-write.yml"
        remote.write_text(yaml.safe_dump({"remote_write": [self.remote_write(w) for w in spec["remoteWrite"]]}))
        args = [
            *(f"--label={name}={json.dumps(value)}" for name, value in labels.items()),
            "--alert.label-drop=thanos_ruler_replica",
            f"--data-dir={self.place / pod}",
            f"--eval-interval={spec['evaluationInterval']}",
            f"--tsdb.retention={spec['retention']}",
            f"--remote-write.config-file={remote}",
            *(f"--query={self._query(url)}" for url in spec["queryEndpoints"]),
            *(f"--alertmanagers.url={alertmanager}" for _ in spec["alertmanagersUrl"]),
            f"--alert.query-url={spec['alertQueryUrl']}",
            *(f"--{arg['name']}={arg['value']}" for arg in spec["additionalArgs"]),
            f"--rule-file={rules}",
            f"--grpc-address={self.ports.address(f'{pod}/grpc-address')}",
            f"--http-address={self.ports.address(f'{pod}/http-address')}",
        ]
        return Command(name=pod, argv=(self.program, "rule", *args), url=self.url(pod))

    def _query(self, url: str) -> str:
        assert url.startswith("http://thanos-query.")
        return self.url("thanos-query")

    def remote_write(self, entry: dict[str, Any]) -> dict[str, Any]:
        """An entry of a custom resource's ``remoteWrite`` as Prometheus' own configuration has it."""
        assert entry["url"].startswith("http://thanos-receive-router."), entry["url"]
        router = self.ports.address("thanos-receive-router/remote-write.address")
        local = {**entry, "url": f"http://{router}/api/v1/receive"}
        local["queueConfig"] = {**entry["queueConfig"], "batchSendDeadline": "500ms"}
        snaked: dict[str, Any] = _snake(local)
        return snaked

    def prometheus(self, program: str, spec: dict[str, Any], pod: str, targets: dict[str, str], rules: Path) -> Command:
        """A replica. ``targets``: job -> address."""
        config = {
            "global": {
                "scrape_interval": "1s",
                "external_labels": {**spec["externalLabels"], "prometheus": "m/p", "prometheus_replica": pod},
            },
            "rule_files": [str(rules)],
            "scrape_configs": [
                {"job_name": job, "static_configs": [{"targets": [address]}]} for job, address in targets.items()
            ],
            "remote_write": [self.remote_write(entry) for entry in spec.get("remoteWrite", [])],
        }
        (self.place / f"{pod}.yml").write_text(yaml.safe_dump(config, sort_keys=False))
        args = (
            f"--config.file={self.place / pod}.yml",
            f"--storage.tsdb.path={self.place / pod}",
            f"--web.listen-address={self.ports.address(f'{pod}/http-address')}",
        )
        return Command(name=pod, argv=(program, *args), url=self.url(pod))

    def sidecar(self, prometheus: str, pod: str) -> Command:
        args = (
            f"--prometheus.url={self.url(prometheus)}",
            f"--grpc-address={self.ports.address(f'{pod}/grpc-address')}",
            f"--http-address={self.ports.address(f'{pod}/http-address')}",
            f"--objstore.config={(self.place / 'objstore.yml').read_text()}",
            f"--tsdb.path={self.place / prometheus}",
            # The operator's own way to upload while Prometheus compacts (0.93, thanos from 0.41 on).
            "--shipper.meta-file-name=thanos.shipper.json",
            "--shipper.ignore-unequal-block-size",
        )
        return Command(name=pod, argv=(self.program, "sidecar", *args), url=self.url(pod))


def _snake(value: Any) -> Any:
    if isinstance(value, dict):
        names = {key: re.sub(r"[A-Z]", lambda m: f"_{m[0].lower()}", key) for key in value}
        return {names[key]: v if key == "headers" else _snake(v) for key, v in value.items()}
    return [_snake(v) for v in value] if isinstance(value, list) else value
