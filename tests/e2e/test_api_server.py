"""A real API server takes every object of every stack.

It knows more than schemas: CEL rules of CRDs and of its own, names, labels and selectors that must match, ports that
stand twice. Nothing but namespaces and CRDs is kept in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from accept_samples import holder
from api_server import api_server
from cached_charts import needs_charts
from local_platform import eventually
from real_tools import needs
from stacks import ROOT, STACKS

from obs.expand import RenderedObject
from obs.local.kube import Kube
from obs.local.state import LocalError
from obs.run import run_stack

pytestmark = [*needs_charts, needs("etcd", "kube-apiserver")]


@pytest.fixture(scope="module")
def kube(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kube]:
    with api_server(tmp_path_factory.mktemp("api-server")) as kube:
        yield kube


def applied(kube: Kube, objects: list[RenderedObject], *, dry_run: bool) -> list[str]:
    """What the API server says against each object that it does not take."""
    said = []
    for found in objects:
        try:
            kube.apply(found.manifest or _identity(found), found.text or "", dry_run=dry_run)
        except LocalError as error:
            said.append(f"{found.kind} {found.name}: {error}")
    return said


def _identity(found: RenderedObject) -> dict[str, Any]:
    """What the client needs to know of an object whose text it sends."""
    metadata = {"name": found.name, "namespace": found.namespace}
    return {"apiVersion": found.api_version, "kind": found.kind, "metadata": metadata}


@pytest.mark.parametrize("stack", STACKS)
def test_the_api_server_takes_every_object(kube: Kube, stack: str) -> None:
    objects = run_stack(stack, ROOT).expanded(offline=True, require_charts=True, build_helm=False).objects
    first = [o for o in objects if o.kind in ("Namespace", "CustomResourceDefinition")]
    assert applied(kube, first, dry_run=False) == []
    crds = {o.name for o in first if o.kind == "CustomResourceDefinition"}
    groups = {name.partition(".")[2] for name in crds}
    assert eventually(lambda: crds <= {name for group in groups for name in kube.served(group)})
    rest = [o for o in objects if o not in first]
    assert len(rest) > 50
    assert applied(kube, rest, dry_run=True) == []


def test_it_refuses_what_no_schema_does(kube: Kube) -> None:
    (said,) = applied(kube, [holder("ConfigMap", "Not_a_name", {"a": "b"})], dry_run=True)
    assert "RFC 1123" in said
