"""Exporters: what is deployed for what the settings name, how it is scraped, and where its secrets are."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from functools import cache
from typing import Any

import one_chart
import pytest
import yaml
from one_chart import needs_charts
from stacks import NEED_NO_EXPORTER, run

from components.exporters import blackbox, oracle, pushgateway, redis, statsd
from components.exporters.workload import deployment_spec
from components.services import BLACKBOX_EXPORTER, PUSHGATEWAY, STATSD_EXPORTER, Service, Services
from components.sizes import sizing
from obs.record import Recording, Resource
from settings import Settings
from settings.parts import PartName

EVERYTHING: dict[str, Any] = {
    "statsd": {"relay": "old-statsd.legacy.svc:8125"},
    "redis": {
        "cache": {"address": "cache.shop.svc:6379", "secret": "cacheRedisPassword", "username": "monitor"},
        "queue": {
            "address": "queue.shop.svc:6380",
            "existingSecret": "queue-auth",
            "tls": True,
            "caSecret": "queue-ca",
        },
        "open": {"address": "open.shop.svc:6379"},
    },
    "blackbox": {
        "targets": {
            "portal": "https://portal.example.com/healthz",
            "login": {"address": "https://portal.example.com/", "module": "login_page", "interval": "1m"},
            "database": {"address": "db.example.com:1521", "module": "tcp_connect"},
        },
        "modules": {"login_page": {"timeout": "1m", "statusCodes": [200], "bodyContains": "Sign in"}},
    },
    "pushgateway": {},
    "oracle": {
        "hr": {
            "connectString": "hr.db.svc:1521/HR",
            "username": "MONITORING",
            "secret": "hrPassword",
            "interval": "2m",
        },
        "cloud": {"connectString": "mydb_high", "existingSecret": "cloud-auth", "walletSecret": "cloud-wallet"},
    },
}


@cache
def recording(stack: str = "prod") -> Recording:
    return run(
        stack,
        config={"exporters": EVERYTHING, "systems": NEED_NO_EXPORTER},
        secrets={"cacheRedisPassword": "hunter2", "hrPassword": "tiger"},
    )


@cache
def settings() -> Settings:
    found: Settings = recording().namespace["settings"]
    return found


def made(kind: str, found: Recording | None = None) -> dict[str, Resource]:
    """Resources of the exporters by name."""
    return {
        r.name: r
        for r in (found or recording()).resources
        if r.type.endswith(f":{kind}")
        and r.name != "ceph-exporter"  # of Ceph itself
        and ("exporter" in r.name or r.name.startswith(("pushgateway", "blackbox-")))
    }


def monitor(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """(spec, its one endpoint)"""
    spec = made("ServiceMonitor")[name].inputs["spec"]
    (endpoint,) = spec["endpoints"]
    return spec, endpoint


class TestWhatIsDeployed:
    def test_what_is_not_named_is_not_deployed(self) -> None:
        for stack in ("dev", "prod"):
            empty = run(stack, config={"exporters": {}, "systems": NEED_NO_EXPORTER})
            assert [name for kind in ("Chart", "ServiceMonitor", "Probe") for name in made(kind, empty)] == []

    def test_there_is_a_release_for_each_redis_and_a_deployment_for_each_database(self) -> None:
        releases = {f"redis-exporter-{name}" for name in EVERYTHING["redis"]}
        assert set(made("Chart")) == {STATSD_EXPORTER, BLACKBOX_EXPORTER, PUSHGATEWAY, *releases}
        assert set(made("Deployment")) == {f"oracle-exporter-{name}" for name in EVERYTHING["oracle"]}

    def test_each_has_one_monitor_and_each_address_a_probe(self) -> None:
        assert set(made("ServiceMonitor")) == {*made("Chart"), *made("Deployment")}
        assert set(made("Probe")) == {f"blackbox-{name}" for name in EVERYTHING["blackbox"]["targets"]}

    @pytest.mark.parametrize(
        ("stack", "names"),
        [
            (
                "prod",
                {
                    STATSD_EXPORTER,
                    BLACKBOX_EXPORTER,
                    "oracle-exporter-metastore",
                    "iceberg-exporter-lake",
                    "isilon-exporter-archive",
                    "bitbucket-exporter-main",
                },
            ),
            ("apps", {BLACKBOX_EXPORTER, "redis-exporter-ojeomneo", "redis-exporter-reviewmaps"}),
        ],
    )
    def test_the_stacks_have_the_exporters_of_the_requirements(self, stack: str, names: set[str]) -> None:
        assert set(made("ServiceMonitor", run(stack))) == names


class TestSecrets:
    def test_a_pulumi_secret_becomes_a_secret_of_ours_and_is_in_nothing_else(self) -> None:
        assert set(made("Secret")) == {"redis-exporter-cache", "oracle-exporter-hr"}
        for resource in recording().resources:
            for planted in ("hunter2", "tiger"):
                if resource.type != "kubernetes:core/v1:Secret":
                    assert planted not in str(resource.inputs), resource.urn

    def test_a_secret_that_is_there_is_named_and_not_made(self) -> None:
        assert settings().external_secrets.items() >= {
            ("queue-auth", ("password",)),
            ("queue-ca", ("ca.crt",)),
            ("cloud-auth", ("username", "password")),
            ("cloud-wallet", ("cwallet.sso", "tnsnames.ora")),
        }
        assert "queue-auth" not in {r.name for r in recording().resources}

    def test_the_pod_waits_for_its_secret(self) -> None:
        chart, deployment = made("Chart")["redis-exporter-cache"], made("Deployment")["oracle-exporter-hr"]
        for resource, secret in ((chart, "redis-exporter-cache"), (deployment, "oracle-exporter-hr")):
            assert [urn for urn in resource.dependencies if urn.endswith(f"Secret::{secret}")], resource.urn

    def test_an_oracle_password_is_never_read_as_yaml(self) -> None:
        """The exporter puts variables into its configuration before it parses it."""
        database = yaml.safe_load(oracle_config("hr"))["databases"]["hr"]
        assert "password" not in database
        assert database["passwordFile"].startswith("/")
        assert database["username"] == "${DB_USERNAME}"


def test_charts_that_cannot_refuse_a_token_get_an_account_without_one() -> None:
    for chart in (statsd.CHART, redis.CHART):
        service, values = _values(chart)
        assert values["serviceAccount"] == {"create": False, "name": service.name}
        assert made("ServiceAccount")[service.name].inputs["automountServiceAccountToken"] is False
        assert [
            urn for urn in made("Chart")[service.name].dependencies if urn.endswith(f"ServiceAccount::{service.name}")
        ]


class TestMonitors:
    def test_the_job_is_ours_whatever_the_release_is_called(self) -> None:
        jobs = {name: _replacements(monitor(name)[1])["job"] for name in made("ServiceMonitor")}
        assert jobs[STATSD_EXPORTER] == statsd.JOB
        assert {jobs[f"redis-exporter-{name}"] for name in EVERYTHING["redis"]} == {redis.JOB}
        assert {jobs[f"oracle-exporter-{name}"] for name in EVERYTHING["oracle"]} == {oracle.JOB}

    def test_a_redis_is_known_by_its_name(self) -> None:
        assert _replacements(monitor("redis-exporter-queue")[1])[redis.NAME_LABEL] == "queue"

    def test_only_the_pushgateway_may_say_whose_metrics_they_are(self) -> None:
        honest = {name for name in made("ServiceMonitor") if monitor(name)[1].get("honorLabels")}
        assert honest == {PUSHGATEWAY}

    def test_they_look_in_the_namespace_of_the_stack(self) -> None:
        for name, resource in made("ServiceMonitor").items():
            assert monitor(name)[0]["namespaceSelector"] == {"matchNames": ["monitoring"]}
            assert resource.inputs["metadata"]["namespace"] == "monitoring"

    def test_who_can_be_told_anything_may_not_flood_prometheus(self) -> None:
        assert {name for name in made("ServiceMonitor") if monitor(name)[0].get("sampleLimit")} == {
            STATSD_EXPORTER,
            PUSHGATEWAY,
        }

    def test_texts_of_sql_statements_are_not_stored(self) -> None:
        # Before the keep-list, which a pattern of the settings may widen.
        drop, keep = monitor("oracle-exporter-hr")[1]["metricRelabelings"]
        assert (drop["action"], drop["regex"]) == ("drop", "oracledb_top_sql_.*")
        assert keep["action"] == "keep"

    def test_locally_they_are_as_quick_as_everything_else(self) -> None:
        spec = made("ServiceMonitor", recording("local"))["oracle-exporter-hr"].inputs["spec"]
        assert spec["endpoints"][0]["interval"] == "4s"


def _replacements(endpoint: dict[str, Any]) -> dict[str, str]:
    return {step["targetLabel"]: step["replacement"] for step in endpoint["relabelings"]}


class TestProbes:
    def spec(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = made("Probe")[f"blackbox-{name}"].inputs["spec"]
        return found

    def test_a_probe_asks_the_exporter_about_the_address(self) -> None:
        spec = self.spec("portal")
        assert spec["prober"]["url"] == Services(settings()).blackbox_exporter.address("http")
        static = spec["targets"]["staticConfig"]
        assert static == {"static": ["https://portal.example.com/healthz"], "labels": {"target": "portal"}}
        assert (spec["jobName"], spec["module"], spec["interval"]) == ("blackbox", "http_2xx", "30s")

    def test_every_module_that_a_probe_names_is_configured(self) -> None:
        wanted = settings().exporters.blackbox
        assert wanted is not None
        assert {self.spec(name)["module"] for name in wanted.targets} <= set(blackbox.modules(wanted))

    def test_a_stacks_own_module_asks_as_told(self) -> None:
        wanted = settings().exporters.blackbox
        assert wanted is not None
        module = blackbox.modules(wanted)["login_page"]
        assert module["timeout"] == "60s"
        assert module["http"]["valid_status_codes"] == [200]
        assert module["http"]["fail_if_body_not_matches_regexp"] == ["Sign in"]


def oracle_config(instance: str) -> str:
    return oracle.oracle_config(settings(), instance, settings().exporters.oracle[instance])


class TestOracle:
    def pod(self, instance: str) -> dict[str, Any]:
        template: dict[str, Any] = made("Deployment")[f"oracle-exporter-{instance}"].inputs["spec"]["template"]
        return template

    def test_the_pod_is_restricted(self) -> None:
        for instance in EVERYTHING["oracle"]:
            assert one_chart.not_restricted(self.pod(instance)) == []
            assert self.pod(instance)["spec"]["automountServiceAccountToken"] is False

    def test_queries_keep_their_own_pace(self) -> None:
        metrics = yaml.safe_load(oracle_config("hr"))["metrics"]
        assert metrics["scrapeInterval"] == "120s"

    def test_every_file_that_the_configuration_names_is_there(self) -> None:
        container = self.pod("cloud")["spec"]["containers"][0]
        mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
        config = yaml.safe_load(oracle_config("cloud"))
        files = made("ConfigMap")["oracle-exporter-cloud"].inputs["data"]
        for path in [container["args"][0].removeprefix("--config.file="), *config["metrics"]["custom"]]:
            folder, _, name = path.rpartition("/")
            assert folder == mounts["files"]
            assert name in files
        assert config["databases"]["cloud"]["tnsAdmin"] == mounts["wallet"]
        assert config["databases"]["cloud"]["passwordFile"] == f"{mounts['credentials']}/password"

    def test_other_files_are_another_pod(self) -> None:
        chosen, size = settings(), sizing(settings())[PartName.ORACLE_EXPORTER]
        one = oracle.oracle_workload(chosen, "hr", chosen.exporters.oracle["hr"], size)
        two = oracle.oracle_workload(
            chosen, "hr", chosen.exporters.oracle["hr"].model_copy(update={"interval": "5m"}), size
        )
        marks = [deployment_spec(w)["template"]["metadata"]["annotations"] for w in (one, two)]
        assert marks[0] != marks[1]

    def test_the_service_leads_to_the_pod(self) -> None:
        service = made("Service")["oracle-exporter-hr"].inputs["spec"]
        assert service["selector"].items() <= self.pod("hr")["metadata"]["labels"].items()
        (port,) = service["ports"]
        assert port["targetPort"] in {p["name"] for p in self.pod("hr")["spec"]["containers"][0]["ports"]}

    def test_our_queries_give_each_column_that_they_describe(self) -> None:
        metrics = tomllib.loads(oracle.METRICS.read_text())["metric"]
        assert {m["context"] for m in metrics} == {"time_model", "blocked_sessions"}
        for metric in metrics:
            for column in (*metric["metricsdesc"], *metric.get("labels", ())):
                assert column in metric["request"], (metric["context"], column)


# --- what the charts make of it


def _values(chart: str) -> tuple[Service, dict[str, Any]]:
    chosen, services, size = settings(), Services(settings()), sizing(settings())
    wanted = chosen.exporters
    assert wanted.statsd
    assert wanted.blackbox
    build: dict[str, Callable[[], tuple[Service, dict[str, Any]]]] = {
        statsd.CHART: lambda: (
            services.statsd_exporter,
            statsd.statsd_values(chosen, wanted.statsd, size[PartName.STATSD_EXPORTER]),  # type: ignore[arg-type]
        ),
        redis.CHART: lambda: (
            services.redis_exporter("queue"),
            redis.redis_values(chosen, "queue", wanted.redis["queue"], size[PartName.REDIS_EXPORTER]),
        ),
        blackbox.CHART: lambda: (
            services.blackbox_exporter,
            blackbox.blackbox_values(chosen, wanted.blackbox, size[PartName.BLACKBOX_EXPORTER]),  # type: ignore[arg-type]
        ),
        pushgateway.CHART: lambda: (
            services.pushgateway,
            pushgateway.pushgateway_values(chosen, size[PartName.PUSHGATEWAY]),
        ),
    }
    return build[chart]()


@cache
def rendered(chart: str) -> tuple[Service, dict[tuple[str, str], dict[str, Any]]]:
    service, values = _values(chart)
    return service, one_chart.objects(chart, service.name, values)


of_each_chart = pytest.mark.parametrize(
    "chart",
    [
        pytest.param(module.CHART, marks=[pytest.mark.charts, needs_charts(module.CHART)])
        for module in (statsd, redis, blackbox, pushgateway)
    ],
)


@of_each_chart
def test_the_service_is_named_and_open_as_everybody_believes(chart: str) -> None:
    service, found = rendered(chart)
    made_service = found["Service", service.name]
    assert {port["name"]: port["port"] for port in made_service["spec"]["ports"]} == dict(service.ports)
    (pod,) = one_chart.pods(found).values()
    assert service.pods.items() <= pod["metadata"]["labels"].items()
    assert service.pods.items() <= made_service["metadata"]["labels"].items()  # our monitors select by these


@of_each_chart
def test_every_pod_is_restricted_has_resources_and_one_copy(chart: str) -> None:
    _, found = rendered(chart)
    ((_, pod),) = one_chart.pods(found).items()
    assert one_chart.not_restricted(pod) == []
    assert pod["spec"].get("automountServiceAccountToken") is False or chart in (statsd.CHART, redis.CHART)
    assert all(container["resources"]["limits"]["memory"] for container in pod["spec"]["containers"])
    assert [o["spec"]["replicas"] for (kind, _), o in found.items() if kind == "Deployment"] == [1]


@of_each_chart
def test_no_chart_brings_a_monitor_a_role_or_a_secret_and_nothing_is_random(chart: str) -> None:
    service, found = rendered(chart)
    assert {kind for kind, _ in found} <= {
        "Deployment",
        "Service",
        "ServiceAccount",
        "ConfigMap",
        "PersistentVolumeClaim",
    }
    assert found == one_chart.objects(chart, service.name, _values(chart)[1])


@pytest.mark.charts
@needs_charts(redis.CHART)
def test_redis_gets_its_password_and_its_authority_from_secrets() -> None:
    _, found = rendered(redis.CHART)
    (pod,) = one_chart.pods(found).values()
    env = {entry["name"]: entry for entry in pod["spec"]["containers"][0]["env"]}
    assert env["REDIS_ADDR"]["value"] == "rediss://queue.shop.svc:6380"
    assert env["REDIS_PASSWORD"]["valueFrom"]["secretKeyRef"] == {"name": "queue-auth", "key": "password"}
    assert env["REDIS_EXPORTER_TLS_CA_CERT_FILE"]["value"] == "/tls/tls-ca-cert.crt"
    assert "queue-ca" in str(pod["spec"]["volumes"])


@pytest.mark.charts
@needs_charts(statsd.CHART)
def test_the_statsd_mapping_arrives_as_it_is_and_a_copy_of_everything_is_handed_on() -> None:
    _, found = rendered(statsd.CHART)
    (text,) = found["ConfigMap", STATSD_EXPORTER]["data"].values()
    wanted = settings().exporters.statsd
    assert wanted is not None
    assert yaml.safe_load(text) == yaml.safe_load(statsd.mapping(wanted))
    (pod,) = one_chart.pods(found).values()
    assert "--statsd.relay.address=old-statsd.legacy.svc:8125" in pod["spec"]["containers"][0]["args"]


@pytest.mark.charts
@needs_charts(pushgateway.CHART)
def test_what_is_pushed_survives_a_restart() -> None:
    _, found = rendered(pushgateway.CHART)
    (pod,) = one_chart.pods(found).values()
    container = pod["spec"]["containers"][0]
    (mount,) = container["volumeMounts"]
    assert any(argument.startswith(f"--persistence.file={mount['mountPath']}/") for argument in container["args"])
    assert found["PersistentVolumeClaim", PUSHGATEWAY]["spec"]["storageClassName"] == "longhorn"


def test_a_mirror_is_where_every_image_comes_from() -> None:
    mirrored = settings().model_copy(update={"image_registry": "mirror.example.com/obs"})
    size = sizing(mirrored)
    wanted = mirrored.exporters
    assert wanted.statsd
    values = [
        statsd.statsd_values(mirrored, wanted.statsd, size[PartName.STATSD_EXPORTER]),
        redis.redis_values(mirrored, "open", wanted.redis["open"], size[PartName.REDIS_EXPORTER]),
        pushgateway.pushgateway_values(mirrored, size[PartName.PUSHGATEWAY]),
    ]
    assert all(v["image"]["repository"].startswith("mirror.example.com/obs/") for v in values)
    workload = oracle.oracle_workload(mirrored, "hr", wanted.oracle["hr"], size[PartName.ORACLE_EXPORTER])
    assert workload.image == "mirror.example.com/obs/database/observability-exporter:2.4.2"
