"""Spark from PyPI: a standalone master and worker, and an application on them with driver and executor."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from obs.contracts.compare import Components, Scraped
from obs.contracts.exposition import merged
from obs.contracts.install import jars, python
from obs.contracts.lab import Lab, java, said
from obs.local.ports import LOOPBACK
from obs.toolchain_table import MODULES

RULES = MODULES.parent / "systems" / "agents" / "spark-jmx.yaml"
_JOB = Path(__file__).with_name("spark_job.py.txt")
# As docs/how-to/spark.md has it for applications; masters and workers answer on paths of their own.
METRICS = """
*.sink.prometheusServlet.class=org.apache.spark.metrics.sink.PrometheusServlet
*.sink.prometheusServlet.path=/metrics/prometheus
master.sink.prometheusServlet.path=/metrics/master/prometheus
applications.sink.prometheusServlet.path=/metrics/applications/prometheus
*.sink.jmx.class=org.apache.spark.metrics.sink.JmxSink
*.source.jvm.class=org.apache.spark.metrics.source.JvmSource
"""
_CLASS = "org.apache.spark.deploy"
_BEANS = ("driver", "executor", "master", "worker")
# What is named after a query, an application, a class, or as the JVM calls its collectors and pools; and _Number,
# which repeats _Value for every gauge.
_UNBOUNDED = (
    r"metrics_spark_driver_spark_streaming_.+|metrics_application_.+|.+_listenerProcessingTime_(org|com)_.+"
    r"|metrics_(spark_driver_)?jvm_(pools|G1|PS|Copy|MarkSweepCompact|ZGC|Shenandoah)_.+|metrics_.+_Number"
)


def agent(lab: Lab, name: str, rules: Path) -> str:
    """The JVM option that loads the agent, answering on the lab's port of that name."""
    (jar,) = jars("jmx-agent").glob("*.jar")
    return f"-javaagent:{jar}={lab.address(name)}:{rules}"


def home(interpreter: str) -> Path:
    """SPARK_HOME of an environment with pyspark."""
    return Path(said([interpreter, "-c", "import pyspark, os; print(os.path.dirname(pyspark.__file__))"]))


def scrape(lab: Lab) -> Iterator[Scraped]:
    interpreter = python("spark")
    version = said([interpreter, "-c", "import pyspark; print(pyspark.__version__)"])
    done = lab.folder / "done"
    start(lab, interpreter, _JOB.read_text(), done)
    lab.until(done.is_file, "the Spark job did its work", 400, of="driver")
    yield from _pages(lab, version)


def start(lab: Lab, interpreter: Path, job: str, *arguments: object) -> None:
    """A standalone master and ``worker`` with an application that runs ``job``; each process has a name in the lab.

    Pages are at the lab's addresses ``ui`` (driver), ``master-ui`` and ``worker-ui``, the agents' at ``jmx-<bean>``.
    """
    where, program = home(str(interpreter)), java(17)
    conf = lab.file("metrics.properties", METRICS)
    env = {
        "SPARK_HOME": str(where),
        "SPARK_LOCAL_IP": LOOPBACK,
        "SPARK_SCALA_VERSION": "2.13",  # as load-spark-env.sh finds it; a worker asks for it
        "PYSPARK_PYTHON": str(interpreter),
        "JAVA_HOME": str(program.parent.parent),
    }
    common = ["-Xmx512m", f"-Dspark.metrics.conf={conf}", "-cp", f"{where}/jars/*"]
    master = ["--host", LOOPBACK, "--port", lab.port("master"), "--webui-port", lab.port("master-ui")]
    lab.start(
        "master",
        [program, agent(lab, "jmx-master", RULES), *common, f"{_CLASS}.master.Master", *master],
        env=env,
        ready=lab.url("master-ui"),
    )
    url = f"spark://{lab.address('master')}"
    worker = ["--host", LOOPBACK, "--webui-port", lab.port("worker-ui"), "--cores", 2, "--memory", "1g"]
    worker += ["--work-dir", lab.folder / "work", url]
    lab.start(
        "worker",
        [program, agent(lab, "jmx-worker", RULES), *common, f"{_CLASS}.worker.Worker", *worker],
        env=env,
        ready=lab.url("worker-ui"),
    )
    submit = [where / "bin/spark-submit", *_options(lab, url, conf), lab.file("job.py", job)]
    lab.start("driver", [*submit, *arguments], env=env)


def _options(lab: Lab, url: str, conf: Path) -> list[str]:
    settings = {
        "spark.metrics.conf": conf,
        "spark.metrics.namespace": "spark",
        "spark.ui.port": lab.port("ui"),
        "spark.driver.bindAddress": LOOPBACK,
        "spark.driver.host": LOOPBACK,
        "spark.driver.memory": "512m",
        "spark.executor.memory": "512m",
        "spark.sql.shuffle.partitions": 4,
        "spark.sql.streaming.metricsEnabled": "true",
        "spark.sql.warehouse.dir": lab.folder / "warehouse",
        "spark.driver.extraJavaOptions": agent(lab, "jmx-driver", RULES) + f" -Dderby.system.home={lab.folder}",
        "spark.executor.extraJavaOptions": agent(lab, "jmx-executor", RULES),
    }
    return ["--master", url, *(part for key, value in settings.items() for part in ("--conf", f"{key}={value}"))]


def _pages(lab: Lab, version: str) -> Iterator[Scraped]:
    how = (
        f"scraped from pyspark {version}: standalone master and worker, and an application on them with a shuffle, "
        "a cached table, a failing stage and a streaming query"
    )
    yield Scraped(
        contract="spark",
        version=version,
        how=how,
        components={
            "driver-servlet": lab.scrape(lab.url("ui", "/metrics/prometheus")),
            "executors-endpoint": lab.scrape(lab.url("ui", "/metrics/executors/prometheus")),
            "standalone-master-servlet": lab.scrape(lab.url("master-ui", "/metrics/master/prometheus")),
            "standalone-worker-servlet": lab.scrape(lab.url("worker-ui", "/metrics/prometheus")),
        },
        ignore=_UNBOUNDED,
    )
    pages: Components = {name: lab.scrape(lab.url(f"jmx-{name}", "/metrics")) for name in _BEANS}
    jvm = merged(family for page in pages.values() for family in page.values())
    (jar,) = jars("jmx-agent").glob("*.jar")
    agent_version = jar.stem.rpartition("-")[2]
    yield Scraped(
        contract="spark-jmx",
        version=f"{version}, jmx_prometheus_javaagent {agent_version}",
        how=f"{how}; by the agent with systems/agents/spark-jmx.yaml",
        components=pages,
    )
    yield Scraped(
        contract="jvm-agent",
        version=f"jmx_prometheus_javaagent {agent_version}",
        how=f"scraped from the agent in the processes of pyspark {version} on Java 17 with G1",
        components={None: jvm},
        libraries=True,
        ignore="spark_.+",
    )
