"""Where images come from: their own registries, or the one that the setting ``imageRegistry`` names instead.

A mirror keeps the path and drops the host: quay.io/thanos/thanos is REGISTRY/thanos/thanos. Charts ask in three
ways, so there are three functions; a fourth is for containers of our own. The check ``image/registry``
proves on the rendered charts that no image is taken from elsewhere.
"""

from __future__ import annotations

from typing import Any

from settings import Settings

Values = dict[str, Any]


def global_registry(settings: Settings) -> Values:
    """For charts that read ``global.imageRegistry``; empty without a setting.

    kube-prometheus-stack (its subcharts and the operator's arguments too), loki, tempo, blackbox exporter.
    """
    return {"global": {"imageRegistry": settings.image_registry}} if settings.image_registry else {}


def global_image_registry(settings: Settings) -> Values:
    """For charts that read ``global.image.registry`` (alloy, tempo-distributed); empty without a setting."""
    return {"global": {"image": {"registry": settings.image_registry}}} if settings.image_registry else {}


def repository(settings: Settings, registry: str, path: str) -> str:
    """For charts whose ``image.repository`` holds the registry as well: the repository, without a tag.

    thanos, opentelemetry-collector, statsd and redis exporter, and the pushgateway, which has quay.io in it.
    ``registry`` is where the image is at home, such as docker.io; ``path`` what follows it.
    """
    return f"{settings.image_registry or registry}/{path}"


def image(settings: Settings, registry: str, path: str, tag: str) -> str:
    """A whole reference, for a container that no chart makes. ``tag`` may carry a digest: v1.2@sha256:…"""
    return f"{repository(settings, registry, path)}:{tag}"
