"""Every image comes from its own registry, or from the one that the settings name."""

from __future__ import annotations

import pytest
from stacks import ROOT, run

from components.charts import CHARTS, archive_path
from components.images import global_image_registry, global_registry, image, repository
from obs.chart_archive import ChartError
from obs.helm import find
from obs.run import run_stack
from obs.stack_config import read_stack_config
from settings import Settings

MIRROR = "registry.example.com/mirror"


def settings(registry: str) -> Settings:
    found: Settings = run("dev", config={"imageRegistry": registry}).namespace["settings"]
    return found


def test_without_a_setting_images_come_from_their_own_registries() -> None:
    own = settings("")
    assert global_registry(own) == {}
    assert global_image_registry(own) == {}
    assert image(own, "quay.io", "thanos/thanos", "v0.42.4") == "quay.io/thanos/thanos:v0.42.4"


def test_a_mirror_keeps_the_path_and_drops_the_host() -> None:
    mirrored = settings(MIRROR)
    assert global_registry(mirrored)["global"] == {"imageRegistry": MIRROR}
    assert global_image_registry(mirrored)["global"] == {"image": {"registry": MIRROR}}
    assert repository(mirrored, "quay.io", "thanos/thanos") == f"{MIRROR}/thanos/thanos"


@pytest.mark.charts
@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_no_image_of_any_chart_comes_from_elsewhere(stack: str) -> None:
    if absent := [str(pin) for pin in CHARTS.values() if not archive_path(pin).is_file()]:
        pytest.skip(f"not in the chart cache: {', '.join(absent)}; run `obs charts pull`")
    try:
        find()
    except ChartError as error:
        pytest.skip(str(error))
    config = read_stack_config(ROOT, stack, config={"imageRegistry": MIRROR})
    images = run_stack(stack, ROOT, config=config).expanded(offline=True, build_helm=False).images
    assert images
    assert [found for found in images if not found.startswith(f"{MIRROR}/")] == []
