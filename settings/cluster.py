"""The cluster that a stack deploys to."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from model.config import Name, Part, form

Environment = Literal["production", "staging", "development", "local"]
_VERSION = 'a quoted version such as "1.31"'


class ClusterSettings(Part):
    """The cluster: its labels on everything it sends, and what its API offers.

    ``api_versions`` are API versions that the cluster has beside Kubernetes' own and the operator's, for
    charts that ask (``group/version`` or ``group/version/Kind``). ``context`` is the kubeconfig context to
    deploy with (unset: the current one). ``dns_domain`` is the kubelets' clusterDomain.
    """

    name: Name
    environment: Environment
    platform: Name = "dataops"
    kubernetes_version: Annotated[str, Field(pattern=r"^1\.\d{2,}(\.\d+)?$", description=_VERSION)] = "1.31"
    api_versions: tuple[Annotated[str, Field(pattern=r"^[a-z0-9./]+(/[A-Z]\w+)?$")], ...] = ()
    context: str | None = None
    dns_domain: Annotated[str, form(r"[a-z0-9-]+(\.[a-z0-9-]+)*", "a domain such as cluster.local")] = "cluster.local"
