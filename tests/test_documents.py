"""Kubernetes YAML as text: identities without parsing, masked Secrets, and bytes that say what was meant."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from obs import documents, images

PRINTED = """\
---
# Source: a/templates/x.yaml
apiVersion: v1
data:
  metadata: |
    name: not-this
    ---
    kind: NotThis
kind: ConfigMap
metadata:
  annotations:
    name: nor-this
  labels: {name: nor-that}
  name: "first"   # quoted
---
# Source: a/templates/empty.yaml

--- # a comment
# Source: a/templates/y.yaml
{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "second", "namespace": "n"}}
---
metadata:
    name: third:role
    namespace: 'm'

kind: Role
apiVersion: rbac.authorization.k8s.io/v1
"""


def test_objects_are_named_from_the_text() -> None:
    found = [(d.api_version, d.kind, d.namespace, d.name) for d in documents.documents(PRINTED)]
    assert found == [
        ("v1", "ConfigMap", "", "first"),
        ("apps/v1", "Deployment", "n", "second"),
        ("rbac.authorization.k8s.io/v1", "Role", "m", "third:role"),
    ]


def test_the_text_stays_as_helm_printed_it() -> None:
    assert (
        "".join(f"---\n{d.text}" for d in documents.documents(PRINTED[: PRINTED.index("---\n# Source: a/templates/e")]))
        in PRINTED
    )


@pytest.mark.parametrize(
    "namespace", ["", "namespace:\n", "namespace: &n b\n", 'namespace: "b"\n', "namespace: >-\n    b\n"]
)
@pytest.mark.parametrize("name", ["name: a", "name: &a a", "name: |-\n    a", "'name': a", "name:   'a'"])
def test_a_name_in_an_unusual_form_is_parsed(name: str, namespace: str) -> None:
    text = f"kind: K\napiVersion: v1\nmetadata:\n  {name}\n" + (f"  {namespace}" if namespace else "")
    (document,) = documents.documents(text)
    assert (document.name, document.namespace) == ("a", "b" if "b" in namespace else "")


@pytest.mark.parametrize("text", ["a: 1\n", "just text\n", "kind: K\napiVersion: v1\nmetadata: {}\n", "- a\n"])
def test_a_document_that_is_no_object_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="not a Kubernetes object with apiVersion, kind and name"):
        documents.documents(text)


def test_the_data_of_secrets_is_masked_and_nothing_else() -> None:
    secret = "# Source: a/s.yaml\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\n"
    secret += "stringData: {a: hunter2}\ndata: {b: aHVudGVyMg==}\n"
    other = secret.replace("kind: Secret", "kind: ConfigMap").replace("{name: s}", "{name: c}")
    settled = documents.settled(f"---\n{secret}---\n{other}")
    masked, kept = documents.documents(settled)
    assert documents.load(masked.text) | {"metadata": None} == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": None,
        "stringData": {"a": "[secret]"},
        "data": {"b": "[secret]"},
    }
    assert masked.text.startswith("# Source: a/s.yaml\n")
    assert kept.text == other


def test_a_secret_that_is_masked_as_a_whole_stays_so() -> None:
    assert documents.masked({"kind": "Secret", "data": "[secret]"})["data"] == "[secret]"


def test_lists_are_taken_apart_and_their_secrets_masked() -> None:
    text = """\
# Source: a/list.yaml
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {x: "1"}}
- {apiVersion: v1, kind: Secret, metadata: {name: b}, data: {x: aHVudGVyMg==}}
"""
    settled = documents.settled(text)
    assert [(d.kind, d.name) for d in documents.documents(settled)] == [("ConfigMap", "a"), ("Secret", "b")]
    assert settled.count("# Source: a/list.yaml") == 2
    assert "aHVudGVyMg" not in settled


def test_settling_twice_changes_nothing() -> None:
    once = documents.settled(PRINTED)
    assert documents.settled(once) == once


def test_what_pyyaml_cannot_load_or_would_convert_is_text() -> None:
    loaded = documents.load("pattern: =\nenum:\n- =\n- '!='\nday: 2024-01-31\n")
    assert loaded == {"pattern": "=", "enum": ["=", "!="], "day": "2024-01-31"}


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=30)
LEAVES = (
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS | st.floats(allow_nan=False, allow_infinity=False)
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4), max_leaves=12
)


@given(VALUES)
def test_what_is_dumped_is_what_is_loaded(value: Any) -> None:
    text = documents.dump(value)
    assert documents.load(text) == value
    assert documents.dump(documents.load(text)) == text


@pytest.mark.parametrize(
    "text", ["1e3", "12e45", "0o17", ".5", "1.", "-7", "1_000", "yes", "0x1f", "null", "2024-01-31", "n", "Y"]
)
def test_a_text_that_other_readers_take_for_something_else_is_quoted(text: str) -> None:
    assert documents.dump({"a": text}).removeprefix("a: ")[0] in "'\""


def test_texts_of_several_lines_are_blocks_and_repeated_values_no_anchors() -> None:
    value = {"a": "one\ntwo\n"}
    assert documents.dump({"x": value, "z": value}) == "x:\n  a: |\n    one\n    two\nz:\n  a: |\n    one\n    two\n"


WORKLOAD = """
kind: Prometheus
spec:
  image: quay.io/p/prometheus:v3
  thanos: {image: quay.io/t/thanos:v0.4}
  containers: [{name: a, image: side:1}]
  initContainers: [{name: b, image: init:1, args: ["--x", "--config-reloader=wrong", "--log-level=info"]}]
  template:
    spec:
      containers:
      - image: op:1
        args: [--prometheus-config-reloader=quay.io/p/r:v1, --thanos-default-base-image=quay.io/t/thanos@sha256:1]
  other: {image: {repository: a}, imagePullPolicy: Always}
"""


def test_images_of_containers_operator_resources_and_arguments_are_found() -> None:
    assert images.may_have_images("Prometheus", WORKLOAD)
    assert images.images(yaml.safe_load(WORKLOAD)) == {
        "quay.io/p/prometheus:v3",
        "quay.io/t/thanos:v0.4",
        "side:1",
        "init:1",
        "op:1",
        "quay.io/p/r:v1",
        "quay.io/t/thanos@sha256:1",
    }


def test_texts_that_look_like_images_are_none() -> None:
    for kind in ("ConfigMap", "CustomResourceDefinition"):
        assert images.images({"kind": kind, "data": {"image": "a:1"}}) == set()
        assert not images.may_have_images(kind, "image: a:1")


@pytest.mark.parametrize(
    ("text", "landed"),
    [
        ("apiVersion: v1\nkind: Service\nmetadata:\n    name: a\n    labels: {b: c}\n", "watch"),
        ("apiVersion: v1\nkind: Service\nmetadata: {name: a}\n", "watch"),
        ("apiVersion: v1\nkind: Service\nmetadata:\n  name: a\n  namespace: elsewhere\n", "elsewhere"),
        ("apiVersion: v1\nkind: PersistentVolume\nmetadata:\n  name: a\n", ""),
    ],
    ids=["block", "flow", "stated", "of the cluster"],
)
def test_what_states_no_namespace_lands_in_that_of_its_release(text: str, landed: str) -> None:
    (document,) = documents.documents(text)
    within = document.within("watch")
    assert within.namespace == landed
    before, after = documents.load(text), documents.load(within.text)
    assert after["metadata"].get("namespace", "") == landed
    assert after["metadata"] | {"namespace": landed} == before["metadata"] | {"namespace": landed}
    (again,) = documents.documents(within.text)
    assert (again.namespace, again.name) == (landed, "a")
