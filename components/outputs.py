"""The stack's outputs: one typed definition, from which the page, the JSON schema and the comparison are made.

Within a version outputs are only added. One that goes, or takes values that it did not take, raises VERSION: other
projects read them (examples/consumer).
"""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field

from model.config import Part

VERSION = 1


class StackOutputs(Part):
    """What other projects may read. Secrets are never among it."""

    model_config = ConfigDict(title="Outputs of a dataops-observability stack")

    outputs_version: int = Field(description=f"version of this list; now {VERSION}")
    cluster_name: str = Field(description="value of the label `cluster`")
    environment: str = Field(description="production, staging, development or local")
    namespace: str = Field(description="namespace of the stack")
    prometheus_url: str = Field(
        description="Prometheus, inside the cluster; with shards one of them, so ask `metricsUrl` instead"
    )
    alertmanager_url: str = Field(description="Alertmanager, inside the cluster")
    grafana_url: str = Field(description="Grafana, as people reach it")
    metrics_url: str = Field(
        description="where to ask for metrics of any age: the Thanos query frontend, or the store elsewhere"
    )
    logs_url: str | None = Field(description="Loki, in the cluster; null where the stack keeps no logs")
    traces_url: str | None = Field(description="Tempo, in the cluster; null where the stack keeps no traces")
    otlp_grpc_url: str | None = Field(description="where applications send OTLP by gRPC; null without the collector")
    otlp_http_url: str | None = Field(description="the same by HTTP")
    grafana_admin_secret: str = Field(description="name of the Secret with `admin-user` and `admin-password`")
    kube_prometheus_stack_version: str = Field(description="version of the deployed chart")
    systems: tuple[str, ...] = Field(description="enabled systems")
    alerts: tuple[str, ...] = Field(description="names of the alerts that can fire")
    dashboards: dict[str, str] = Field(description="dashboard uid -> title; `<grafanaUrl>/d/<uid>` opens it")


def outputs_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the outputs. Unknown outputs are allowed: additions keep the version."""
    schema = StackOutputs.model_json_schema(mode="serialization")
    for field in schema["properties"].values():
        field.pop("title", None)
    schema["properties"]["outputsVersion"]["const"] = VERSION
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "additionalProperties": True,
    }


def outputs_table() -> str:
    """The table of docs/outputs.md."""
    rows = ["| output | type | meaning |", "|---|---|---|"]
    for name, field in outputs_schema()["properties"].items():
        rows.append(f"| `{name}` | {_word(field)} | {field['description']} |")
    return "\n".join(rows) + "\n"


def _word(field: dict[str, Any]) -> str:
    if "anyOf" in field:
        return " or ".join(map(_word, field["anyOf"]))
    if field["type"] == "array":
        return f"list of {_word(field['items'])}s"
    return {"integer": "number"}.get(field["type"], str(field["type"]))
