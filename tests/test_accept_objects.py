"""Objects before kubeconform: what it finds, and that it finds it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tiny_charts as tiny
import yaml
from accept_samples import rendered
from real_tools import REAL, needs
from test_accept_schemas import WIDGETS

from obs.accept import schemas
from obs.accept.objects import KubeconformFailed, check_objects
from obs.check.finding import Finding
from obs.expand import RenderedObject

NEWEST = schemas.versions()[-1]
kubeconform = needs("kubeconform")
pytestmark = pytest.mark.usefixtures("own_cache")


def deployment(**container: Any) -> RenderedObject:
    return rendered(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "d", "namespace": "n"},
            "spec": {
                "selector": {"matchLabels": {"a": "b"}},
                "template": {
                    "metadata": {"labels": {"a": "b"}},
                    "spec": {"containers": [{"name": "c", "image": "i", **container}]},
                },
            },
        }
    )


def widget(**spec: Any) -> RenderedObject:
    return rendered(
        {"apiVersion": "example.org/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": {"size": 1, **spec}},
        chart="widgets",
    )


def autoscaler(version: str) -> RenderedObject:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "d"}
    spec = {"maxReplicas": 2, "scaleTargetRef": target}
    metadata = {"name": "h"}
    kind = "HorizontalPodAutoscaler"
    return rendered({"apiVersion": f"autoscaling/{version}", "kind": kind, "metadata": metadata, "spec": spec})


def found(*objects: RenderedObject, version: str = NEWEST) -> list[Finding]:
    program = REAL["kubeconform"]
    assert program
    return check_objects(objects, version, program, {("Deployment", "d"): "components/d.py:7"})


@kubeconform
@pytest.mark.parametrize("version", ["1.25", NEWEST])
def test_sound_objects_are_valid_on_the_oldest_and_the_newest_kubernetes(version: str) -> None:
    crd = rendered(yaml.safe_load(WIDGETS), chart="widgets")
    assert found(deployment(), crd, widget(), autoscaler("v2"), version=version) == []


@kubeconform
def test_a_broken_object_is_found_with_every_problem_and_where_it_was_written() -> None:
    (finding,) = found(deployment(imagePullPolice="Always", ports="http"))
    assert (finding.check, finding.subject, finding.where) == ("object/invalid", "Deployment d", "components/d.py:7")
    assert finding.message == (
        f"Kubernetes {NEWEST}: "
        "/spec/template/spec/containers/0/ports: got string, want null or array; "
        "/spec/template/spec/containers/0: additional properties 'imagePullPolice' not allowed"
    )


@kubeconform
def test_a_custom_resource_is_held_against_the_crd_of_the_stack() -> None:
    crd = rendered(yaml.safe_load(WIDGETS), chart="widgets")
    (finding,) = found(crd, widget(sise=2))
    assert (finding.check, finding.where) == ("object/invalid", "metrics: chart widgets")
    assert finding.message.endswith("/spec: additional properties 'sise' not allowed")


@kubeconform
def test_a_kind_that_neither_kubernetes_nor_a_crd_defines_is_found_not_passed_over() -> None:
    (finding,) = found(widget())
    assert (finding.check, finding.subject) == ("object/unknown-api", "Widget w")
    assert finding.message == f"Kubernetes {NEWEST} has no example.org/v1 Widget, and no CRD of the stack defines it"


@kubeconform
def test_an_api_version_is_fine_until_kubernetes_removes_it() -> None:
    old = autoscaler("v2beta2")
    assert found(old, version="1.25") == []
    (finding,) = found(old)
    assert finding.check == "object/unknown-api"
    assert finding.suggestion == "autoscaling/v1, autoscaling/v2"


@kubeconform
def test_a_key_that_stands_twice_in_a_charts_text_is_found() -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  a: '1'\n  a: '2'\n"
    twice = RenderedObject(
        component="metrics", origin="x", api_version="v1", kind="ConfigMap", namespace="", name="c", text=text
    )
    (finding,) = found(twice)
    assert 'key "a" already set in map' in finding.message


def test_an_object_that_is_passed_over_is_an_error(tmp_path: Path) -> None:
    blind = tiny.program(tmp_path / "kubeconform", """echo '{"resources": [], "summary": {"valid": 1}}'""")
    with pytest.raises(KubeconformFailed, match="looked at 1 of 2 objects"):
        check_objects([deployment(), deployment()], NEWEST, blind)


def test_a_kubeconform_that_fails_itself_is_an_error_not_a_pass(tmp_path: Path) -> None:
    broken = tiny.program(tmp_path / "kubeconform", "echo 'no such flag' >&2; exit 1")
    with pytest.raises(KubeconformFailed, match="no such flag"):
        check_objects([deployment()], NEWEST, broken)
