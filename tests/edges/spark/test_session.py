import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import psutil
import pyspark
import pytest
from py4j.protocol import Py4JNetworkError

from harmonystate.edges.local import java
from harmonystate.edges.spark import guard, jvm, session, watchdog
from harmonystate.edges.spark.conf import free_conf, laid_over, spark_conf
from harmonystate.edges.spark.java_command import class_path
from harmonystate.edges.spark.session import open_spark
from harmonystate.errors import Misconfigured, Unavailable
from tests.support.services import child_environment
from tests.support.spark_jvm import stand_in

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


@pytest.mark.parametrize("name", ["spark.driver.extraJavaOptions", "spark.driver.defaultJavaOptions"])
def test_java_options_with_a_quote_left_open_are_refused_and_not_repeated(name):
    with pytest.raises(Misconfigured, match=rf"^spark\.conf\.{name}: a quote .* left open") as refused:
        free_conf({name: '-Dsecret="canary'})

    assert "canary" not in str(refused.value)


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


@pytest.mark.parametrize("name", ["spark.driver.extraJavaOptions", "spark.driver.defaultJavaOptions"])
def test_java_options_of_the_user_s_stand_behind_ours_and_displace_none(name):
    ours = {name: "-Dlog=ours", "spark.ui.enabled": "false"}

    assert laid_over(ours, {name: "-Done=1", "spark.ui.enabled": "true"}) == {
        name: "-Dlog=ours -Done=1",
        "spark.ui.enabled": "true",
    }
    assert laid_over({}, {name: "-Done=1"}) == {name: "-Done=1"}


def test_a_garbage_collector_of_the_user_s_takes_the_place_of_ours_since_java_refuses_two(offline_config):
    option = "spark.driver.extraJavaOptions"

    assert "-XX:+UseSerialGC" in conf_of(offline_config, conf={option: "-XX:TieredStopAtLevel=1"})[option]
    assert "-XX:+UseSerialGC" not in conf_of(offline_config, conf={option: "-Da=b -XX:+UseG1GC"})[option]


def test_a_jvm_that_does_not_start_is_said_with_its_reason(offline_config):
    config = offline_config.model_copy(
        update={"spark": offline_config.spark.model_copy(update={"conf": {"spark.driver.memory": "1 banana"}})}
    )

    with pytest.raises(Unavailable, match=r"does not start .*banana.*spark-ingest\.out"):  # noqa: SIM117
        with open_spark(config, app="ingest", jars=[], java_home=java.find_java()):
            pass


@pytest.fixture
def java_of(tmp_path, monkeypatch):
    """Return a function that makes a Java of a script, and returns its home."""
    # What it sets for Spark is not for the tests after it.
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))

    def make(script):
        java = tmp_path / "bin/java"
        java.parent.mkdir()
        java.write_text(script)
        java.chmod(0o755)
        return tmp_path

    return make


def test_a_jvm_that_is_killed_as_soon_as_it_listens_is_said_not_to_start(offline_config, java_of):
    # Where it listens (port 1, which nobody does), and a secret of one letter: what Spark's gateway writes down.
    # In one move, as Spark does it: on a busy machine the file was seen before it held anything.
    write = 'printf "\\0\\0\\0\\1\\0\\0\\0\\1x" > "$0.info"; mv "$0.info" "$_PYSPARK_DRIVER_CONN_INFO_PATH"'
    java_home = java_of(f"#!/bin/sh\n{write}\n")

    with pytest.raises(Unavailable, match=r"JVM does not start .*spark-ingest\.out"):  # noqa: SIM117
        with open_spark(offline_config, app="ingest", jars=[], java_home=java_home):
            pass


# It says where it listens, takes the connection, and no more.
MUTE = f"""#!{sys.executable} -SE
import os, socket, struct, time
with socket.create_server(("127.0.0.1", 0)) as server:
    info = os.environ["_PYSPARK_DRIVER_CONN_INFO_PATH"]
    with open(info + ".new", "wb") as file:
        file.write(struct.pack(">ii", server.getsockname()[1], 1) + b"x")
    os.rename(info + ".new", info)
    time.sleep(600)
"""


@pytest.mark.parametrize(
    ("script", "within_s"), [("#!/bin/sh\nexec sleep 600\n", 0.1), (MUTE, 60)], ids=["mute", "deaf"]
)
def test_a_jvm_that_freezes_before_it_answers_is_ended_and_said_not_to_start(
    offline_config, java_of, monkeypatch, script, within_s
):
    monkeypatch.setattr(jvm, "STARTS_WITHIN_S", within_s)
    monkeypatch.setattr(watchdog, "TICK_S", 0.001)
    before = psutil.Process().children()

    with pytest.raises(Unavailable, match=r"JVM does not start .*spark-ingest\.out"):  # noqa: SIM117
        with open_spark(offline_config, app="ingest", jars=[], java_home=java_of(script)):
            pass

    assert psutil.Process().children() == before


