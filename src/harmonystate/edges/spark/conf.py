"""The options of every Spark session of ours."""

import os
import re
import shlex
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path

from harmonystate.config import CassandraSettings, Config
from harmonystate.edges.spark.cassandra_tls import tls_conf
from harmonystate.edges.spark.own_keys import misspelt
from harmonystate.errors import Misconfigured

_JAVA_OPTIONS = ("spark.driver.defaultJavaOptions", "spark.driver.extraJavaOptions")
_COLLECTOR = re.compile(r"-XX:\+Use\w+GC\b")


def spark_conf(config: Config, *, app: str, jars: Sequence[Path], logs: Path) -> dict[str, str]:
    """Return what every session of ours has set, before `spark.conf`."""
    log4j = Path(str(resources.files(__package__).joinpath("log4j2.properties"))).as_uri()
    conf = {
        "spark.app.name": f"harmony {app}",
        "spark.master": config.spark.master,
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.extensions": "com.datastax.spark.connector.CassandraSparkExtensions",
        "spark.sql.warehouse.dir": (config.local.home / "warehouse").as_uri(),
        "spark.sql.shuffle.partitions": str(os.cpu_count() or 1),
        "spark.driver.extraJavaOptions": (
            f'{_collector(config)} "-Dlog4j2.configurationFile={log4j}" "-Dharmony.log={logs / f"spark-{app}.log"}"'
        ).strip(),
        **_cassandra_conf(config.cassandra),
        **tls_conf(config.cassandra, config.local.home),
    }
    if is_local(config.spark.master):
        conf |= {"spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1"}
        # A local scheduler that waits for a better place is never woken: a stage over cached and connector's partitions
        # hung for ever [ran].
        conf["spark.locality.wait"] = "0s"
    else:
        conf["spark.jars"] = ",".join(str(jar) for jar in jars)
    return conf


def _cassandra_conf(settings: CassandraSettings) -> dict[str, str]:
    conf = {
        "spark.cassandra.connection.host": ",".join(settings.contact_points),
        "spark.cassandra.connection.port": str(settings.port),
        "spark.cassandra.connection.localDC": settings.datacenter,
        # By default it waits up to a minute between two looks at a node that was away.
        "spark.cassandra.connection.reconnectionDelayMS.max": "2000",
        # The connector reads at LOCAL_ONE by default: right after a node's restart that misses acknowledged rows.
        "spark.cassandra.input.consistency.level": "LOCAL_QUORUM",
        "spark.cassandra.output.consistency.level": "LOCAL_QUORUM",
        # A null would be written as a tombstone.
        "spark.cassandra.output.ignoreNulls": "true",
        # Larger than the default 1024, for all rows of a batch go to one partition: fewer batches cost both sides less.
        "spark.cassandra.output.batch.size.bytes": "65536",
    }
    if settings.username and settings.password:
        conf["spark.cassandra.auth.username"] = settings.username
        conf["spark.cassandra.auth.password"] = settings.password.get_secret_value()
    return conf


def free_conf(conf: Mapping[str, object]) -> dict[str, str]:
    """Return `spark.conf` as Spark reads it: `true`, not `True`.

    Raises:
        Misconfigured: for a key that Spark would leave out, or not know, without a word.
    """
    for name in conf:
        if not name.startswith("spark."):
            raise Misconfigured(f"spark.conf.{name}: Spark's own keys begin with `spark.`")
        if meant := misspelt(name):
            raise Misconfigured(f"spark.conf.{name}: unknown key; did you mean spark.conf.{meant}?")
    for name in conf.keys() & _JAVA_OPTIONS:
        _refuse_open_quote(name, str(conf[name]))
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in conf.items()}


def _refuse_open_quote(name: str, options: str) -> None:
    try:
        shlex.split(options)  # as `java_command` does
    except ValueError as fault:
        raise Misconfigured(f"spark.conf.{name}: a quote or backslash is left open ({fault})") from None


def laid_over(ours: Mapping[str, str], theirs: Mapping[str, str]) -> dict[str, str]:
    """Return `ours` with the user's options on top; of Java's options both stand, the user's last, where they win.

    Whoever adds one of Java's must not lose the log file that keeps Spark quiet, and its bounds.
    """
    both = {name: f"{ours[name]} {theirs[name]}" for name in _JAVA_OPTIONS if name in ours and name in theirs}
    return {**ours, **theirs, **both}


def is_local(master: str) -> bool:
    """Say whether Spark runs in this process's own JVM, and on no cluster."""
    return master.startswith("local")


def _collector(config: Config) -> str:
    """Return the option for our garbage collector; none where the user names one, for Java refuses to have two."""
    named = any(_COLLECTOR.search(str(config.spark.conf.get(name, ""))) for name in _JAVA_OPTIONS)
    return "" if named else "-XX:+UseSerialGC"
