"""A quiet SparkSession in a JVM that goes when we go."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib import resources
from pathlib import Path
from typing import Any

import pyspark
from py4j.protocol import Py4JError
from pyspark import SparkContext
from pyspark.errors import PySparkRuntimeError
from pyspark.java_gateway import launch_gateway
from pyspark.sql import SparkSession

from harmonystate.config import CassandraSettings, Config
from harmonystate.errors import Misconfigured, Unavailable

_JVM_LEAVES_WITHIN_S = 10


@contextmanager
def open_spark(
    config: Config,
    *,
    app: str,
    jars: Sequence[Path],
    java_home: Path,
    extra_conf: Mapping[str, str] | None = None,
    inherited_fds: Sequence[int] = (),
) -> Iterator[SparkSession]:
    """Start Spark, and stop it and its JVM at the end.

    The JVM runs in a session of its own, so that ^C in the terminal does not reach it before us; it ends by itself
    when this process is gone. Nothing of Spark's comes to our stdout or stderr: see `<local.home>/logs/spark-<app>.*`.

    Args:
        config: where Spark and Cassandra are; `spark.conf` lies on top of everything.
        app: the command's name.
        jars: the Kafka source, the Cassandra connector, and what they need.
        java_home: a Java 17.
        extra_conf: what this command needs beyond the common options.
        inherited_fds: files that the JVM shall hold open as long as it lives, such as a lock.

    Raises:
        Unavailable: when the JVM or Spark does not start, with the first line of what it said.
    """
    logs = config.local.home / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    conf = {**spark_conf(config, app=app, jars=jars, logs=logs), **(extra_conf or {}), **free_conf(config.spark.conf)}
    _set_environment(config.spark.master, java_home)
    gateway = _launch(conf, logs / f"spark-{app}.out", inherited_fds)
    try:
        yield _open_session(gateway, logs / f"spark-{app}.log")
    finally:
        _shut_down(gateway)


def spark_conf(config: Config, *, app: str, jars: Sequence[Path], logs: Path) -> dict[str, str]:
    """Return what every session of ours has set, before `spark.conf`."""
    log4j = Path(str(resources.files(__package__).joinpath("log4j2.properties"))).as_uri()
    conf = {
        "spark.app.name": f"harmony {app}",
        "spark.master": config.spark.master,
        "spark.jars": ",".join(str(jar) for jar in jars),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.extensions": "com.datastax.spark.connector.CassandraSparkExtensions",
        "spark.sql.warehouse.dir": (config.local.home / "warehouse").as_uri(),
        "spark.sql.shuffle.partitions": str(os.cpu_count() or 1),
        "spark.driver.extraJavaOptions": (
            f'-XX:+UseSerialGC "-Dlog4j2.configurationFile={log4j}" "-Dharmony.log={logs / f"spark-{app}.log"}"'
        ),
        **_cassandra_conf(config.cassandra),
    }
    if _is_local(config.spark.master):
        conf |= {"spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1"}
    return conf


def _cassandra_conf(settings: CassandraSettings) -> dict[str, str]:
    conf = {
        "spark.cassandra.connection.host": ",".join(settings.contact_points),
        "spark.cassandra.connection.port": str(settings.port),
        "spark.cassandra.connection.localDC": settings.datacenter,
        # The connector reads at LOCAL_ONE by default: right after a node's restart that misses acknowledged rows.
        "spark.cassandra.input.consistency.level": "LOCAL_QUORUM",
        "spark.cassandra.output.consistency.level": "LOCAL_QUORUM",
        # A null would be written as a tombstone.
        "spark.cassandra.output.ignoreNulls": "true",
        # Larger than the default 1024, for all rows of a batch go to one partition: 1.5 times the rows a second.
        "spark.cassandra.output.batch.size.bytes": "16384",
    }
    if settings.username and settings.password:
        conf["spark.cassandra.auth.username"] = settings.username
        conf["spark.cassandra.auth.password"] = settings.password.get_secret_value()
    return conf


def _set_environment(master: str, java_home: Path) -> None:
    """Set what pyspark reads only from the environment: without it, workers run another Python, Spark another Java."""
    os.environ.update(
        JAVA_HOME=str(java_home), PYSPARK_PYTHON=sys.executable, SPARK_HOME=str(Path(pyspark.__file__).parent)
    )
    if _is_local(master):
        os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"


def _launch(conf: Mapping[str, str], output: Path, inherited_fds: Sequence[int]) -> Any:
    """Start the JVM with its options in a file only we can read, so that no password stands in `ps`."""
    with tempfile.NamedTemporaryFile("w", suffix=".properties", encoding="utf-8") as file, output.open("wb") as out:
        file.writelines(f"{_escape(name)}={_escape(value)}\n" for name, value in conf.items())
        file.flush()
        os.environ["PYSPARK_SUBMIT_ARGS"] = f'--properties-file "{file.name}" pyspark-shell'
        popen = {"start_new_session": True, "stdout": out, "stderr": subprocess.STDOUT, "pass_fds": inherited_fds}
        try:
            return launch_gateway(popen_kwargs=popen)  # type: ignore[no-untyped-call]
        except (PySparkRuntimeError, OSError) as fault:
            raise Unavailable(f"Spark's JVM does not start ({_first_line(output) or fault}): see {output}") from None


def _open_session(gateway: Any, log: Path) -> SparkSession:
    ours = signal.getsignal(signal.SIGINT)
    try:
        return SparkSession(SparkContext(gateway=gateway))
    except Py4JError as fault:
        raise Unavailable(f"Spark does not start ({_cause(fault)}): see {log}") from fault
    finally:
        # SparkContext makes ^C raise KeyboardInterrupt in the middle of a batch; it shall finish the batch.
        if ours is not None:
            signal.signal(signal.SIGINT, ours)


def _shut_down(gateway: Any) -> None:
    """Stop Spark and wait for the JVM; one that went first is no error."""
    context = SparkContext._active_spark_context
    with suppress(Py4JError, OSError):
        if context is not None:
            context.stop()
    with suppress(Py4JError, OSError):
        gateway.shutdown()
    # The JVM leaves when its stdin closes.
    gateway.proc.stdin.close()
    try:
        gateway.proc.wait(_JVM_LEAVES_WITHIN_S)
    except subprocess.TimeoutExpired:
        gateway.proc.kill()
        gateway.proc.wait()
    # Else the next session in this process would talk to the JVM that is gone.
    SparkContext._gateway = SparkContext._jvm = SparkContext._active_spark_context = None


def _is_local(master: str) -> bool:
    return master.startswith("local")


def free_conf(conf: Mapping[str, object]) -> dict[str, str]:
    """Return `spark.conf` as Spark reads it: `true`, not `True`.

    Raises:
        Misconfigured: for a key that Spark would leave out without a word.
    """
    for name in conf:
        if not name.startswith("spark."):
            raise Misconfigured(f"spark.conf.{name}: Spark's own keys begin with `spark.`")
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in conf.items()}


def _escape(text: str) -> str:
    """Escape for a Java properties file."""
    escaped = text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    return escaped.replace("=", "\\=").replace(":", "\\:").replace(" ", "\\ ").replace("#", "\\#").replace("!", "\\!")


def _first_line(output: Path) -> str:
    """Return where a JVM that does not start says why; what follows is that it does not."""
    lines = output.read_text(errors="replace").split("\n")
    return next((line.strip() for line in lines if line.strip()), "")


def _cause(fault: Py4JError) -> str:
    return str(fault).strip().splitlines()[-1 if "\n" not in str(fault) else 1].strip()
