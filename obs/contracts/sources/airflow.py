"""Airflow from PyPI with its processes on sqlite, heard by the real StatsD exporter with our mapping."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

from components.exporters.statsd import mapping
from obs.contracts.compare import Scraped
from obs.contracts.install import python
from obs.contracts.lab import Failed, Lab, said
from obs.local.ports import LOOPBACK
from obs.toolchain import find
from obs.toolchain_table import TOOLS
from settings.exporters import StatsdSettings

_DAGS = Path(__file__).with_name("airflow_dags.py.txt")
# What of the two DAGs must have come through: the good run, the failed one, and the scheduler's own gauges.
_AWAITED = ("airflow_dagrun_duration", "airflow_dagrun_failed", "airflow_pool_open_slots", "airflow_task_duration")


def scrape(lab: Lab) -> Iterator[Scraped]:
    interpreter = python("airflow")
    start(lab, interpreter, _DAGS.read_text())
    lab.until(lambda: _arrived(lab), f"Airflow sends {', '.join(_AWAITED)}", 900, of="scheduler")
    version = said([interpreter, "-c", "import importlib.metadata as m; print(m.version('apache-airflow'))"])
    exporter = TOOLS["statsd_exporter"].version
    how = (
        f"scraped from statsd_exporter {exporter} with components/exporters/airflow-statsd.yaml, which heard Airflow "
        f"{version}: scheduler, DAG processor, triggerer and API server, a DAG run that ended well and one that failed"
    )
    page = lab.scrape(lab.url("statsd", "/metrics"))
    yield Scraped(contract="airflow", version=version, how=how, components={None: page}, ignore="statsd_.+")
    yield Scraped(contract="statsd-exporter", version=exporter, how=how, components={None: page}, ignore="airflow_.+")


def start(lab: Lab, interpreter: Path, dags: str) -> None:
    """Airflow with the DAGs of that file; the exporter that hears it answers at the lab's address ``statsd``."""
    _statsd(lab)
    program = interpreter.with_name("airflow")
    lab.file("dags/planted.py", dags)
    env = _environment(lab, interpreter)
    lab.run("migrate", [program, "db", "migrate"], env=env, seconds=300)
    web = ["--host", LOOPBACK, "--port", lab.port("api"), "--workers", 1]
    lab.start(
        "api-server", [program, "api-server", *web], env=env, ready=lab.url("api", "/api/v2/version"), seconds=300
    )
    lab.start("dag-processor", [program, "dag-processor"], env=env)
    lab.start("triggerer", [program, "triggerer", "--skip-serve-logs"], env=env)
    lab.start("scheduler", [program, "scheduler", "--skip-serve-logs"], env=env)


def _statsd(lab: Lab) -> None:
    file = lab.file("mapping.yml", mapping(StatsdSettings()))
    listens = [f"--web.listen-address={lab.address('statsd')}", f"--statsd.listen-udp={lab.address('udp')}"]
    lab.start(
        "statsd_exporter",
        [find("statsd_exporter"), f"--statsd.mapping-config={file}", "--statsd.listen-tcp=", *listens],
        ready=lab.url("statsd", "/-/ready"),
    )


def _environment(lab: Lab, interpreter: Path) -> dict[str, str]:
    settings = {
        "core__dags_folder": f"{lab.folder}/dags",
        "core__load_examples": "False",
        "core__executor": "LocalExecutor",
        "core__parallelism": "2",
        "core__dags_are_paused_at_creation": "False",
        "core__execution_api_server_url": lab.url("api", "/execution/"),
        "core__simple_auth_manager_all_admins": "True",
        "workers__execution_api_timeout": "120",  # a busy machine takes longer than the 5 s of the default
        "api__base_url": lab.url("api"),
        "api_auth__jwt_secret": secrets.token_hex(32),  # of this run: the processes share it
        "database__sql_alchemy_conn": f"sqlite:///{lab.folder}/airflow.db",
        "logging__base_log_folder": f"{lab.folder}/task-logs",
        "usage_data_collection__enabled": "False",
        "metrics__statsd_on": "True",
        "metrics__statsd_host": LOOPBACK,
        "metrics__statsd_port": str(lab.port("udp")),
        "metrics__statsd_prefix": "airflow",
    }
    path = {"AIRFLOW_HOME": str(lab.folder), "PATH": f"{interpreter.parent}:/usr/bin:/bin"}
    return path | {f"AIRFLOW__{key.upper()}": value for key, value in settings.items()}


def _arrived(lab: Lab) -> bool:
    try:
        page = lab.scrape(lab.url("statsd", "/metrics"))
    except Failed:
        return False
    return all(name in page for name in _AWAITED)
