"""Chart values against what the chart reads, on small charts. (The pinned ones: test_pinned_chart_values.)"""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from chart_samples import CHILD, DEPENDENCY, VALUES, findings, keys, subjects

from obs.check.finding import Finding


def test_the_charts_own_values_are_fine(tmp_path: Path) -> None:
    assert findings(yaml.safe_load(VALUES), keys(tmp_path)) == []


def test_an_unknown_key_names_chart_path_nearest_key_and_what_is_allowed(tmp_path: Path) -> None:
    (finding,) = findings({"image": {"repositry": "x"}}, keys(tmp_path))
    assert finding == Finding(
        check="chart/unknown-key",
        subject="tiny: image.repositry",
        where="Pulumi.prod.yaml:7",
        message="nothing in tiny 1.2.3 reads image.repositry: it would be ignored silently. Did you mean repository? "
        "Known under image: pullPolicy, repository, tag",
        suggestion="repository",
    )


def test_a_key_in_the_wrong_place_is_pointed_to_the_right_one(tmp_path: Path) -> None:
    known = keys(tmp_path)
    assert [f.suggestion for f in findings({"pullPolicy": "Never"}, known)] == ["image.pullPolicy"]
    assert [f.suggestion for f in findings({"image": {"replicas": 2}}, known)] == ["replicas"]
    assert [f.suggestion for f in findings({"REPLICAS": 2}, known)] == ["replicas"]


def test_long_lists_of_known_keys_are_cut_to_those_most_alike(tmp_path: Path) -> None:
    many = "many: {" + ", ".join(f"key{number}: 1" for number in range(40)) + ", unlike: 1}"
    (finding,) = findings({"many": {"key7x": 1}}, keys(tmp_path, {"values.yaml": many}))
    assert "key7," in finding.message
    assert "(41 keys)" in finding.message
    assert "unlike" not in finding.message


def test_the_flat_object_storage_form_that_charts_dropped_is_found(tmp_path: Path) -> None:
    known = keys(tmp_path)
    flat = findings({"thanos": {"version": "v1", "objectStorageConfig": {"name": "bucket"}}}, known)
    assert [f.suggestion for f in flat] == ["thanos.objectStorageConfig.existingSecret.name"]
    nested = {"thanos": {"version": "v1", "objectStorageConfig": {"existingSecret": {"name": "bucket"}}}}
    assert findings(nested, known) == []


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"image": "nginx"}, "a map at image, but a single value is given. Keys there: pullPolicy, repository, tag"),
        ({"image": ["nginx"]}, "a map at image, but a list is given. Keys there: pullPolicy, repository, tag"),
        ({"replicas": {"min": 1}}, "a single value at replicas, but a map is given"),
        ({"hosts": {"a": 1}}, "a list at hosts, but a map is given"),
    ],
)
def test_a_value_of_another_type_is_found(tmp_path: Path, values: dict[str, object], expected: str) -> None:
    (finding,) = findings(values, keys(tmp_path))
    assert (finding.check, finding.message) == ("chart/wrong-type", f"tiny 1.2.3 has {expected}")


def test_a_value_whose_type_the_templates_ask_for_may_have_any(tmp_path: Path) -> None:
    known = keys(tmp_path, {"templates/more.yaml": '{{ if kindIs "map" .Values.hosts }}{{ end }}'})
    assert findings({"hosts": {"a": 1}}, known) == []


def test_null_removes_a_default_of_any_type_but_must_name_a_known_key(tmp_path: Path) -> None:
    known = keys(tmp_path)
    assert findings({"image": None, "replicas": None, "hosts": None}, known) == []
    assert subjects({"imag": None}, known) == ["imag"]


def test_values_are_accepted_that_other_values_name_in_a_template(tmp_path: Path) -> None:
    text = "{{ .Values.global.domain.name }}"
    assert subjects({"global": {"domain": {"name": "x"}}, "settings": {"level": text}}, keys(tmp_path)) == []
    assert subjects({"global": {"domain": {"name": "x"}}}, keys(tmp_path)) == ["global.domain"]


def test_a_bundled_chart_knows_its_own_keys_those_of_its_parent_and_global(tmp_path: Path) -> None:
    known = keys(
        tmp_path,
        {**CHILD, "values.yaml": VALUES + "child: {fromParent: 1}\nglobal: {zone: a}\n"},
        dependencies=[DEPENDENCY],
    )
    good = {"port": 1, "extra": {"flag": 1}, "fromParent": 2, "sidecar": {"enabled": True}}
    assert findings({"child": good, "childEnabled": True, "global": {"registry": "a", "domain": "b"}}, known) == []
    assert findings({"child": {"global": {"registry": "a"}}, "global": {"zone": "b", "tier": "c"}}, known) == []
    bad = {"child": {"prt": 1, "sidecar": {"enable": True}}, "port": 1, "global": {"domian": "b"}}
    assert subjects(bad, known) == ["child.prt", "child.sidecar.enable", "port", "global.domian"]


def test_a_bundled_chart_with_an_alias_is_known_by_the_alias(tmp_path: Path) -> None:
    known = keys(tmp_path, CHILD, dependencies=[{**DEPENDENCY, "alias": "proxy"}])
    assert subjects({"proxy": {"port": 1, "prt": 1}, "child": {"port": 1}}, known) == ["proxy.prt", "child"]
