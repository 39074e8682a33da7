"""A small stack in which everything fits, and what the wiring checks say of it when it is changed."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from stacks import ROOT

from obs import documents
from obs.check.finding import Finding
from obs.check.rendered import Rendered
from obs.check.wiring import Stack, check_wiring
from obs.expand import Expansion, RenderedChart, RenderedObject

NAMESPACE = "monitoring"
SAMPLES = ROOT / "tests" / "wiring"
WIRED = (SAMPLES / "stack.yaml").read_text()
EXTERNAL = {"given": ("tls.crt", "tls.key")}


def expansion(text: str, namespace: str = NAMESPACE) -> Expansion:
    """What a chart prints, as the one chart of a stack."""
    chart = RenderedChart(
        component="parts", origin="chart", name="chart", version="1.0.0", release="r", namespace=namespace, values={},
        state="rendered",
    )  # fmt: skip
    objects = tuple(
        RenderedObject(
            component="parts", origin="chart", api_version=one.api_version, kind=one.kind, namespace=one.namespace,
            name=one.name, text=one.text, where="parts.py:1",
        )
        for one in (found.within(namespace) for found in documents.documents(text))
    )  # fmt: skip
    return Expansion(objects, (chart,))


def rendered(text: str) -> Rendered:
    return Rendered(expansion(text))


def findings(text: str, external: Mapping[str, Collection[str]] = EXTERNAL) -> list[Finding]:
    return check_wiring(Stack(rendered(text), NAMESPACE, external))


def changed(old: str, new: str, text: str = WIRED) -> str:
    """The stack with one text replaced wherever it stands."""
    assert old in text, f"the stack no longer has {old!r}"
    return text.replace(old, new)


def without(kind: str, name: str) -> str:
    """The stack without one object."""
    parts = WIRED.split("\n---\n")
    kept = [
        part for part in parts if not re.search(rf"^kind: {kind}\nmetadata: {{name: {name}[,}}]", part, re.MULTILINE)
    ]
    assert len(kept) == len(parts) - 1, f"not exactly one {kind} {name}"
    return "\n---\n".join(kept)
