"""What pods need so that Kubernetes' pod security level ``restricted`` admits them."""

from __future__ import annotations

from typing import Any

RESTRICTED_CONTAINER: dict[str, Any] = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
}
"""``securityContext`` of a container. Nothing is written but to its volumes."""


def restricted_pod(user: int) -> dict[str, Any]:
    """``securityContext`` of a pod whose containers run as ``user`` and own its volumes."""
    return {
        "runAsNonRoot": True,
        "runAsUser": user,
        "runAsGroup": user,
        "fsGroup": user,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
