"""The chart hands the collector's configuration on as it is, numbers and braces too."""

from __future__ import annotations

import yaml
from cached_charts import needs_charts
from rendered_stacks import manifest, rendered

from components.collector_config import gateway_config, sampler_config
from components.sizes import sizing

pytestmark = needs_charts


def test_the_collector_reads_what_the_program_configures() -> None:
    # To Helm all of it is a template, and a queue's size is more than 32 bits.
    config = {
        "collector": {"personalData": {"patterns": {"braces": r"\{\{[a-z]+\}\}|{{x}}$", "quotes": "\"'`{{"}}},
        "parts": {"collectorSampler": {"storage": "50Gi"}},
    }
    run, expansion = rendered("prod", config)
    sizes = sizing(run.settings)
    for name, wanted in (
        ("otel-gateway", gateway_config(run.settings, sizes)),
        ("otel-sampler-statefulset", sampler_config(run.settings, sizes)),
    ):
        assert yaml.safe_load(manifest(expansion, "ConfigMap", name)["data"]["relay"]) == wanted


def test_memory_is_told_to_go_and_files_are_read_only() -> None:
    _, expansion = rendered("prod")
    for kind, name in (("Deployment", "otel-gateway"), ("StatefulSet", "otel-sampler")):
        (container,) = manifest(expansion, kind, name)["spec"]["template"]["spec"]["containers"]
        assert "GOMEMLIMIT" in {entry["name"] for entry in container["env"]}
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert not [port for port in container["ports"] if "hostPort" in port]


def test_pods_of_samplers_have_names_of_their_own_in_dns() -> None:
    _, expansion = rendered("prod")
    assert manifest(expansion, "Service", "otel-sampler")["spec"]["clusterIP"] == "None"
    assert manifest(expansion, "StatefulSet", "otel-sampler")["spec"]["serviceName"] == "otel-sampler"
