"""Generated configurations are turned to this machine, and whatever would leave it is refused."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest

from obs.local import loopback
from obs.local.state import LocalError

SIMULATOR = "127.0.0.1:4000"
KUBECONFIG = "/run/kubeconfig"
GENERATED: dict[str, Any] = {
    "global": {"scrape_interval": "30s", "external_labels": {"cluster": "local"}},
    "rule_files": ["/etc/prometheus/rules/rules-0/*.yaml"],
    "scrape_configs": [
        {
            "job_name": "serviceMonitor/monitoring/kubelet/0",
            "scheme": "https",
            "tls_config": {"insecure_skip_verify": True},
            "authorization": {"credentials_file": "/var/run/secrets/kubernetes.io/serviceaccount/token"},
            "kubernetes_sd_configs": [{"role": "endpoints", "namespaces": {"names": ["kube-system"]}}],
            "relabel_configs": [{"source_labels": ["__meta_kubernetes_pod_name"], "target_label": "pod"}],
        }
    ],
    "alerting": {
        "alertmanagers": [
            {"path_prefix": "/", "scheme": "http", "kubernetes_sd_configs": [{"role": "endpoints"}]},
        ]
    },
}


def turned(config: dict[str, Any] | None = None) -> dict[str, Any]:
    return loopback.prometheus(
        copy.deepcopy(config or GENERATED),
        kubeconfig=KUBECONFIG,
        simulator=SIMULATOR,
    )


def relabeled(steps: list[dict[str, Any]], labels: dict[str, str]) -> dict[str, str] | None:
    """What Prometheus' relabeling makes of labels, for the actions replace and keep (model/relabel)."""
    labels = dict(labels)
    for step in steps:
        joined = step.get("separator", ";").join(labels.get(name, "") for name in step.get("source_labels", ()))
        match = re.fullmatch(step.get("regex", "(.*)"), joined)
        if step.get("action", "replace") == "keep":
            if match is None:
                return None
        elif match is not None:
            replacement = re.sub(r"\$(\d)", r"\\\1", step.get("replacement", "$1"))
            labels[step["target_label"]] = match.expand(replacement)
    return labels


def test_a_target_is_fetched_from_the_simulator_under_its_own_address() -> None:
    steps = turned()["scrape_configs"][0]["relabel_configs"]
    target = relabeled(steps, {"__address__": "10.0.0.1:10250", "__metrics_path__": "/metrics/cadvisor"})
    assert target is not None
    assert target["__address__"] == SIMULATOR
    assert target["__metrics_path__"] == "/10.0.0.1:10250/metrics/cadvisor"
    assert target["__scheme__"] == "http"
    assert target["instance"] == "10.0.0.1:10250"


def test_an_instance_that_a_monitor_sets_stays() -> None:
    steps = turned()["scrape_configs"][0]["relabel_configs"]
    target = relabeled(steps, {"__address__": "10.0.0.1:80", "__metrics_path__": "/metrics", "instance": "mine"})
    assert target is not None
    assert target["instance"] == "mine"


def test_credentials_and_tls_of_the_cluster_are_gone() -> None:
    scrape = turned()["scrape_configs"][0]
    assert not {"tls_config", "authorization"} & scrape.keys()
    assert scrape["kubernetes_sd_configs"][0]["kubeconfig_file"] == "/run/kubeconfig"


def test_alerts_go_the_same_way() -> None:
    steps = turned()["alerting"]["alertmanagers"][0]["relabel_configs"]
    target = relabeled(steps, {"__address__": "10.244.0.5:9093", "__alerts_path__": "/api/v2/alerts"})
    assert target is not None
    assert target["__address__"] == SIMULATOR
    assert target["__alerts_path__"] == "/10.244.0.5:9093/api/v2/alerts"


