"""What is derived about a chart's keys: from templates, comments, CRDs. (The check on top: test_check_chart_values.)"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

import pytest

from obs.chartkeys import ChartKeys
from obs.chartkeys.assemble import assemble
from obs.chartkeys.documented import documented
from obs.chartkeys.gotemplate import parse_template
from obs.chartkeys.source import ChartSource
from obs.chartkeys.syntax import TemplateSyntaxError
from obs.chartkeys.tree import KeyNode, find, known_keys
from obs.check.chart_values import check_chart_values

CRD = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.org}
spec:
  names:
    kind: Widget
  versions:
    - name: v1
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            metadata: {type: object}
            spec:
              type: object
              properties:
                size: {type: integer}
                port: {x-kubernetes-int-or-string: true}
                labels: {type: object, additionalProperties: {type: string}}
                zones: {type: object, additionalProperties: {type: object, properties: {size: {type: integer}}}}
                raw: {x-kubernetes-preserve-unknown-fields: true}
                store:
                  type: object
                  properties: {bucket: {type: string}, region: {type: string}}
                routes:
                  type: array
                  items: {type: object, properties: {host: {type: string}, weight: {type: integer}}}
"""


def keys_of(template: str, values: str = "", *, crds: tuple[str, ...] = (), helpers: str = "") -> ChartKeys:
    templates = {"templates/x.yaml": textwrap.dedent(template), "templates/_helpers.tpl": helpers}
    return assemble(
        [ChartSource((), "tiny", "1.0.0", textwrap.dedent(values), templates=templates, crds=crds)],
    )


def unknown(values: Mapping[str, object], keys: ChartKeys) -> list[str]:
    return [finding.subject.removeprefix("tiny: ") for finding in check_chart_values("tiny", values, keys, "here")]


# Each way of reading `.Values.box`: keys that are read (or not refused), keys that nothing reads.
READS = {
    "by name": ("{{ .Values.box.a }}", "a", "b"),
    "through the root": ("{{ range .Values.list }}{{ $.Values.box.a }}{{ end }}", "a", "b"),
    "by index": ('{{ index .Values "box" "a-b" }}', "a-b", "b"),
    "by get": ('{{ get .Values.box "a" }}', "a", "b"),
    "by dig": ('{{ dig "box" "a" "none" .Values }}', "a", "b"),
    "asked for": ('{{ if hasKey .Values.box "a" }}x{{ end }}', "a", "b"),
    "inside with": ("{{ with .Values.box }}{{ .a }}{{ end }}", "a", "b"),
    "inside else with": ("{{ if .Values.no }}x{{ else with .Values.box }}{{ .a }}{{ end }}", "a", "b"),
    "by variable": ("{{ $box := .Values.box | default dict }}{{ $box.a | quote }}", "a", "b"),
    "by variable set in a branch": ("{{ $b := dict }}{{ if 1 }}{{ $b = .Values.box }}{{ end }}{{ $b.a }}", "a", "b"),
    "in brackets": ("{{ ((.Values).box).a }}", "a", "b"),
    "through a define": ('{{ include "show" . }}', "deep", "b"),
    "through a define with a dict": ('{{ include "part" (dict "ctx" . "part" .Values.box) }}', "own", "b"),
    "through a merged map": ("{{ $m := merge (dict) .Values.box .Values.other }}{{ $m.a }}", "a", "b"),
    "through a map that set changed": ('{{ $m := dict }}{{ $_ := set $m "k" .Values.box }}{{ $m.k.a }}', "a", "b"),
    "under a computed constant": ('{{ range list "bo" }}{{ (index $.Values (printf "%sx" .)).a }}{{ end }}', "a", "b"),
    "with picked keys": ('{{ pick .Values.box "a" | toYaml }}', "a", "b"),
    "after parsing its own text": ("{{ $box := toYaml .Values.box | fromYaml }}{{ $box.a }}", "a", "b"),
    "in a comment only": ("{{/* .Values.box.b }} */}}{{ .Values.box.a }}", "a", "b"),
    "inside a raw string": ("{{ tpl `{{ .Values.box.b }}` . }}{{ .Values.box.a }}", "a", "b"),
}


