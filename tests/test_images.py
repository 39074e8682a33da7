"""Every image comes from its own registry, or from the one that the settings name."""

from __future__ import annotations

import pytest
from rendered_stacks import rendered
from stacks import run

from components.images import global_image_registry, global_registry, image, repository
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


EVERYTHING: dict[str, object] = {
    "size": "large",
    "systems": {"kubernetes": {}, "nodes": {}},
    "traces": {"mode": "distributed", "kafka": {"address": "kafka.kafka.svc:9092"}},
    "exporters": {
        "statsd": {},
        "pushgateway": {},
        "blackbox": {},
        "redis": {"cache": {"address": "redis.cache:6379"}},
        "oracle": {"erp": {"connectString": "erp.example.com:1521/ERP", "existingSecret": "erp"}},
    },
}


@pytest.mark.charts
@pytest.mark.parametrize("config", [{}, EVERYTHING], ids=["production", "everything"])
def test_no_image_of_any_chart_comes_from_elsewhere(config: dict[str, object]) -> None:
    _, expansion = rendered("prod", {**config, "imageRegistry": MIRROR})
    assert len(expansion.images) > 10
    assert [found for found in expansion.images if not found.startswith(f"{MIRROR}/")] == []
    # What docker.io calls by one word is below library/ there, and in its mirrors.
    assert [found for found in expansion.images if "/" not in found.removeprefix(f"{MIRROR}/")] == []
