"""Every form that the settings can choose passes what the stacks pass, not the four stacks alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from cached_charts import needs_charts
from real_tools import needs
from rendered_stacks import rendered
from stacks import ROOT

from obs.accept import schemas
from obs.accept.run import accept
from obs.check.run import check_run
from obs.engine_yaml import ConfigError
from obs.variants import run_variant, variants

STACK, VARIANTS = variants(ROOT)
# upgrades/ records what is deployed of the stacks as they are.
_OF_THE_STACKS = "upgrade/"


@pytest.mark.charts
@needs_charts[1]
@pytest.mark.parametrize("variant", VARIANTS)
def test_a_form_that_may_be_chosen_has_no_finding(variant: str) -> None:
    run = run_variant(ROOT, variant)
    checked = check_run(run, run.expanded(offline=True, keep_going=True), ROOT)
    assert checked.skipped == ()
    found = [f"{f.check} {f.subject}: {f.message}" for f in checked.findings if not f.check.startswith(_OF_THE_STACKS)]
    assert found == []


@pytest.mark.charts
@needs_charts[1]
@needs("kubeconform")
@pytest.mark.parametrize("variant", VARIANTS)
def test_a_form_that_may_be_chosen_is_accepted(variant: str) -> None:
    """Object by object by the API, and file by file by the programs that are there."""
    version = "1.25" if variant.endswith("1.25") else schemas.versions()[-1]
    result = accept(STACK, ROOT, versions=[version], offline=True, config=VARIANTS[variant])
    assert [f.to_dict() for f in result.checked.findings] == []
    assert result.objects[version] > 60


@pytest.mark.charts
@needs_charts[1]
@pytest.mark.parametrize("form", ["another domain in DNS", "large"])
def test_every_name_is_of_the_domain_of_the_cluster(form: str) -> None:
    domain = {"cluster": VARIANTS["another domain in DNS"]["cluster"]}
    _, expansion = rendered(STACK, {**VARIANTS[form], **domain})
    texts = [one.text or str(one.manifest) for one in expansion.objects if one.kind != "CustomResourceDefinition"]
    assert not [line for text in texts for line in text.splitlines() if "cluster.local" in line]
    assert any("k8s.example.internal" in text for text in texts)


def test_a_project_without_variants_has_none(tmp_path: Path) -> None:
    assert variants(tmp_path) == ("", {})


@pytest.mark.parametrize("text", ["[]", "stack: prod", "stack: 1\nvariants: {}", "stack: prod\nvariants: {a: small}"])
def test_a_file_that_is_none_is_refused_by_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "variants.yaml").write_text(text)
    with pytest.raises(ConfigError, match=r"variants\.yaml: must be "):
        variants(tmp_path)
