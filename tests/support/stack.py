"""The servers of a test run: a broker for each worker, for the names of groups are fixed, and one Cassandra for all."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import psutil
from filelock import FileLock

from harmonystate.edges.local import process, server
from harmonystate.edges.local.kafka_server import kafka_server
from harmonystate.edges.local.ports import LOOPBACK, free_ports
from harmonystate.edges.local.server import Jvm
from tests.support.node import SMALL, CassandraNode, Node
from tests.support.services import SHORT_LIVED, Services, named_services

# Nobody kills it, so it need not write down each new table at once: two thirds of what a test's tables cost.
_UNFLUSHED = "-Dcassandra.test.flush_local_schema_changes=false"


@contextmanager
def own_services(home: Path, run: Path) -> Iterator[Services]:
    """Start a broker in `home`, and in the folder `run` the Cassandra that the first worker to ask starts."""
    (port,) = free_ports(1)
    broker = Node(kafka_server(LOOPBACK, port, home / "kafka", SMALL))
    broker.start()
    try:
        yield named_services(f"{broker.address},{_shared_cassandra(run)}")
    finally:
        broker.stop()


def stop_whatever_runs(run: Path) -> None:
    """End each server that runs in a folder below `run`, and each `harmony` with a config there.

    That is what the workers had together and, after a ^C, whatever the tests had started: servers outlive a terminal.
    """
    found = psutil.process_iter(["cmdline"])
    left = [one.pid for one in found if _belongs(one.info["cmdline"] or [], f"{run}/")]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda pid: process.terminate(pid, patience_s=server.STOP_S), left))


def _belongs(arguments: Sequence[str], folder: str) -> bool:
    named = any(option == "--config" and path.startswith(folder) for option, path in pairwise(arguments))
    return named or any(one.startswith(f"@{folder}") for one in arguments)


def _shared_cassandra(run: Path) -> str:
    folder = run / "cassandra"
    with FileLock(run / "cassandra.lock"):
        if there := server.running(folder):
            return there.address
        # A thousand tables want room.
        node = CassandraNode(folder, Jvm("1g", (*SHORT_LIVED, _UNFLUSHED)))
        node.start()
        return node.address
