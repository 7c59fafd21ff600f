"""ingest: rows/s from a full topic into Cassandra, start of Spark included and left out; CPU of the process.

    HARMONY_KAFKA__BOOTSTRAP_SERVERS=127.0.0.1:19092 HARMONY_CASSANDRA__PORT=19042 \\
        .venv/bin/python -m bench.ingest [reports]

Topics and keyspace of its own, removed at the end. The steady rate is from the first to the last batch: batches of
100,000 offsets, timed by what the group `ingest` has committed; Kafka and Cassandra share the cores.
"""

import os
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

from harmonystate import config
from harmonystate.config import KafkaSettings
from harmonystate.edges.cassandra import schema
from harmonystate.edges.cassandra.connect import connected
from harmonystate.edges.kafka.connect import open_admin
from harmonystate.edges.kafka.offsets import committed
from harmonystate.edges.kafka.topics import create_topics

HARMONY = str(Path(sys.executable).with_name("harmony"))


def main(count: int = 1_000_000) -> dict[str, float]:
    """Measure, print, and return the figures by name."""
    run = f"bench_{uuid.uuid4().hex[:8]}"
    topics = {name: f"{run}.{name}" for name in ("global1", "global2", "alert", "delivery")}
    # One name for both topics: each report is written once.
    topics |= {"global1": f"{run}.global2", "dead_letter": f"{run}.dead-letter"}
    settings = config.load(None, kafka={"topics": topics}, cassandra={"keyspace": run})
    create_topics(settings.kafka)
    schema.apply(settings.cassandra)
    try:
        with tempfile.TemporaryDirectory() as home:
            environment = os.environ | {"HARMONY_LOCAL__HOME": home, "HARMONY_CASSANDRA__KEYSPACE": run}
            environment |= {f"HARMONY_KAFKA__TOPICS__{name}".upper(): topic for name, topic in topics.items()}
            fleet = ["--count", str(count), "--drones", "10000", "--seed", "1", "--start", "24h", "--quiet"]
            subprocess.run([HARMONY, "produce", *fleet], env=environment, check=True)
            figures = _measure(settings.kafka, count, environment)
    finally:
        with open_admin(settings.kafka) as admin:
            admin.delete_topics(sorted(set(topics.values())))
        with connected(settings.cassandra) as session:
            session.execute(f"DROP KEYSPACE {run}", timeout=60)
    for name, figure in figures.items():
        print(f"ingest {name:28} {figure:>12,.1f}")
    return figures


def _measure(kafka: KafkaSettings, count: int, environment: dict[str, str]) -> dict[str, float]:
    """Run it once; its own resources, those of its JVM among them, are read from the process as it ends."""
    started = time.monotonic()
    child = subprocess.Popen([HARMONY, "ingest", "--once", "--quiet"], env=environment)
    batches = []
    while not (ended := os.wait4(child.pid, os.WNOHANG))[0]:
        done = sum(offset for offset, _ in committed(kafka, "ingest", kafka.topics.global2).values())
        if done and (not batches or done != batches[-1][1]):
            batches.append((time.monotonic(), done))
        time.sleep(0.1)
    _, status, used = ended
    wall = time.monotonic() - started
    if status:
        raise SystemExit(f"bench: harmony ingest ended with {os.waitstatus_to_exitcode(status)}")
    (first_at, first), (last_at, last) = batches[0], batches[-1]
    return {
        "rows/s": count / wall,
        "steady rows/s": (last - first) / (last_at - first_at),
        "CPU us/row": (used.ru_utime + used.ru_stime) / count * 1e6,
        "first batch after s": first_at - started,
    }


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
