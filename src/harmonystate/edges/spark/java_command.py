"""How Java is called for a local Spark: what spark-submit's script would start a second JVM to find out."""

import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

# Spark's own, from its JavaModuleOptions.
_OPENED = (
    "java.base/java.lang",
    "java.base/java.lang.invoke",
    "java.base/java.lang.reflect",
    "java.base/java.io",
    "java.base/java.net",
    "java.base/java.nio",
    "java.base/java.util",
    "java.base/java.util.concurrent",
    "java.base/java.util.concurrent.atomic",
    "java.base/jdk.internal.ref",
    "java.base/sun.nio.ch",
    "java.base/sun.nio.cs",
    "java.base/sun.security.action",
    "java.base/sun.util.calendar",
    "java.security.jgss/sun.security.krb5",
)
# Most classes come from these. The JVM looks a class up jar by jar, and an archive is made of them in half the time.
_MOST_USED = (
    "spark-catalyst",
    "spark-sql_",
    "spark-core",
    "scala-library",
    "java-driver-core",
    "spark-cassandra",
    "spark-",
)
# Where Hadoop and Spark look for files of the user's.
_CONF_DIRS = ("SPARK_CONF_DIR", "HADOOP_CONF_DIR", "YARN_CONF_DIR")


def spark_home() -> Path:
    """Return where pyspark is, without importing it."""
    found = find_spec("pyspark")
    assert found is not None  # noqa: S101 - we depend on it
    assert found.origin is not None  # noqa: S101 - it is a package with an __init__.py
    return Path(found.origin).parent


def class_path(jars: Sequence[Path]) -> list[Path]:
    """Return Spark's jars and ours, in an order of our own: an archive is good for one order only."""
    return sorted([*(spark_home() / "jars").glob("*.jar"), *jars], key=_rank)


def java_command(conf: Mapping[str, str], *, java_home: Path, properties: Path) -> list[str]:
    """Return the command that starts Spark's gateway for Python; its class path goes into $CLASSPATH.

    Args:
        conf: of Spark; its options of the driver's JVM become Java's.
        java_home: a Java 17.
        properties: a file that holds `conf`.
    """
    options = [f"--add-opens={package}=ALL-UNNAMED" for package in _OPENED]
    options += ["-Djdk.reflect.useDirectMethodHandle=false", f"-Xmx{conf.get('spark.driver.memory', '1g')}"]
    for name in ("spark.driver.defaultJavaOptions", "spark.driver.extraJavaOptions"):
        options += shlex.split(conf.get(name, ""))
    submit = ["org.apache.spark.deploy.SparkSubmit", "--properties-file", str(properties), "pyspark-shell"]
    return [str(java_home / "bin" / "java"), *options, *submit]


def whole_class_path(conf: Mapping[str, str], jars: Sequence[Path]) -> str:
    """Return what $CLASSPATH is to be: what the user puts first, the jars, the user's folders of configuration."""
    return os.pathsep.join([*_before(conf), *map(str, class_path(jars)), *_behind()])


def _before(conf: Mapping[str, str]) -> Iterator[str]:
    if extra := conf.get("spark.driver.extraClassPath"):
        yield extra


def _behind() -> Iterator[str]:
    yield from (folder for name in _CONF_DIRS if (folder := os.environ.get(name)))


def _rank(jar: Path) -> tuple[int, str]:
    place = next((at for at, name in enumerate(_MOST_USED) if jar.name.startswith(name)), len(_MOST_USED))
    return place, jar.name
