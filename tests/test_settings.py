"""A bad configuration gives one error that lists every problem; a good one is complete."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from stack_settings import error_of
from stacks import ROOT, STACKS, run

from settings import Settings

ALERTING: dict[str, Any] = {
    "default": "chat",
    "receivers": [{"name": "chat", "kind": "slack", "channel": "#chat", "secret": "slackWebhookUrl"}],
}


@pytest.mark.parametrize("stack", STACKS)
def test_every_stack_is_valid(stack: str) -> None:
    assert run(stack).outputs["clusterName"]


def test_the_schema_in_pulumi_yaml_and_the_settings_have_the_same_keys() -> None:
    schema = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"]
    assert set(schema) == {field.alias for field in Settings.model_fields.values()}
    assert all(entry["description"] for entry in schema.values())


def test_every_field_of_a_part_is_named_in_the_schema_of_its_key() -> None:
    schema = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"]
    for name in ("cluster", "prometheus", "alertmanager", "grafana", "alerting"):
        part: Any = Settings.model_fields[name].annotation
        for field in part.model_fields.values():
            assert field.alias in schema[name]["description"], f"{name}.{field.alias}"


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"systems": {"sparc": {}}}, "systems.sparc: unknown system; did you mean 'spark'?"),
        ({"systems": {"spark": False}}, "systems.spark: must be an object"),
        ({"systems": {"spark": {"namespace": "x"}}}, "spark.namespace: unknown key; did you mean 'namespaces'?"),
        ({"prometheus": {"storage": "-50Gi"}}, "prometheus.storage: must be a Kubernetes quantity"),
        ({"prometheus": {"storage": "0"}}, "prometheus.storage: must be above 0"),
        ({"prometheus": {"storage": "50 Gigs"}}, "prometheus.storage: must be a Kubernetes quantity"),
        ({"prometheus": {"retention": "15 days"}}, "prometheus.retention: must be a Prometheus duration"),
        ({"prometheus": {"replicas": -1}}, "prometheus.replicas: must be greater than or equal to 1"),
        ({"prometheus": {"retentoin": "15d"}}, "prometheus.retentoin: unknown key; did you mean 'retention'?"),
        ({"size": "huge"}, "size: must be one of 'small', 'medium' or 'large'"),
        ({"cluster": {"name": "x", "environment": "prod"}}, "cluster.environment: must be one of 'production'"),
        ({"cluster": {"environment": "production"}}, "cluster.name: is missing"),
        (
            {"cluster": {"name": "x", "environment": "production", "kubernetesVersion": 1.31}},
            'cluster.kubernetesVersion: must be a quoted version such as "1.31"',
        ),
        ({"workloadNamespaces": ["spark("]}, "workloadNamespaces[0]: must be a regular expression"),
        (
            {"prometheus": {"requests": {"memory": "9Gi"}, "limits": {"memory": "8Gi"}}},
            "prometheus: requests.memory must not be above limits.memory",
        ),
        ({"storageClas": "x"}, "storageClas: unknown key; did you mean 'storageClass'?"),
        (
            {"systems": {"argocd": {"deploymentSuccessObjective": 1}}},
            "systems.argocd.deploymentSuccessObjective: must be less than 1",
        ),
        ({"timeCompression": 30}, "timeCompression: must be 1 unless cluster.environment is local"),
        ({"timeCompression": 0}, "timeCompression: must be greater than or equal to 1"),
        ({"timeCompression": 61}, "timeCompression: must be less than or equal to 60"),
        ({"chartSource": "repository"}, "chartSource: must be repositories, cache, oci://"),
    ],
)
def test_a_problem_is_named_with_its_key_and_what_is_allowed(config: dict[str, object], expected: str) -> None:
    assert expected in error_of(config)


def test_all_problems_come_in_one_error() -> None:
    message = error_of({"size": "huge", "prometheus": {"storage": "x", "retention": "y"}, "systems": {"nope": {}}})
    for key in ("size:", "prometheus.storage:", "prometheus.retention:", "systems.nope:"):
        assert key in message


def test_an_empty_stack_is_told_everything_that_it_must_set() -> None:
    empty: dict[str, object] = {"cluster": {}, "storageClass": "", "workloadNamespaces": [], "grafana": {}}
    message = error_of({**empty, "alerting": {}, "runbooksUrl": "", "systems": {}})
    for key in ("cluster.name", "cluster.environment", "grafana.url", "alerting.receivers", "alerting.default"):
        assert f"{key}: is missing" in message
    for key in ("storageClass", "workloadNamespaces", "runbooksUrl"):
        assert f"{key}: must " in message


def test_a_secret_in_the_place_of_its_key_is_refused_and_not_repeated() -> None:
    receiver = {**ALERTING["receivers"][0], "secret": "https://hooks.example.com/planted"}
    message = error_of({"alerting": {**ALERTING, "receivers": [receiver]}})
    assert "alerting.receivers[0].secret: must be the name of a config key" in message
    assert "planted" not in message


def test_a_misspelt_namespace_of_the_configuration_is_found() -> None:
    assert "did you mean 'dataops-observability'?" in error_of({"dataops-observabilty:size": "small"})


def test_a_stack_without_systems_still_has_an_overview() -> None:
    nothing = run("dev", config={"systems": {}, "selfMonitoring": False})
    plan = nothing.namespace["plan"]
    assert "dataops-overview" in nothing.outputs["dashboards"]
    # Domains say what could be switched on; nothing is asked of a system that is not there.
    asked = {
        selector.name for d in plan.dashboards for p in d.panels for s in p.signals for selector in s.query.selectors()
    }
    assert asked <= {"ALERTS", "up"}


def test_two_receivers_of_one_name_are_refused() -> None:
    twice = {**ALERTING, "receivers": ALERTING["receivers"] * 2}
    assert "alerting: two receivers are named 'chat'" in error_of({"alerting": twice})


def test_a_route_to_a_receiver_that_is_not_there_is_refused() -> None:
    lost = {**ALERTING, "routes": [{"severities": ["high"], "receivers": ["pager"]}]}
    assert "route names receiver 'pager', which is not there; there are: chat" in error_of({"alerting": lost})


def test_a_default_that_swallows_is_refused() -> None:
    silent = {"default": "none", "receivers": [{"name": "none", "kind": "null"}]}
    assert "everything must reach someone" in error_of({"alerting": silent})


def test_only_production_pages() -> None:
    pager = {"name": "p", "kind": "pagerduty", "secret": "pagerdutyRoutingKey"}
    cluster = {"name": "x", "environment": "staging"}
    wrong = {**ALERTING, "receivers": [*ALERTING["receivers"], pager]}
    complaint = "alerting.receivers.p: pages, and only production does; cluster.environment is staging"
    assert complaint in error_of({"alerting": wrong, "cluster": cluster})


def test_a_preview_without_secrets_goes_on_and_says_how_to_set_them() -> None:
    warnings = "\n".join(log.message for log in run("prod").logs)
    assert "pulumi config set --secret slackWebhookUrl" in warnings
    assert "pulumi config set --secret pagerdutyRoutingKey" in warnings


def test_an_update_without_secrets_is_refused_with_the_same_list() -> None:
    message = error_of({}, preview=False)
    assert "pulumi config set --secret slackWebhookUrl" in message
    assert "pulumi config set --secret pagerdutyRoutingKey" in message


def test_an_update_with_secrets_goes_through() -> None:
    secrets = dict.fromkeys(run().namespace["settings"].secret_keys, "https://planted.example")
    assert run(secrets=secrets, preview=False).outputs["namespace"] == "monitoring"


def test_a_secret_in_plain_text_is_refused_and_not_repeated() -> None:
    message = error_of({"slackWebhookUrl": "https://hooks.example.com/planted"})
    assert "slackWebhookUrl: is stored as plain text" in message
    assert "planted" not in message


def test_a_secret_that_nobody_uses_is_an_unknown_key() -> None:
    message = error_of({}, secrets={"slackWebhokUrl": "planted"})
    assert "slackWebhokUrl: unknown key; did you mean 'slackWebhookUrl'?" in message
    assert "planted" not in message


def test_a_setting_that_is_secret_is_refused_because_it_would_not_stay_so() -> None:
    message = error_of({}, secrets={"grafana": '{"url": "https://planted.example"}'})
    assert "grafana: must not be secret" in message
    assert "planted" not in message


def test_one_error_lists_problems_of_every_kind() -> None:
    cluster = {"name": "Not A Name", "environment": "production"}
    config: dict[str, object] = {"cluster": cluster, "prometeus": "x", "slackWebhookUrl": "planted"}
    message = error_of(config, secrets={"grafana": '{"url": "https://planted.example"}'})
    assert "cluster.name: must" in message
    assert "prometeus: unknown key; did you mean 'prometheus'?" in message
    assert "slackWebhookUrl: is stored as plain text" in message
    assert "grafana: must not be secret" in message
    assert message.count("grafana:") == 1
    assert "planted" not in message