@pytest.mark.parametrize("way", READS)
def test_a_key_that_a_template_reads_is_known_and_its_neighbour_is_not(way: str) -> None:
    template, read, unread = READS[way]
    helpers = '{{ define "show" }}{{ .Values.box.deep }}{{ end }}{{ define "part" }}{{ .part.own }}{{ end }}'
    keys = keys_of(template, "box: {}\nlist: []\nother: {}\nno: false\n", helpers=helpers)
    assert unknown({"box": {read: None}}, keys) == []
    assert unknown({"box": {unread: None}}, keys) == [f"box.{unread}"]


WHOLE = {
    "printed": "{{ toYaml .Values.box }}",
    "printed later": "{{ $text := .Values.box | toYaml | indent 2 }}{{ if true }}{{ $text }}{{ end }}",
    "as part of a built map": '{{ dict "x" (list .Values.box) | toJson }}',
    "inside a define": '{{ include "all" .Values.box }}',
    "gone through by name": "{{ range $name, $value := .Values.box }}{{ $name }}={{ $value }}{{ end }}",
    "looked up by a computed name": "{{ range .Values.names }}{{ index $.Values.box . }}{{ end }}",
    "given to a define that is not there": '{{ include "library.thing" .Values.box }}',
    "given to an unknown function": "{{ frobnicate .Values.box }}",
}


@pytest.mark.parametrize("way", WHOLE)
def test_a_map_that_is_used_whole_accepts_any_key(way: str) -> None:
    helpers = '{{ define "all" }}{{ . | toYaml | nindent 4 }}{{ end }}'
    keys = keys_of(WHOLE[way] + "{{ .Values.box.a }}", "box: {}\nnames: []\n", helpers=helpers)
    assert unknown({"box": {"anything": {"below": 1}}}, keys) == []


def test_a_digest_or_a_comparison_is_no_use_of_a_map() -> None:
    keys = keys_of("{{ toYaml .Values.box | sha256sum }}{{ eq (toJson .Values.box) 1 }}{{ .Values.box.a }}", "box: {}")
    assert unknown({"box": {"b": 1}}, keys) == ["box.b"]


def test_keys_left_out_of_a_whole_use_are_judged_by_their_own_uses() -> None:
    keys = keys_of(
        '{{ omit .Values.box "store" | toYaml }}{{ (.Values.box.store).existing.name }}',
        "box: {}",
    )
    assert unknown({"box": {"free": 1, "store": {"existing": {"name": "x"}}}}, keys) == []
    assert unknown({"box": {"store": {"name": "x"}}}, keys) == ["box.store.name"]


def test_keys_left_out_in_one_place_and_used_whole_in_another_are_open() -> None:
    template = '{{ range .Values.boxes }}{{ omit . "store" | toYaml }}{{ end }}{{ toYaml .Values.boxes.one }}'
    keys = keys_of(template + "{{ range .Values.boxes }}{{ .store.name }}{{ end }}", "boxes: {one: {}, two: {}}")
    assert unknown({"boxes": {"one": {"store": {"x": 1}}, "two": {"store": {"x": 1}, "y": 1}}}, keys) == [
        "boxes.two.store.x"
    ]


def test_what_a_loop_reads_holds_for_every_item_and_nothing_else_does() -> None:
    keys = keys_of("{{ range .Values.hosts }}{{ .name }}{{ range .paths }}{{ .path }}{{ end }}{{ end }}", "hosts: []")
    assert unknown({"hosts": [{"name": "a", "paths": [{"path": "/"}]}]}, keys) == []
    assert unknown({"hosts": [{"name": "a"}, {"nam": "b", "paths": [{"pth": "/"}]}]}, keys) == [
        "hosts[1].nam",
        "hosts[1].paths[0].pth",
    ]


