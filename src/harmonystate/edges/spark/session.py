"""A quiet SparkSession in a JVM that goes when we go."""

import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harmonystate.config import Config
from harmonystate.edges.spark.cassandra_tls import checking_hosts
from harmonystate.edges.spark.conf import free_conf, is_local, laid_over, spark_conf
from harmonystate.edges.spark.jvm import LEAVES_WITHIN_S, launch, launch_local, set_environment, shut_down
from harmonystate.errors import Unavailable

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@contextmanager
def open_spark(  # noqa: PLR0913 - two of them only special callers need
    config: Config,
    *,
    app: str,
    jars: Sequence[Path],
    java_home: Path,
    extra_conf: Mapping[str, str] | None = None,
    inherited_fds: Sequence[int] = (),
    patience_s: float = LEAVES_WITHIN_S,
) -> "Iterator[SparkSession]":
    """Start Spark, and stop it and its JVM at the end.

    The JVM runs in a session of its own, so that ^C in the terminal does not reach it before us; it ends by itself
    when this process is gone. Nothing of Spark's comes to our stdout or stderr: see `<local.home>/logs/spark-<app>.*`.

    Args:
        config: where Spark and Cassandra are; `spark.conf` lies on top of everything, see `conf.laid_over`.
        app: the command's name.
        jars: the Kafka source, the Cassandra connector, and what they need.
        java_home: a Java 17.
        extra_conf: what this command needs beyond the common options.
        inherited_fds: files that the JVM shall hold open as long as it lives, such as a lock.
        patience_s: how long the JVM may take to leave before it is killed.

    Raises:
        Unavailable: when the JVM or Spark does not start, with the first line of what it said.
    """
    logs = config.local.home / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    ours, free = spark_conf(config, app=app, jars=jars, logs=logs), free_conf(config.spark.conf)
    conf = checking_hosts(laid_over({**ours, **(extra_conf or {})}, free))
    local, output = is_local(config.spark.master), logs / f"spark-{app}.out"
    set_environment(java_home, local=local)
    if local:
        gateway = launch_local(conf, output, inherited_fds, java_home=java_home, jars=jars)
    else:
        gateway = launch(conf, output, inherited_fds)
    try:
        yield _open_session(gateway, logs / f"spark-{app}.log")
    finally:
        shut_down(gateway, patience_s=patience_s)


def forget_cassandra(spark: "SparkSession") -> None:
    """Let the connector connect anew; to be called after any failure in which Cassandra may have been away.

    The connector asks for the schema before each read and write, and a session of the Java driver that was asked while
    it had no connection may never answer again (it is a known fault of the driver: `refreshSchema` hangs).
    """
    jvm = spark.sparkContext._jvm
    assert jvm is not None  # noqa: S101 - a session is open
    jvm.com.datastax.spark.connector.cql.CassandraConnector.evictCache()


def _open_session(gateway: Any, log: Path) -> "SparkSession":
    from py4j.protocol import Py4JError
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    from harmonystate.edges.spark.faults import cause_of
    from harmonystate.edges.spark.guard import asking

    def ask() -> None:
        gateway.jvm.System.currentTimeMillis()

    try:
        # On a cluster with no room it may take long, but the JVM here answers meanwhile.
        with _keeping_our_answer_to_ctrl_c(), asking(gateway.proc, ask):
            return SparkSession(SparkContext(gateway=gateway))
    except (Py4JError, OSError) as fault:
        raise Unavailable(f"Spark does not start ({cause_of(fault)}): see {log}") from fault


@contextmanager
def _keeping_our_answer_to_ctrl_c() -> Iterator[None]:
    """SparkContext makes ^C raise KeyboardInterrupt in the middle of a batch, but the batch shall be finished."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ours = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, ours)
