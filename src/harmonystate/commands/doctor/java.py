"""Java, and the jars that run in it."""

from collections.abc import Iterator

from harmonystate.commands.doctor.examining import Category, Look
from harmonystate.config import Config
from harmonystate.core.checkup import Finding, fail, ok, warn
from harmonystate.edges.local import java
from harmonystate.edges.local.jar_check import inspect

SETS = ("kafka", "cassandra", "spark")


def version(_: Config) -> Iterator[Finding]:
    """Look for a Java that runs Kafka, Cassandra and Spark."""
    yield ok(f"Java {java.VERSION} at {java.find_java()}")


def jars(_: Config) -> Iterator[Finding]:
    """Look whether every pinned jar is there, byte by byte."""
    for name in SETS:
        condition = inspect(name)
        for jar in condition.damaged:
            yield fail(f"{jar.coordinates}: its content is not the pinned one", f"delete {condition.path_of(jar)}")
        if condition.missing:
            size = sum(jar.size for jar in condition.missing) / 1e6
            yield warn(f"{len(condition.missing)} of {condition.total} jars of {name} are not here yet ({size:.0f} MB)")
        elif not condition.damaged:
            yield ok(f"{condition.total} jars of {name}, each with the pinned sha256")


JAVA = Category(
    "java",
    (
        Look("java-version", f"install a Java {java.VERSION}, or set JAVA_HOME to one", version),
        Look("jars", "they are fetched when a command needs them first: `harmony up`, ingest or analyze", jars),
    ),
)
