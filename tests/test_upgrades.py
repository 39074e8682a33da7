"""An upgrade that replaces what holds data is found, unless it is allowed by name."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from stacks import ROOT
from wired_stack import rendered

from obs.check.finding import Finding
from obs.check.upgrades import check_upgrades
from obs.upgrades import Record, UpgradeError, read, refused, snapshot, write

STORE = "StatefulSet monitoring/store"
CLAIM = "PersistentVolumeClaim monitoring/web"
SERVER = "Prometheus monitoring/main"
WEB = "Deployment monitoring/web"
SAMPLES = ROOT / "tests" / "upgrades"
DEPLOYED = (SAMPLES / "deployed.yaml").read_text()
REPLACING = yaml.safe_load((SAMPLES / "replacing.yaml").read_text())


def recorded() -> Record:
    return snapshot(rendered(DEPLOYED))


def check(text: str, *allowed: str, record: Record | None = None) -> list[Finding]:
    known = recorded() if record is None else record
    found = check_upgrades(
        rendered(text), known, allowed, stack="prod", file="upgrades/prod.yaml", settings="Pulumi.prod.yaml"
    )
    return list(found)


def changed(old: str, new: str) -> str:
    assert DEPLOYED.count(old) == 1, old
    return DEPLOYED.replace(old, new)


def test_what_holds_data_is_recorded_by_the_fields_that_replace_it() -> None:
    record = recorded()
    assert {name: sorted(fields) for name, fields in record.items()} == {
        STORE: ["podManagementPolicy", "revisionHistoryLimit", "selector", "serviceName", "volumeClaimTemplates"],
        CLAIM: ["accessModes", "storageClassName"],
        WEB: ["selector"],
        SERVER: ["storage"],
    }
    assert record[STORE]["podManagementPolicy"] == "Parallel"


def test_an_upgrade_that_replaces_nothing_has_no_finding() -> None:
    assert check(DEPLOYED) == []
    assert check(changed("replicas: 3", "replicas: 5")) == []
    assert check(changed("requests: {storage: 1Gi}", "requests: {storage: 2Gi}")) == []  # a claim grows in place


@pytest.mark.parametrize("name", REPLACING)
def test_a_change_that_replaces_is_found_with_what_happens_to_the_data(name: str) -> None:
    case = REPLACING[name]
    (found,) = check(changed(case["old"], case["new"]))
    assert (found.check, found.subject, found.where) == ("upgrade/replace", case["object"], "parts.py:1")
    assert case["change"] in found.message
    assert case["consequence"] in found.message
    assert f"{case['object']!r} to allowReplacements" in found.message


@pytest.mark.parametrize("name", REPLACING)
def test_a_replacement_that_is_allowed_by_name_is_not_found(name: str) -> None:
    case = REPLACING[name]
    assert check(changed(case["old"], case["new"]), case["object"]) == []


def test_an_object_that_goes_is_a_replacement_and_one_that_comes_is_not_recorded() -> None:
    found = {f.check: f for f in check(changed("metadata: {name: main}", "metadata: {name: other}"))}
    assert found.keys() == {"upgrade/replace", "upgrade/unrecorded"}
    assert found["upgrade/replace"].subject == SERVER
    assert found["upgrade/replace"].where == "upgrades/prod.yaml"
    assert "its claims stay behind" in found["upgrade/replace"].message
    assert found["upgrade/unrecorded"].subject == "Prometheus monitoring/other"
    assert "obs upgrades accept prod" in found["upgrade/unrecorded"].message


def test_an_allowance_for_nothing_is_found() -> None:
    (found,) = check(DEPLOYED, STORE)
    assert (found.check, found.where) == ("upgrade/unused-allowance", "Pulumi.prod.yaml")
    assert STORE in found.message


def test_without_a_record_that_is_the_one_finding() -> None:
    found = list(check_upgrades(rendered(DEPLOYED), None, (), stack="prod", file="upgrades/prod.yaml", settings="x"))
    assert [(f.check, f.subject, f.where) for f in found] == [
        ("upgrade/unrecorded", "stack prod", "upgrades/prod.yaml")
    ]


def test_a_record_is_written_sorted_and_read_back(tmp_path: Path) -> None:
    file = tmp_path / "upgrades" / "prod.yaml"
    write(file, "prod", recorded())
    assert read(file) == recorded()
    assert file.read_text().startswith(
        "# What stack prod deploys that holds data. Written by: obs upgrades accept prod\n"
    )
    assert read(tmp_path / "none.yaml") is None


@pytest.mark.parametrize("text", ["[", "- a", "StatefulSet a/b: 3"])
def test_a_record_that_is_none_is_refused_by_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "prod.yaml").write_text(text)
    with pytest.raises(UpgradeError, match=r"prod\.yaml: must be an object"):
        read(tmp_path / "prod.yaml")


def test_a_record_forgets_only_what_was_allowed() -> None:
    after = snapshot(rendered(changed("storage: 10Gi", "storage: 20Gi")))
    assert refused(recorded(), after, ()) == [STORE]
    assert refused(recorded(), after, (STORE,)) == []
    assert refused(None, after, ()) == []
