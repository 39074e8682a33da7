"""The pins, and what each chart source means for a Pulumi chart resource."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from components import charts
from components.charts import CHARTS, ChartLocation, ChartPin, SourceKind, archive_path, cache_dir, chart_location

PIN = CHARTS["kube-prometheus-stack"]
FACTS = Path(__file__).resolve().parent.parent.parent / "shared" / "charts"
needs_facts = pytest.mark.skipif(not FACTS.is_dir(), reason="the folder ../shared/charts is not here")


@pytest.mark.parametrize("pin", CHARTS.values(), ids=str)
def test_every_pin_is_exact_and_published_at_two_places(pin: ChartPin) -> None:
    assert re.fullmatch(r"v?\d+\.\d+\.\d+", pin.version)
    assert pin.repository.startswith("https://")
    assert re.fullmatch(rf"oci://\S+/{pin.name}", pin.oci)
    assert CHARTS[pin.name] is pin


@needs_facts
@pytest.mark.parametrize("pin", CHARTS.values(), ids=str)
def test_the_floor_is_the_one_that_the_chart_states(pin: ChartPin) -> None:
    chart = yaml.safe_load((FACTS / f"{pin.name}-{pin.version}" / "Chart.yaml").read_text())
    stated = re.search(r"(?:>=|\^)\s*(\d+\.\d+)", chart.get("kubeVersion", ""))
    assert (stated and stated[1]) == pin.kubernetes_floor


@needs_facts
def test_the_operator_and_its_crds_are_of_one_release() -> None:
    pins = (CHARTS["kube-prometheus-stack"], CHARTS["prometheus-operator-crds"])
    files = (FACTS / f"{pin.name}-{pin.version}" / "Chart.yaml" for pin in pins)
    assert len({yaml.safe_load(file.read_text())["appVersion"] for file in files}) == 1


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("repositories", ChartLocation(PIN.name, PIN.version, PIN.repository)),
        ("oci://mirror.example/charts/", ChartLocation(f"oci://mirror.example/charts/{PIN.name}", PIN.version)),
        ("https://mirror.example/helm/", ChartLocation(PIN.name, PIN.version, "https://mirror.example/helm")),
        ("./charts", ChartLocation(f"charts/{PIN.name}-{PIN.version}.tgz", PIN.version)),
        ("/srv/charts", ChartLocation(f"/srv/charts/{PIN.name}-{PIN.version}.tgz", PIN.version)),
    ],
)
def test_a_source_says_where_pulumi_takes_the_chart_from(source: str, expected: ChartLocation) -> None:
    assert chart_location(PIN, source) == expected


def test_the_source_cache_is_the_archive_in_the_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OBS_CACHE_DIR", str(tmp_path))
    archive = tmp_path / "charts" / f"{PIN.name}-{PIN.version}.tgz"
    assert archive_path(PIN) == archive
    assert chart_location(PIN, "cache") == ChartLocation(str(archive), PIN.version)


@pytest.mark.parametrize("source", ["repository", "", "charts", "ftp://mirror.example/charts", "oci://", "https:///"])
def test_anything_else_is_refused_with_what_is_allowed(source: str) -> None:
    with pytest.raises(ValueError, match=r"chart source .* is not repositories, cache, oci://"):
        chart_location(PIN, source)


@pytest.mark.parametrize("source", ["https://robot:hunter2@mirror.example/helm", "oci://hunter2@mirror.example"])
def test_credentials_in_a_source_are_refused_and_not_repeated(source: str) -> None:
    with pytest.raises(ValueError, match="holds credentials") as refusal:
        chart_location(PIN, source)
    assert "hunter2" not in str(refusal.value)


def test_the_kinds_of_source_are_told_apart() -> None:
    sources = ("repositories", "cache", "oci://a/b", "https://a", "http://127.0.0.1:1", "./a", "/a", "..")
    kinds = [charts.source_kind(source) for source in sources]
    assert kinds == [*list(SourceKind)[:3], *[SourceKind.INDEX] * 2, *[SourceKind.DIRECTORY] * 3]


def test_the_cache_is_outside_the_checkout_unless_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("OBS_CACHE_DIR", raising=False)
    assert not cache_dir().is_relative_to(Path(charts.__file__).resolve().parent.parent)
    assert cache_dir().name == "dataops-observability"
    monkeypatch.setenv("OBS_CACHE_DIR", str(tmp_path / "mine"))
    assert cache_dir() == tmp_path / "mine"
