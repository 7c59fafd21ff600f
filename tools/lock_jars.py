"""Writes src/harmonystate/data/jars.lock: every jar that Kafka, Cassandra and Spark's extensions need, by content.

    python tools/lock_jars.py

Needs Maven (`mvn`) and the network; only who changes a version below runs it. Users need neither: `harmony up` fetches
exactly what the lock names.
"""

import hashlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

LOCK = Path(__file__).parents[1] / "src/harmonystate/data/jars.lock"

ROOTS = {
    # log4j-slf4j-impl: without a binding the broker logs nothing.
    "kafka": (
        "org.apache.kafka:kafka_2.13:4.3.1",
        "org.apache.kafka:kafka-tools:4.3.1",
        "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4",
    ),
    "cassandra": ("org.apache.cassandra:cassandra-all:5.0.9",),
    "spark": (
        # The newest build for Scala 2.12 that resolves; it runs on pyspark 3.5.9.
        "org.apache.spark:spark-sql-kafka-0-10_2.12:3.5.3",
        "com.datastax.spark:spark-cassandra-connector_2.12:3.5.1",
    ),
}

# pyspark ships these; its own class loader would find its own ones first in any case.
SHIPPED_BY_PYSPARK = re.compile(
    r"hadoop-.*|scala-library|scala-reflect|commons-logging|slf4j-api|snappy-java|lz4-java|jsr305|spark-tags_2\.12|commons-lang3"
)

HEADER = """\
# The jars of Kafka, Cassandra and Spark's extensions. Made by tools/lock_jars.py; not edited by hand.
# set group:artifact:version[:classifier] sha256 size
"""


def main() -> None:
    lines = sorted({line for name, roots in ROOTS.items() for line in lock_set(name, roots)})
    LOCK.write_text(HEADER + "\n".join(lines) + "\n")
    print(f"{LOCK}: {len(lines)} jars", file=sys.stderr)


def lock_set(name: str, roots: tuple[str, ...]) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        for jar in resolve(Path(folder), roots):
            group, artifact, version, classifier = coordinates(jar.relative_to(Path(folder) / "jars"))
            if name == "spark" and SHIPPED_BY_PYSPARK.fullmatch(artifact):
                continue
            named = ":".join(filter(None, (group, artifact, version, classifier)))
            yield f"{name} {named} {hashlib.sha256(jar.read_bytes()).hexdigest()} {jar.stat().st_size}"


def resolve(folder: Path, roots: tuple[str, ...]) -> list[Path]:
    """Let Maven settle the versions; its repository layout keeps what a flat folder loses, the group."""
    (folder / "pom.xml").write_text(pom(roots))
    command = ["mvn", "--batch-mode", "--quiet", "dependency:copy-dependencies", "-DincludeScope=runtime"]
    layout = ["-Dmdep.useRepositoryLayout=true", f"-DoutputDirectory={folder / 'jars'}"]
    subprocess.run([*command, *layout], cwd=folder, check=True)
    return sorted((folder / "jars").rglob("*.jar"))


def pom(roots: tuple[str, ...]) -> str:
    dependencies = "".join(
        f"<dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{version}</version></dependency>"
        for group, artifact, version in (root.split(":") for root in roots)
    )
    head = "<modelVersion>4.0.0</modelVersion><groupId>lock</groupId><artifactId>lock</artifactId><version>1</version>"
    return f"<project>{head}<dependencies>{dependencies}</dependencies></project>"


def coordinates(jar: Path) -> tuple[str, str, str, str]:
    """Read group, artifact, version and classifier ("" without one) from a path of the repository layout."""
    *group, artifact, version, file = jar.parts
    classifier = file.removeprefix(f"{artifact}-{version}").removesuffix(".jar").removeprefix("-")
    return ".".join(group), artifact, version, classifier


if __name__ == "__main__":
    main()
