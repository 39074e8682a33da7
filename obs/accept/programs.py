"""How each program is asked whether it takes a file."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

SECONDS = 60
# Nothing may leave the machine: whatever a program would reach goes to a proxy on a port where nobody listens.
_NOWHERE = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
_CREDENTIALS = {"type": "authorized_user", "client_id": "none", "client_secret": "none", "refresh_token": "none"}
# A line of a stack trace, as Go programs log it: \nmain.main\n\t/src/main.go:141
_FRAME = re.compile(r'\\n[^\\ ]+\\n\\t[^\\"]+')
_LONGEST = 1500


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    """One question. ``tool`` is of the toolchain; ``{file}`` in ``arguments`` stands for the path.

    Its exit code answers. A program without a mode that only checks is given something to do that must fail once it
    has taken the file; ``proof`` is what it then says.
    """

    tool: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    proof: str = ""

    def refusal(self, program: Path | None, text: str, folder: Path) -> str:
        """What the program says against the file; nothing where it takes it. ``folder`` is empty and its own."""
        file, credentials = folder / "file.yaml", folder / "credentials.json"
        file.write_text(text)
        credentials.write_text(json.dumps(_CREDENTIALS))
        environment = {**_NOWHERE, "GOOGLE_APPLICATION_CREDENTIALS": str(credentials), **self.environment}
        command = [str(program), *(a.format(file=file, folder=folder) for a in self.arguments)]
        try:
            run = subprocess.run(
                command, capture_output=True, text=True, timeout=SECONDS, check=False, env=environment, cwd=folder
            )
        except subprocess.TimeoutExpired:
            return f"{self.tool} did not end within {SECONDS} s"
        said = f"{run.stdout}\n{run.stderr}".strip()
        if run.returncode == 0 or (self.proof and self.proof in said):
            return ""
        said = said.replace(f"{folder}/", "")
        return _FRAME.sub("", said)[-_LONGEST:] or f"{self.tool} ended with {run.returncode}"


AMTOOL = Program(tool="amtool", arguments=("check-config", "{file}"))
PROMTOOL = Program(tool="promtool", arguments=("check", "rules", "--lint=all", "--lint-fatal", "{file}"))
LOKI = Program(tool="loki", arguments=("-verify-config", "-config.expand-env=true", "-config.file={file}"))
OTELCOL = Program(
    tool="otelcol",
    arguments=("validate", "--config={file}"),
    # What the chart gives the container (templates/_pod.tpl).
    environment={"MY_POD_IP": "127.0.0.1", "K8S_NODE_NAME": "node", "OTEL_K8S_NODE_NAME": "node"},
)
STATSD = Program(tool="statsd_exporter", arguments=("--check-config", "--statsd.mapping-config={file}"))
BLACKBOX = Program(tool="blackbox_exporter", arguments=("--config.check", "--config.file={file}"))
THANOS_BUCKET = Program(
    tool="thanos",
    arguments=("tools", "bucket", "ls", "--timeout=1s", "--log.level=error", "--objstore.config-file={file}"),
    # It asked the bucket, which it cannot reach: so it took the configuration and made a client of it.
    proof="BaseFetcher: iter bucket",
)
THANOS_RECEIVE = Program(
    tool="thanos",
    arguments=(
        "receive",
        "--log.level=error",
        # Not to be listened on: it has read its files and made its parts when it finds out.
        "--http-address=127.0.0.1:none",
        "--grpc-address=127.0.0.1:0",
        "--remote-write.address=127.0.0.1:0",
        "--tsdb.path={folder}/tsdb",
        '--label=replica="0"',
        "--receive.hashrings-file={file}",
    ),
    proof="serve HTTP and metrics",
)
