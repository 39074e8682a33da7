"""What scraping adds to a series."""

from __future__ import annotations

import pytest

from model.scrape import METRICS_PATH, Endpoint, Relabeling, Scrape, ScrapeKind


def scrape(kind: ScrapeKind, *endpoints: Endpoint, of_nodes: bool = False) -> Scrape:
    return Scrape(name="x", kind=kind, selector={"app": "x"}, job="x", endpoints=endpoints, of_nodes=of_nodes)


def test_only_a_service_gives_the_label_service_and_only_nodes_the_label_node() -> None:
    endpoint = Endpoint(port="http", contract="c")
    pods = scrape(ScrapeKind.POD_MONITOR, endpoint).target_labels(endpoint)
    services = scrape(ScrapeKind.SERVICE_MONITOR, endpoint).target_labels(endpoint)
    nodes = scrape(ScrapeKind.PART, endpoint, of_nodes=True).target_labels(endpoint)
    assert ("service" in pods, "service" in services, "service" in nodes) == (False, True, True)
    assert ("node" in pods, "node" in services, "node" in nodes) == (False, False, True)
    assert ("pod" in pods, "pod" in services, "pod" in nodes) == (True, True, False)
    assert all("cluster" in labels for labels in (pods, services, nodes))


def test_a_relabeling_adds_its_target_label() -> None:
    endpoint = Endpoint(port="http", contract="c", relabelings=(Relabeling(target_label="dag_id"),))
    assert "dag_id" in scrape(ScrapeKind.POD_MONITOR, endpoint).target_labels(endpoint)


def test_two_endpoints_on_one_port_must_be_told_apart() -> None:
    first, second = (Endpoint(port="http", contract="c", path=path) for path in ("/a", "/b"))
    with pytest.raises(ValueError, match="share a port"):
        scrape(ScrapeKind.POD_MONITOR, first, second)
    told = (Endpoint(port="http", contract="c", path=p, relabelings=(METRICS_PATH,)) for p in ("/a", "/b"))
    assert scrape(ScrapeKind.POD_MONITOR, *told).endpoints