def test_keys_of_a_default_item_are_known_beside_those_that_the_loop_reads() -> None:
    keys = keys_of("{{ range .Values.hosts }}{{ .port }}{{ end }}", "hosts: [{name: a}]")
    assert unknown({"hosts": [{"name": "b", "port": 1, "prt": 1}]}, keys) == ["hosts[0].prt"]


def test_a_map_with_free_names_checks_what_stands_under_each_name() -> None:
    keys = keys_of(
        "{{ range $name, $port := .Values.ports }}{{ $port.number }}{{ end }}", "ports: {http: {enabled: true}}"
    )
    assert unknown({"ports": {"http": {"number": 1, "enabled": False}, "grpc": {"number": 2}}}, keys) == []
    assert unknown({"ports": {"http": {"numbr": 1}, "grpc": {"numbr": 2}}}, keys) == [
        "ports.http.numbr",
        "ports.grpc.numbr",
    ]


def test_a_default_text_that_is_a_template_itself_counts_as_one() -> None:
    keys = keys_of("{{ tpl .Values.config . }}", "config: |\n  url: {{ .Values.box.url }}\nbox: {}\n")
    assert unknown({"box": {"url": 1, "uri": 2}}, keys) == ["box.uri"]


def test_a_text_that_is_no_template_still_opens_what_it_names() -> None:
    keys = keys_of("{{ if .Values.box.a }}unclosed", "box: {a: {x: 1}}")
    assert unknown({"box": {"a": {"b": 1}, "c": 1}}, keys) == ["box.c"]


@pytest.mark.parametrize(
    "text",
    ["{{ if .a }}", "{{ end }}", "{{ (.a }}", "{{ .a ) }}", "{{ define .x }}{{ end }}", "{{ a ~ b }}", "{{ $x := }}"],
)
def test_text_against_the_grammar_is_refused(text: str) -> None:
    with pytest.raises(TemplateSyntaxError):
        parse_template(text)


# Ways to write a value out into a field of a Widget: the template, the value under `.Values.w`, what is refused.
FIELDS: dict[str, tuple[str, object, list[str]]] = {
    "below a key": (
        "spec:\n  store:\n{{ toYaml .Values.w | indent 4 }}",
        {"bucket": 1, "buckt": 2},
        ["w.buckt"],
    ),
    "inside with": (
        "spec:\n  {{- with .Values.w }}\n  store:\n    {{- tpl (toYaml .) $ | nindent 4 }}\n  {{- end }}",
        {"region": 1, "regoin": 2},
        ["w.regoin"],
    ),
    "beside other keys": ("spec:\n  size: 1\n{{ toYaml .Values.w | indent 2 }}", {"store": {}, "stor": {}}, ["w.stor"]),
    "after a field that an action fills": (
        "spec:\n  size: {{ .Values.n }}\n{{ toYaml .Values.w | indent 2 }}",
        {"size": 1, "siz": 2},
        ["w.siz"],
    ),
    "after a list that an action writes": (
        "spec:\n  routes:\n{{ toYaml .Values.n | indent 4 }}\n{{ toYaml .Values.w | indent 2 }}",
        {"size": 1, "siz": 2},
        ["w.siz"],
    ),
    "on the same line": ("spec:\n  store: {{ toJson .Values.w }}", {"buckt": 2}, ["w.buckt"]),
    "as items": ("spec:\n  routes:\n{{ toYaml .Values.w | indent 4 }}", [{"host": 1}, {"hots": 1}], ["w[1].hots"]),
    "as items at the column of their key": (
        "spec:\n  routes:\n{{ toYaml .Values.w | indent 2 }}",
        [{"hots": 1}],
        ["w[0].hots"],
    ),
    "as one item": ("spec:\n  routes:\n  - {{ toYaml .Values.w | nindent 4 | trim }}", {"hots": 1}, ["w.hots"]),
    "in a list of objects": (
        "kind: List\nitems:\n- kind: Widget\n  spec:\n    store:\n      {{- toYaml .Values.w | nindent 6 }}",
        {"buckt": 1},
        ["w.buckt"],
    ),
    "with free names": ("spec:\n  labels:\n{{ toYaml .Values.w | indent 4 }}", {"any": "x"}, []),
    "with free names for maps": (
        "spec:\n  zones:\n{{ toYaml .Values.w | indent 4 }}",
        {"any": {"size": 1}, "other": {"siz": 1}},
        ["w.other.siz"],
    ),
    "into a field without a schema": ("spec:\n  raw:\n{{ toYaml .Values.w | indent 4 }}", {"any": {"x": 1}}, []),
    "into another document": (
        "spec: {}\n---\nkind: {{ .Values.n }}\nspec:\n  store:\n{{ toYaml .Values.w | indent 4 }}",
        {"any": "x"},
        [],
    ),
    "after items at the column of their key, which may end the list": (
        "spec:\n  routes:\n  - host: a\n{{ toYaml .Values.w | indent 2 }}",
        {"any": "x"},
        [],
    ),
    "of another type": ("spec:\n  store:\n{{ toYaml .Values.w | indent 4 }}", ["bucket"], ["w"]),
    "of a type that is neither a number nor a name": ("spec:\n  port: {{ toYaml .Values.w }}", {"a": 1}, ["w"]),
    "of a type that means a number or a name": ("spec:\n  port: {{ toYaml .Values.w }}", "http", []),
    "switched off by the chart's own kind of default": (
        "spec:\n  store:\n{{ toYaml .Values.flag | indent 4 }}",
        {},
        [],
    ),
}


