"""Typed resources for what no chart brings: workloads, their Services and volumes, permissions, network policies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from components.resources import KubernetesObject

Rule = Mapping[str, Sequence[str]]
"""As in the API: apiGroups, resources, verbs."""


class SpecObject(KubernetesObject):
    """An object with a ``spec``, given as the API has it."""

    def __init__(
        self,
        name: str,
        spec: Mapping[str, Any],
        *,
        namespace: str,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, pulumi.Input[str]] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        body = {"spec": dict(spec)}
        super().__init__(name, body, namespace=namespace, labels=labels, annotations=annotations, opts=opts)


class Deployment(SpecObject):
    pass


class Service(SpecObject):
    pass


class PersistentVolumeClaim(SpecObject):
    pass


class NetworkPolicy(SpecObject):
    pass


class ServiceAccount(KubernetesObject):
    """``token=False``: its pods get none, unless they ask for it."""

    def __init__(
        self,
        name: str,
        *,
        namespace: str,
        token: bool = True,
        annotations: Mapping[str, pulumi.Input[str]] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        body = {} if token else {"automountServiceAccountToken": False}
        super().__init__(name, body, namespace=namespace, labels=None, annotations=annotations, opts=opts)


class ClusterRole(KubernetesObject):
    def __init__(self, name: str, rules: Sequence[Rule], *, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, _rules(rules), namespace=None, labels=None, annotations=None, opts=opts)


class Role(KubernetesObject):
    def __init__(
        self, name: str, rules: Sequence[Rule], *, namespace: str, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, _rules(rules), namespace=namespace, labels=None, annotations=None, opts=opts)


class ClusterRoleBinding(KubernetesObject):
    """Gives a ClusterRole to a service account of ``namespace``."""

    def __init__(
        self, name: str, *, role: str, account: str, namespace: str, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        body = _binding("ClusterRole", role, account, namespace)
        super().__init__(name, body, namespace=None, labels=None, annotations=None, opts=opts)


class RoleBinding(KubernetesObject):
    """Gives a Role of ``namespace`` to a service account of it, or of another namespace."""

    def __init__(
        self,
        name: str,
        *,
        role: str,
        account: str,
        namespace: str,
        account_namespace: str | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        body = _binding("Role", role, account, account_namespace or namespace)
        super().__init__(name, body, namespace=namespace, labels=None, annotations=None, opts=opts)


def _rules(rules: Sequence[Rule]) -> dict[str, Any]:
    return {"rules": [{key: list(value) for key, value in rule.items()} for rule in rules]}


def _binding(kind: str, role: str, account: str, namespace: str) -> dict[str, Any]:
    return {
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": role},
        "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": namespace}],
    }
