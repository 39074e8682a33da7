"""Kubernetes objects as typed Pulumi resources, registered exactly as the provider's own SDK registers them.

Built on ``pulumi.CustomResource`` because importing ``pulumi_kubernetes.core.v1`` costs 0.3 s of every start
(measured November 2026); a test compares our registrations with the SDK's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import pulumi
from pulumi_kubernetes import _utilities

from components.specs.base import Strict

if TYPE_CHECKING:
    # Named as text by the classes below: importing all kinds costs 15 ms, and a program uses two or three.
    from components.specs.monitors import PodMonitorSpec, ServiceMonitorSpec  # noqa: F401
    from components.specs.probes import ProbeSpec  # noqa: F401
    from components.specs.rules import PrometheusRuleSpec  # noqa: F401
    from components.specs.scrape_configs import ScrapeConfigSpec  # noqa: F401

API_VERSIONS = {
    "Namespace": "v1",
    "ConfigMap": "v1",
    "Secret": "v1",
    "Service": "v1",
    "ServiceAccount": "v1",
    "PersistentVolumeClaim": "v1",
    "Deployment": "apps/v1",
    "NetworkPolicy": "networking.k8s.io/v1",
    "ClusterRole": "rbac.authorization.k8s.io/v1",
    "ClusterRoleBinding": "rbac.authorization.k8s.io/v1",
    "Role": "rbac.authorization.k8s.io/v1",
    "RoleBinding": "rbac.authorization.k8s.io/v1",
    "PrometheusRule": "monitoring.coreos.com/v1",
    "ServiceMonitor": "monitoring.coreos.com/v1",
    "PodMonitor": "monitoring.coreos.com/v1",
    "Probe": "monitoring.coreos.com/v1",
    "ScrapeConfig": "monitoring.coreos.com/v1alpha1",
}
COMMON_LABELS = {
    "app.kubernetes.io/managed-by": "pulumi",
    "app.kubernetes.io/part-of": "dataops-observability",
}
# The API server's limit on the data of one ConfigMap (core/validation: MaxSecretSize), in bytes.
CONFIG_MAP_LIMIT = 1_048_576

_DNS_LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"{_DNS_LABEL}(\.{_DNS_LABEL})*")
_LABEL_KEY = re.compile(rf"(?:{_DNS_LABEL}(?:\.{_DNS_LABEL})*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{{0,61}}[A-Za-z0-9])?")
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
_DATA_KEY = re.compile(r"(?!\.{1,2}$)[-._a-zA-Z0-9]{1,253}")

S = TypeVar("S", bound=Strict)


def manifest(
    kind: str,
    name: str,
    body: Mapping[str, Any],
    *,
    namespace: str | None = None,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, pulumi.Input[str]] | None = None,
) -> dict[str, Any]:
    """The whole object: apiVersion, kind, metadata and the fields of ``body`` (spec, data or stringData).

    ``kind`` is a key of API_VERSIONS. COMMON_LABELS are always there and win over ``labels``. Raises
    ValueError, naming the object, for names, labels and data that the API server would refuse.
    """
    where = f"{kind} {name!r}"
    limit = 63 if kind == "Namespace" else 253
    if _NAME.fullmatch(name) is None or len(name) > limit:
        raise ValueError(
            f"{where}: the name should be lower-case letters, digits and '-', from letter or digit to letter or digit,"
            f" {limit} characters at most"
        )
    all_labels = {**(labels or {}), **COMMON_LABELS}
    for key, value in all_labels.items():
        _check_label(where, key, value)
    for field in ("data", "stringData"):
        if isinstance(body.get(field), Mapping):
            _check_data(where, body[field])
    metadata: dict[str, Any] = {"name": name, "labels": all_labels}
    if namespace is not None:
        metadata["namespace"] = namespace
    if annotations:
        metadata["annotations"] = dict(annotations)
    return {"apiVersion": API_VERSIONS[kind], "kind": kind, "metadata": metadata, **body}


def _check_label(where: str, key: str, value: str) -> None:
    if _LABEL_KEY.fullmatch(key) is None:
        raise ValueError(f"{where}: label key {key!r} should be a name, or prefix/name, of 63 characters at most")
    if _LABEL_VALUE.fullmatch(value) is None:
        raise ValueError(
            f"{where}: the value of label {key!r} should be letters, digits, '-', '_' and '.', 63 characters at most"
        )


def _check_data(where: str, data: Mapping[str, Any]) -> None:
    for key in data:
        if _DATA_KEY.fullmatch(key) is None:
            raise ValueError(f"{where}: a data key should be letters, digits, '-', '_' and '.' only")
    size = sum(len(text.encode()) for text in data.values() if isinstance(text, str))
    if size > CONFIG_MAP_LIMIT:
        raise ValueError(f"{where}: {size:,} bytes of data; the API server takes {CONFIG_MAP_LIMIT:,} at most")


class KubernetesObject(pulumi.CustomResource):
    """One object. The class name is the kind; the resource's name is the object's."""

    metadata: pulumi.Output[Mapping[str, Any]]

    def __init__(
        self,
        name: str,
        body: Mapping[str, Any],
        *,
        namespace: str | None,
        labels: Mapping[str, str] | None,
        annotations: Mapping[str, pulumi.Input[str]] | None,
        opts: pulumi.ResourceOptions | None,
        secret_fields: tuple[str, ...] = (),
    ) -> None:
        kind = type(self).__name__
        props = manifest(kind, name, body, namespace=namespace, labels=labels, annotations=annotations)
        api = props["apiVersion"]
        token = f"kubernetes:{'core/v1' if api == 'v1' else api}:{kind}"
        options = pulumi.ResourceOptions.merge(_utilities.get_resource_opts_defaults(), opts)
        if secret_fields:
            secret = pulumi.ResourceOptions(additional_secret_outputs=list(secret_fields))
            options = pulumi.ResourceOptions.merge(options, secret)
        super().__init__(token, name, props, options)


class Namespace(KubernetesObject):
    def __init__(
        self,
        name: str,
        *,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, pulumi.Input[str]] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, {}, namespace=None, labels=labels, annotations=annotations, opts=opts)


class ConfigMap(KubernetesObject):
    """``data`` maps file names to texts; together at most CONFIG_MAP_LIMIT bytes."""

    def __init__(
        self,
        name: str,
        data: Mapping[str, pulumi.Input[str]],
        *,
        namespace: str,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, pulumi.Input[str]] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        body = {"data": dict(data)}
        super().__init__(name, body, namespace=namespace, labels=labels, annotations=annotations, opts=opts)


class Secret(KubernetesObject):
    """``string_data`` maps keys to plain texts; it is secret in the engine's state, its diffs and outputs.

    ``confidential=False`` is for a Secret that holds nothing secret but must be one for its reader
    (Alertmanager's configuration): it stays readable in what obs renders. The provider masks it all the same.
    """

    def __init__(
        self,
        name: str,
        string_data: Mapping[str, pulumi.Input[str]],
        *,
        namespace: str,
        confidential: bool = True,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, pulumi.Input[str]] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        _check_data(f"Secret {name!r}", string_data)
        data = dict(string_data)
        super().__init__(
            name,
            {"stringData": pulumi.Output.secret(data) if confidential else data},
            namespace=namespace,
            labels=labels,
            annotations=annotations,
            opts=opts,
            secret_fields=("data", "stringData") if confidential else (),
        )


class MonitoringResource(KubernetesObject, Generic[S]):
    """A custom resource of the operator, from the strict model of its spec."""

    spec: pulumi.Output[Mapping[str, Any]]

    def __init__(
        self,
        name: str,
        spec: S,
        *,
        namespace: str,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, pulumi.Input[str]] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        body = {"spec": spec.to_manifest()}
        super().__init__(name, body, namespace=namespace, labels=labels, annotations=annotations, opts=opts)


class PrometheusRule(MonitoringResource["PrometheusRuleSpec"]):
    """Recording rules and alerts."""


class ServiceMonitor(MonitoringResource["ServiceMonitorSpec"]):
    """Scrapes the Pods behind Services."""


class PodMonitor(MonitoringResource["PodMonitorSpec"]):
    """Scrapes Pods that no Service stands before."""


class Probe(MonitoringResource["ProbeSpec"]):
    """Lets a prober look at targets."""


class ScrapeConfig(MonitoringResource["ScrapeConfigSpec"]):
    """Scrapes what is neither Service nor Pod."""