@pytest.mark.parametrize("way", FIELDS)
def test_a_value_written_into_a_custom_resource_is_held_against_its_crd(way: str) -> None:
    template, value, refused = FIELDS[way]
    head = "" if template.startswith("kind") else "kind: Widget\n"
    keys = keys_of(head + template, "w: null\nn: 1\nflag: false\n", crds=(CRD,))
    assert unknown({"w": value, "flag": False}, keys) == refused


def test_a_field_is_open_when_one_of_the_kinds_has_no_crd() -> None:
    kinds = "{{ if .Values.n }}\nkind: Widget\n{{ else }}\nkind: Gadget\n{{ end }}"
    template = kinds + "spec:\n  store:\n{{ toYaml .Values.w | indent 4 }}"
    assert unknown({"w": {"buckt": 1}}, keys_of(template, "w: {}\nn: 1\n", crds=(CRD,))) == []


COMMENTED = """
# -- Words: this is prose, not a key of this kind
replicas: 1
box:
  set: 1
  # optional: 5
  #nested:
  #  inner: 1
  #  # twice: 2
  other: |
    # quoted: not a comment
items: []
# - name: one
#   image:
#     tag: x
empty: {}
  # below: 1
last: 1
"""


def node_at(tree: KeyNode, *path: str) -> list[str]:
    return sorted((find(tree, path) or {}).get("keys", {}))


def test_commented_out_keys_are_found_at_their_indentation() -> None:
    tree = documented(COMMENTED)
    assert node_at(tree, "box") == ["nested", "optional", "other", "set"]
    assert node_at(tree, "box", "nested", "inner") == node_at(tree, "box", "other") == []
    assert node_at(tree, "box", "nested") == ["inner", "twice"]
    assert node_at(tree, "items", "[]") == ["image", "name"]
    assert node_at(tree, "items", "[]", "image") == ["tag"]
    assert node_at(tree, "empty") == ["below"]


def test_commented_out_keys_are_accepted_but_close_nothing() -> None:
    keys = assemble([ChartSource((), "tiny", "", COMMENTED)])
    assert known_keys(keys.tree["keys"]["box"]) == ["set", "other"]
    assert unknown({"box": {"optional": 1, "nested": {"inner": 1}}, "empty": {"below": 1, "free": 2}}, keys) == []
    assert unknown({"box": {"optonal": 1}}, keys) == ["box.optonal"]