def test_what_was_turned_passes_the_check_and_what_was_generated_does_not() -> None:
    loopback.check_prometheus(turned(), KUBECONFIG)
    with pytest.raises(LocalError, match="scrape config serviceMonitor/monitoring/kubelet/0: targets keep their own"):
        loopback.check_prometheus(copy.deepcopy(GENERATED), KUBECONFIG)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c["scrape_configs"][0].update(dns_sd_configs=[{"names": ["x.example"]}]), "dns_sd_configs asks"),
        (lambda c: c["scrape_configs"][0].update(proxy_url="http://proxy.example:1"), "proxy_url is proxy.example"),
        (lambda c: c["scrape_configs"][0].update(proxy_from_environment=True), "proxy_from_environment leads"),
        (
            lambda c: c["scrape_configs"][0].update(oauth2={"token_url": "https://login.example/token"}),
            "token_url is login.example",
        ),
        (
            lambda c: c["scrape_configs"][0]["kubernetes_sd_configs"][0].update(kubeconfig_file="/home/u/.kube/config"),
            "does not use the local kubeconfig",
        ),
        (lambda c: c.update(scrape_config_files=["more.yaml"]), "scrape_config_files names files"),
        (
            lambda c: c["scrape_configs"][0]["relabel_configs"].append(
                {"source_labels": ["x"], "regex": "(.+)", "target_label": "__${1}__"}
            ),
            "targets keep their own address",
        ),
        (lambda c: c["scrape_configs"][0]["relabel_configs"].pop(), "targets keep their own address"),
        (
            lambda c: c["scrape_configs"][0]["relabel_configs"].append(
                {"source_labels": ["__meta_x"], "target_label": "__address__"}
            ),
            "targets keep their own address",
        ),
        (
            lambda c: c["scrape_configs"][0]["relabel_configs"].append({"action": "labelmap", "regex": "x_(.+)"}),
            "targets keep their own address",
        ),
        (
            lambda c: c["scrape_configs"][0]["relabel_configs"].append(
                {"regex": "never", "target_label": "__address__", "replacement": "127.0.0.1:1"}
            ),
            "targets keep their own address",
        ),
        (lambda c: c["alerting"]["alertmanagers"][0]["relabel_configs"].pop(), "alertmanager config 0: targets keep"),
        (lambda c: c.update(remote_write=[{"url": "https://thanos.example/api"}]), "url is thanos.example"),
        (lambda c: c.update(tracing={"endpoint": "otel.example:4317"}), "endpoint is otel.example"),
        (
            lambda c: c["scrape_configs"][0]["kubernetes_sd_configs"][0].pop("kubeconfig_file"),
            "does not use the local kubeconfig",
        ),
    ],
)
def test_whatever_would_leave_the_machine_is_refused(change: Any, message: str) -> None:
    config = turned()
    change(config)
    with pytest.raises(LocalError, match=message):
        loopback.check_prometheus(config, KUBECONFIG)


def test_a_remote_write_to_this_machine_is_fine() -> None:
    remote = [{"url": "http://127.0.0.1:10908/api/v1/receive"}]
    loopback.check_prometheus({**turned(), "remote_write": remote}, KUBECONFIG)


FILES = {
    "/secrets/here": "http://127.0.0.1:4000/sink/pager\n",
    "/secrets/there": "https://hooks.example/T0/secret-part",
}


def routing(**integration: str) -> dict[str, Any]:
    return {"route": {"receiver": "pager"}, "receivers": [{"name": "pager", "webhook_configs": [integration]}]}


def test_a_webhook_on_this_machine_is_fine() -> None:
    loopback.check_alertmanager(routing(url_file="/secrets/here"), FILES.__getitem__)


def test_a_webhook_elsewhere_is_refused_without_its_address() -> None:
    with pytest.raises(LocalError, match="receiver pager, webhook_configs: its address is not on this") as refused:
        loopback.check_alertmanager(routing(url_file="/secrets/there"), FILES.__getitem__)
    assert "secret-part" not in str(refused.value)


@pytest.mark.parametrize(
    ("way", "message"),
    [
        ({"proxy_url": "http://proxy.example:3128"}, "proxy_url is proxy.example"),
        ({"oauth2": {"token_url": "https://login.example/token"}}, "token_url is login.example"),
        ({"proxy_from_environment": True}, "proxy_from_environment leads"),
    ],
)
def test_a_webhook_on_this_machine_by_way_of_another_is_refused(way: dict[str, Any], message: str) -> None:
    config = routing(url_file="/secrets/here")
    config["receivers"][0]["webhook_configs"][0]["http_config"] = way
    with pytest.raises(LocalError, match=message):
        loopback.check_alertmanager(config, FILES.__getitem__)


def test_an_integration_without_an_address_would_use_its_vendors() -> None:
    config = {"receivers": [{"name": "page", "pagerduty_configs": [{"routing_key_file": "/secrets/here"}]}]}
    with pytest.raises(LocalError, match="would use its vendor's"):
        loopback.check_alertmanager(config, FILES.__getitem__)


def test_a_mail_server_elsewhere_is_refused() -> None:
    config = {"global": {"smtp_smarthost": "smtp.example:587"}, **routing(url_file="/secrets/here")}
    with pytest.raises(LocalError, match="smtp_smarthost is smtp"):
        loopback.check_alertmanager(config, FILES.__getitem__)


def test_a_path_of_an_address_is_no_file_of_the_container() -> None:
    """Jenkins' metrics are at /prometheus, where the container has a volume."""
    config = {"rule_files": ["/prometheus/rules/*.yaml"], "scrape_configs": [{"metrics_path": "/prometheus"}]}
    moved = loopback.relocated(config, lambda text: text.replace("/prometheus", "/run/volume"))
    assert moved == {"rule_files": ["/run/volume/rules/*.yaml"], "scrape_configs": [{"metrics_path": "/prometheus"}]}
