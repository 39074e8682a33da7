"""Schemas for kubeconform: Kubernetes' own in its layout, and those of CRDs made strict."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator

from obs.accept import schemas
from obs.accept.schemas import SchemasMissing, builtin_folder, crd_folder, crd_schemas, minor, served, strict

WIDGETS = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.org}
spec:
  group: example.org
  scope: Namespaced
  names: {kind: Widget, plural: widgets}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        required: [spec]
        properties:
          spec:
            type: object
            required: [size]
            properties:
              size: {type: integer, minimum: 1}
              anything: {type: object, x-kubernetes-preserve-unknown-fields: true}
              labels: {type: object, additionalProperties: {type: string}}
              hosts: {type: array, x-kubernetes-list-type: set, items: {type: string}}
              mode: {type: string, enum: [a, b], nullable: true}
              port: {x-kubernetes-int-or-string: true, anyOf: [{type: integer}, {type: string}]}
              template: {type: object, x-kubernetes-embedded-resource: true, properties: {spec: {type: object}}}
  - name: v1alpha1
    served: false
    storage: false
    schema: {openAPIV3Schema: {type: object}}
"""


@pytest.fixture
def widget(own_cache: None) -> Draft4Validator:  # noqa: ARG001 - the cache comes first
    folder = crd_folder([WIDGETS], "1.31")
    assert [p.relative_to(folder).as_posix() for p in folder.rglob("*.json")] == ["example.org/widget-v1.json"]
    return Draft4Validator(json.loads((folder / "example.org" / "widget-v1.json").read_text()))


def made(**spec: Any) -> dict[str, Any]:
    whole = {"size": 1, **spec}
    return {"apiVersion": "example.org/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": whole}


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"anything": {"a": {"b": 1}}},
        {"labels": {"any": "text"}},
        {"hosts": ["a", "b"]},
        {"mode": "a"},
        {"mode": None},
        {"port": 1},
        {"port": "http"},
        {"template": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {}}},
    ],
)
def test_what_a_crd_allows_is_valid(widget: Draft4Validator, spec: dict[str, Any]) -> None:
    assert [e.message for e in widget.iter_errors(made(**spec))] == []


@pytest.mark.parametrize(
    "spec",
    [
        {"sise": 2},
        {"size": 0},
        {"size": None},
        {"labels": {"any": 1}},
        {"hosts": ["a", "a"]},
        {"mode": "c"},
        {"template": {"speck": {}}},
        {"template": {"spec": {"a": 1}}},
    ],
)
def test_what_a_crd_refuses_or_would_drop_is_not_valid(widget: Draft4Validator, spec: dict[str, Any]) -> None:
    assert not widget.is_valid(made(**spec))


@pytest.mark.parametrize(
    "change", [{"apiVersion": "example.org/v2"}, {"kind": "Gadget"}, {"metadata": {"labels": {"a": 1}}}, {"more": 1}]
)
def test_the_rest_of_a_custom_resource_is_as_strict(widget: Draft4Validator, change: dict[str, Any]) -> None:
    assert not widget.is_valid({**made(), **change})


def test_a_version_that_is_not_served_has_no_schema() -> None:
    crd = {
        "spec": {
            "group": "g",
            "names": {"kind": "K"},
            "versions": [
                {"name": name, "served": name == "v1", "schema": {"openAPIV3Schema": {"type": "object"}}}
                for name in ("v1", "v2")
            ],
        }
    }
    assert list(crd_schemas(crd)) == ["g/k-v1.json"]


def test_a_schema_that_stands_as_a_field_called_description_stays() -> None:
    schema = {"type": "object", "description": "text", "properties": {"description": {"type": "string"}}}
    assert strict(schema) == {
        "type": "object",
        "properties": {"description": {"type": "string"}},
        "additionalProperties": False,
    }


@pytest.mark.usefixtures("own_cache")
def test_every_kind_of_a_kubernetes_version_is_one_file_that_needs_no_other() -> None:
    folder = builtin_folder("1.25") / "v1.25.0-standalone-strict"
    deployment = json.loads((folder / "deployment-apps-v1.json").read_text())
    good: dict[str, Any] = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "d"},
        "spec": {
            "selector": {},
            "template": {"spec": {"containers": [{"name": "c", "resources": {"limits": {"memory": "1Gi"}}}]}},
        },
    }
    validator = Draft4Validator(deployment)
    assert [e.message for e in validator.iter_errors(good)] == []
    good["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]["memory"] = "1Gigabyte"
    assert [list(e.path)[-1] for e in validator.iter_errors(good)] == ["memory"]
    assert (folder / "configmap-v1.json").is_file()
    assert "/api/" not in "".join(p.read_text() for p in folder.iterdir())


@pytest.mark.usefixtures("own_cache")
def test_an_api_version_that_was_removed_is_gone_from_the_newest_version() -> None:
    old, new = (builtin_folder(v) for v in ("1.25", schemas.versions()[-1]))
    assert served(old, "1.25", "HorizontalPodAutoscaler") == ["autoscaling/v1", "autoscaling/v2", "autoscaling/v2beta2"]
    assert served(new, schemas.versions()[-1], "HorizontalPodAutoscaler") == ["autoscaling/v1", "autoscaling/v2"]


@pytest.mark.usefixtures("own_cache")
def test_the_conversion_is_done_once_and_a_killed_one_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(schemas, "_write", stop)
        with pytest.raises(KeyboardInterrupt):
            builtin_folder("1.25")
    folder: Path = builtin_folder("1.25") / "v1.25.0-standalone-strict"
    assert not list(folder.parent.glob("*.part"))
    monkeypatch.setattr(schemas, "_write", stop)
    assert builtin_folder("1.25") == folder.parent


def test_the_range_of_versions_is_that_of_the_package_and_others_are_refused() -> None:
    assert schemas.versions()[0] == "1.25"
    assert [minor("1.31.4"), minor("1.31")] == ["1.31", "1.31"]
    with pytest.raises(SchemasMissing, match=r"no schemas of Kubernetes 1\.24; there are those of 1\.25, "):
        minor("1.24")
