"""Where a measurement takes place: the services that the environment names, topics, keyspace and home of its own."""

import os
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from harmonystate import config
from harmonystate.config import Config
from harmonystate.edges.cassandra import schema
from harmonystate.edges.cassandra.connect import connected
from harmonystate.edges.kafka.connect import open_admin
from harmonystate.edges.kafka.topics import create_topics

HARMONY = str(Path(sys.executable).with_name("harmony"))


class Place(NamedTuple):
    """A place to measure at; `environment` leads child processes there."""

    config: Config
    environment: Mapping[str, str]

    def start(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """Start `harmony`; its stdout is thrown away."""
        return start_harmony(self.environment, *arguments)

    def run(self, *arguments: str) -> None:
        """Run `harmony` to its end; whatever is not 0 ends the measurement."""
        run_harmony(self.environment, *arguments)


def start_harmony(environment: Mapping[str, str], *arguments: str) -> "subprocess.Popen[bytes]":
    """Start `harmony` in this environment; its stdout is thrown away."""
    return subprocess.Popen([HARMONY, *arguments, "--quiet"], env=environment, stdout=subprocess.DEVNULL)


def run_harmony(environment: Mapping[str, str], *arguments: str) -> None:
    """Run `harmony` to its end; whatever is not 0 ends the measurement."""
    if code := start_harmony(environment, *arguments).wait():
        raise SystemExit(f"bench: harmony {' '.join(arguments)} ended with {code}")


@contextmanager
def own_place(*, one_global_topic: bool = False, tables: bool = False) -> Iterator[Place]:
    """Make a place and remove it at the end.

    Args:
        one_global_topic: global1 and global2 are the same, so each report is written once.
        tables: with a keyspace, its tables in it.
    """
    run = f"bench_{uuid.uuid4().hex[:8]}"
    topics = {name: f"{run}.{name}" for name in ("global1", "global2", "alert", "dead_letter", "delivery", "silence")}
    if one_global_topic:
        topics["global1"] = topics["global2"]
    settings = config.load(None, kafka={"topics": topics}, cassandra={"keyspace": run})
    create_topics(settings.kafka)
    if tables:
        schema.apply(settings.cassandra)
    try:
        with tempfile.TemporaryDirectory(prefix="harmony-bench-") as home:
            ours = {"HARMONY_LOCAL__HOME": home, "HARMONY_CASSANDRA__KEYSPACE": run}
            ours |= {f"HARMONY_KAFKA__TOPICS__{name.upper()}": topic for name, topic in topics.items()}
            yield Place(settings, os.environ | ours)
    finally:
        with open_admin(settings.kafka) as admin:
            admin.delete_topics(sorted(set(topics.values())))
        if tables:
            with connected(settings.cassandra) as session:
                session.execute(f"DROP KEYSPACE {run}", timeout=60)