def test_a_jvm_that_freezes_while_spark_comes_up_is_ended_and_said_not_to_start(offline_config, monkeypatch):
    def wait_for_an_answer(**_):
        child.wait(60)
        raise Py4JNetworkError("Answer from Java side is empty")

    system = SimpleNamespace(currentTimeMillis=wait_for_an_answer)
    monkeypatch.setattr(pyspark, "SparkContext", wait_for_an_answer)
    monkeypatch.setattr(session, "shut_down", lambda *_, **__: None)
    monkeypatch.setattr(guard, "_LOOK_EVERY_S", 0.001)
    monkeypatch.setattr(watchdog, "TICK_S", 0.001)
    with stand_in() as child:
        gateway = SimpleNamespace(proc=child, jvm=SimpleNamespace(System=system))
        monkeypatch.setattr(session, "launch_local", lambda *_, **__: gateway)

        with pytest.raises(Unavailable, match=r"Spark does not start .*spark-ingest\.log"):  # noqa: SIM117
            with open_spark(offline_config, app="ingest", jars=[], java_home=java.find_java()):
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


FROZEN = """
import os
import signal
from harmonystate.config import Config, LocalSettings
from harmonystate.edges.local.java import find_java
from harmonystate.edges.spark import watchdog
from harmonystate.edges.spark.guard import guarded
from harmonystate.edges.spark.jvm import jvm_of
from harmonystate.edges.spark.session import open_spark
from harmonystate.edges.spark.lives import SparkLost

watchdog.PATIENT = 3
config = Config(local=LocalSettings(home=os.environ["HOME_OF_THE_TEST"]))
without_connector = {"spark.sql.extensions": ""}
with open_spark(config, app="analyze", jars=[], java_home=find_java(), extra_conf=without_connector) as spark:
    jvm_of(spark).send_signal(signal.SIGSTOP)
    try:
        with guarded(spark):
            spark.range(3).count()
    except SparkLost:
        assert jvm_of(spark).returncode == -signal.SIGKILL
        print("lost")
"""


@pytest.mark.services
def test_a_jvm_that_is_frozen_is_ended_and_makes_way_for_another_one(tmp_path):
    environment = child_environment(HOME_OF_THE_TEST=str(tmp_path))

    said = subprocess.run([sys.executable, "-c", FROZEN], env=environment, capture_output=True, text=True, check=False)

    assert (said.returncode, said.stdout) == (0, "lost\n"), said.stderr


CHATTY = """
import os
from pathlib import Path
from harmonystate.commands.demo import place
from harmonystate.config import Config
from harmonystate.edges.local.java import find_java
from harmonystate.edges.spark.session import open_spark

config = place.make(Config(), Path(os.environ["HOME_OF_THE_TEST"]) / "demo", discord=False)
without_connector = {"spark.sql.extensions": ""}
with open_spark(config, app="ingest", jars=[], java_home=find_java(), extra_conf=without_connector) as spark:
    jvm = spark.sparkContext._jvm
    options = list(jvm.java.lang.management.ManagementFactory.getRuntimeMXBean().getInputArguments())
    assert set(config.spark.conf["spark.driver.extraJavaOptions"].split()) < set(options), options
    logger = jvm.org.slf4j.LoggerFactory.getLogger("org.apache.spark.Chatty")
    for _ in range(50):
        logger.info("nobody reads this")
        logger.warn("x" * 1_000_000)
"""


@pytest.mark.services
def test_the_demo_s_spark_writes_warnings_only_and_no_more_than_forty_megabytes_of_them(tmp_path):
    environment = child_environment(HOME_OF_THE_TEST=str(tmp_path))

    said = subprocess.run([sys.executable, "-c", CHATTY], env=environment, capture_output=True, text=True, check=False)

    assert said.returncode == 0, said.stderr
    logs = tmp_path / "demo/logs"
    assert (logs / "spark-ingest.out").read_text() == ""
    kept = sorted(path.name for path in logs.glob("spark-ingest.log*"))
    assert kept == ["spark-ingest.log", *(f"spark-ingest.log.{number}" for number in (1, 2, 3))]
    assert sum((logs / name).stat().st_size for name in kept) <= 4 * (10 * 2**20 + 1_000_200)
    assert not any(b"nobody reads this" in (logs / name).read_bytes() for name in kept)
