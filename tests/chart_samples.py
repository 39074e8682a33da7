"""Small charts for the checks of chart values."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tiny_charts as tiny

from obs.chart_archive import pack
from obs.check.chart_values import ChartKeys, chart_keys_from_archive, check_chart_values
from obs.check.finding import Finding

VALUES = """\
image: {repository: registry.example.org/tiny, tag: "1.0", pullPolicy: Always}
replicas: 1
hosts: []
settings: {}
nodeSelector: {}
thanos: {}
"""
TEMPLATE = """\
image: {{ .Values.image.repository }}:{{ .Values.image.tag }}
replicas: {{ .Values.replicas }}
{{ range .Values.hosts }}{{ . }}{{ end }}
{{ .Values.settings.level }} {{ .Values.settings.format }}
{{ toYaml .Values.nodeSelector }}
{{ omit .Values.thanos "objectStorageConfig" | toYaml }}
{{ ((.Values.thanos.objectStorageConfig).existingSecret).name }}
{{ .Values.global.registry }}
"""
CHILD = {
    "charts/child/Chart.yaml": "apiVersion: v2\nname: child\nversion: 0.1.0\n",
    "charts/child/values.yaml": "port: 80\nsidecar: {enabled: false}\nglobal: {tier: x}\n",
    "charts/child/templates/x.yaml": "{{ .Values.port }}{{ .Values.extra.flag }}{{ .Values.global.domain }}",
}
DEPENDENCY: dict[str, Any] = {"name": "child", "version": "0.1.0", "repository": "", "condition": "childEnabled"}


def archive(folder: Path, files: Mapping[str, str] | None = None, **chart: Any) -> Path:
    contents = {"values.yaml": VALUES, "templates/config.yaml": TEMPLATE, **(files or {})}
    path = folder / "tiny-1.2.3.tgz"
    path.write_bytes(pack(tiny.chart_folder(folder, files=contents, **chart), tiny.pin()))
    return path


def keys(folder: Path, files: Mapping[str, str] | None = None, **chart: Any) -> ChartKeys:
    return chart_keys_from_archive(archive(folder, files, **chart), folder / "cache")


def findings(values: Mapping[str, object], known: ChartKeys) -> list[Finding]:
    return check_chart_values("tiny", values, known, "Pulumi.prod.yaml:7")


def subjects(values: Mapping[str, object], known: ChartKeys) -> list[str]:
    return [finding.subject.removeprefix("tiny: ") for finding in findings(values, known)]


def packed(files: Mapping[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in files.items():
            data = content if isinstance(content, bytes) else content.encode()
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def tar_file(path: Path, files: Mapping[str, str | bytes]) -> Path:
    path.write_bytes(packed(files))
    return path
