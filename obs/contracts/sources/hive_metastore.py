"""The Hive metastore from Maven on Derby, used by Spark's Hive client."""

from __future__ import annotations

import time
from collections.abc import Iterator
from xml.sax.saxutils import escape

from obs.contracts.compare import Scraped
from obs.contracts.install import jars, python
from obs.contracts.lab import Lab, java
from obs.contracts.sources.spark import agent, home
from obs.local.ports import LOOPBACK, listening
from obs.toolchain_table import MODULES

RULES = MODULES.parent / "systems" / "agents" / "hive-metastore-jmx.yaml"
COMPONENT = "jmx-our-rules"
# No table: Spark's own Hive client is of 2.3 and asks for get_table, which a metastore of 4.0 no longer has.
_CLIENT = """
from pyspark.sql import SparkSession
spark = SparkSession.builder.enableHiveSupport().getOrCreate()
spark.sql("create database if not exists sales")
spark.sql("show databases").collect()
spark.sql("show tables in sales").collect()
spark.sql("drop database sales")
"""


def scrape(lab: Lab) -> Iterator[Scraped]:
    program, interpreter = java(17), python("spark")
    library = jars("hive-metastore")
    lab.file("conf/metastore-site.xml", _site(lab))
    memory = ["-Xmx512m", f"-Dderby.system.home={lab.folder}"]
    main = ["org.apache.hadoop.hive.metastore.HiveMetaStore", "-p", lab.port("thrift")]
    lab.start(
        "metastore",
        [program, agent(lab, "jmx", RULES), *memory, "-cp", f"{lab.folder}/conf:{library}/*", *main],
    )
    lab.until(lambda: listening(lab.address("thrift")), "the metastore listens", 300, of="metastore")
    _use(lab, str(interpreter), str(program.parent.parent))
    time.sleep(1)
    (server,) = library.glob("hive-standalone-metastore-server-*.jar")
    version = server.stem.rpartition("-")[2]
    yield Scraped(
        contract="hive-metastore",
        version=f"Hive {version}",
        how=(
            f"scraped from hive-standalone-metastore-server {version} on Derby by the agent with "
            "systems/agents/hive-metastore-jmx.yaml, while Spark made, listed and dropped a database"
        ),
        components={COMPONENT: lab.scrape(lab.url("jmx", "/metrics"))},
    )


def _site(lab: Lab) -> str:
    settings = {
        "javax.jdo.option.ConnectionURL": f"jdbc:derby:;databaseName={lab.folder}/db;create=true",
        "javax.jdo.option.ConnectionDriverName": "org.apache.derby.jdbc.EmbeddedDriver",
        "datanucleus.schema.autoCreateAll": "true",
        "metastore.schema.verification": "false",
        "hive.metastore.schema.verification": "false",
        "metastore.metrics.enabled": "true",
        "metastore.warehouse.dir": f"{lab.folder}/warehouse",
        "metastore.warehouse.external.dir": f"{lab.folder}/warehouse",
        "metastore.thrift.bind.host": LOOPBACK,
        "metastore.event.db.notification.api.auth": "false",
    }
    lines = (f"<property><name>{k}</name><value>{escape(v)}</value></property>" for k, v in settings.items())
    return f"<configuration>{''.join(lines)}</configuration>\n"


def _use(lab: Lab, interpreter: str, java_home: str) -> None:
    settings = {
        "spark.hadoop.hive.metastore.uris": f"thrift://{lab.address('thrift')}",
        "spark.sql.warehouse.dir": f"{lab.folder}/warehouse",
        "spark.driver.bindAddress": LOOPBACK,
        "spark.driver.host": LOOPBACK,
        "spark.ui.enabled": "false",
    }
    conf = [part for key, value in settings.items() for part in ("--conf", f"{key}={value}")]
    where = home(interpreter)
    env = {"SPARK_HOME": str(where), "SPARK_LOCAL_IP": LOOPBACK, "PYSPARK_PYTHON": interpreter, "JAVA_HOME": java_home}
    client = lab.file("client.py", _CLIENT)
    lab.run("client", [where / "bin/spark-submit", "--master", "local[1]", *conf, client], env=env, seconds=600)
