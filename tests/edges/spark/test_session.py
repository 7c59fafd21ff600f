import subprocess
import sys
from pathlib import Path

import pytest

from harmonystate.edges.local import java
from harmonystate.edges.spark.conf import free_conf, spark_conf
from harmonystate.edges.spark.java_command import class_path
from harmonystate.edges.spark.session import open_spark
from harmonystate.errors import Misconfigured, Unavailable
from tests.support.services import child_environment

JARS = [Path("/jars/one.jar"), Path("/jars/two.jar")]


def conf_of(config, **spark):
    config = config.model_copy(update={"spark": config.spark.model_copy(update=spark)})
    return spark_conf(config, app="ingest", jars=JARS, logs=config.local.home / "logs")


def test_every_session_speaks_utc_and_reads_and_writes_at_a_quorum(offline_config):
    conf = conf_of(offline_config)

    assert conf["spark.sql.session.timeZone"] == "UTC"
    assert conf["spark.ui.enabled"] == "false"
    assert conf["spark.cassandra.input.consistency.level"] == "LOCAL_QUORUM"
    assert conf["spark.cassandra.output.consistency.level"] == "LOCAL_QUORUM"
    assert conf["spark.cassandra.output.ignoreNulls"] == "true"
    assert conf["spark.cassandra.connection.port"] == str(offline_config.cassandra.port)


def test_a_local_master_listens_on_loopback_and_a_cluster_s_does_not_have_to(offline_config):
    assert conf_of(offline_config)["spark.driver.bindAddress"] == "127.0.0.1"
    assert "spark.driver.bindAddress" not in conf_of(offline_config, master="spark://head:7077")


def test_a_cluster_is_sent_the_jars_and_a_local_spark_has_them_on_its_class_path(offline_config):
    assert conf_of(offline_config, master="spark://head:7077")["spark.jars"] == "/jars/one.jar,/jars/two.jar"
    assert "spark.jars" not in conf_of(offline_config)
    assert set(JARS) < set(class_path(JARS))


def test_free_options_are_written_as_spark_reads_them():
    assert free_conf({"spark.a": True, "spark.b": 3, "spark.c": "x"}) == {
        "spark.a": "true",
        "spark.b": "3",
        "spark.c": "x",
    }


def test_a_free_option_that_spark_would_overlook_is_refused():
    with pytest.raises(Misconfigured, match=r"spark\.conf\.executor\.memory"):
        free_conf({"executor.memory": "1g"})


def test_a_misspelt_key_is_refused_with_the_one_that_is_meant():
    with pytest.raises(Misconfigured) as refused:
        free_conf({"spark.executr.memory": "1g"})

    assert str(refused.value) == (
        "spark.conf.spark.executr.memory: unknown key; did you mean spark.conf.spark.executor.memory?"
    )


@pytest.mark.parametrize(
    "name",
    [
        *(
            "spark.executor.memory",
            "spark.sql.shuffle.partitions",
            "spark.network.crypto.enabled",
            "spark.jars.packages",
        ),
        *(
            "spark.kubernetes.namespace",
            "spark.yarn.queue",
            "spark.shuffle.io.maxRetries",
            "spark.sql.session.timeZone",
        ),
        *("spark.executor.resource.gpu.amount", "spark.ssl.ui.enabled", "spark.executorEnv.A", "spark.hadoop.fs.s3a.x"),
        *("spark.sql.catalog.spark_catalog2", "spark.cassandra.input.readsPerSec", "spark.kubernetes.driver.label.app"),
        "spark.a.plugin.of.their.own",
    ],
)
def test_spark_s_own_keys_and_those_of_others_are_taken(name):
    assert free_conf({name: "x"}) == {name: "x"}


def test_a_jvm_that_does_not_start_is_said_with_its_reason(offline_config):
    config = offline_config.model_copy(
        update={"spark": offline_config.spark.model_copy(update={"conf": {"spark.driver.memory": "1 banana"}})}
    )

    with pytest.raises(Unavailable, match=r"does not start .*banana.*spark-ingest\.out"):  # noqa: SIM117
        with open_spark(config, app="ingest", jars=[], java_home=java.find_java()):
            pass


def test_a_jvm_that_is_killed_as_soon_as_it_listens_is_said_not_to_start(offline_config, tmp_path):
    java = tmp_path / "bin/java"
    java.parent.mkdir()
    # Where it listens (port 1, which nobody does), and a secret of one letter: what Spark's gateway writes down.
    java.write_text('#!/bin/sh\nprintf "\\0\\0\\0\\1\\0\\0\\0\\1x" > "$_PYSPARK_DRIVER_CONN_INFO_PATH"\n')
    java.chmod(0o755)

    with pytest.raises(Unavailable, match=r"JVM does not start .*spark-ingest\.out"):  # noqa: SIM117
        with open_spark(offline_config, app="ingest", jars=[], java_home=tmp_path):
            pass


PROGRAM = """
import os
from pathlib import Path
from pydantic import SecretStr
from harmonystate.config import CassandraSettings, Config, LocalSettings
from harmonystate.edges.local.java import find_java
from harmonystate.edges.spark.java_command import class_path
from harmonystate.edges.spark.session import open_spark

cassandra = CassandraSettings(username="harmony", password=SecretStr(os.environ["CANARY"]))
config = Config(cassandra=cassandra, local=LocalSettings(home=os.environ["HOME_OF_THE_TEST"]))
without_connector = {"spark.sql.extensions": ""}
with open_spark(config, app="ingest", jars=[], java_home=find_java(), extra_conf=without_connector) as spark:
    assert spark.range(3).count() == 3
    assert spark.conf.get("spark.cassandra.auth.password") == os.environ["CANARY"]
    own = os.getsid(0)
    jvms = [path for path in Path("/proc").glob("[0-9]*/cmdline") if b"SparkSubmit" in path.read_bytes()]
    assert any(os.getsid(int(path.parent.name)) == int(path.parent.name) != own for path in jvms)
    assert not any(os.environ["CANARY"].encode() in path.read_bytes() for path in jvms)
"""


@pytest.mark.services
def test_nothing_of_spark_s_reaches_the_terminal_and_no_password_the_command_line(tmp_path):
    environment = child_environment(CANARY="canary-5f1c", HOME_OF_THE_TEST=str(tmp_path))

    said = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=False)

    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")
    assert not any(b"canary" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
