"""The servers of a test run: a broker for each worker, for the names of groups are fixed, and one Cassandra for all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from harmonystate.edges.local import server
from harmonystate.edges.local.cassandra_server import cassandra_server
from harmonystate.edges.local.kafka_server import kafka_server
from harmonystate.edges.local.ports import LOOPBACK, free_ports
from harmonystate.edges.local.server import Jvm
from tests.support.node import Node
from tests.support.services import SHORT_LIVED, Services

# Nobody kills it, so it need not write down each new table at once: two thirds of what a test's tables cost.
_UNFLUSHED = "-Dcassandra.test.flush_local_schema_changes=false"


@contextmanager
def own_services(home: Path, run: Path) -> Iterator[Services]:
    """Start a broker in `home`, and in the folder `run` the Cassandra that the first worker to ask starts."""
    (port,) = free_ports(1)
    broker = Node(kafka_server(LOOPBACK, port, home / "kafka", Jvm("512m", SHORT_LIVED)))
    broker.start()
    try:
        yield Services(broker.address, *_shared_cassandra(run))
    finally:
        broker.stop()


def stop_shared(run: Path) -> None:
    """Stop what the workers of a run had together."""
    server.stop(_folder(run))


def _shared_cassandra(run: Path) -> tuple[str, int]:
    with FileLock(run / "cassandra.lock"):
        there = server.running(_folder(run))
        if there:
            host, port = there.address.rsplit(":", 1)
            return host, int(port)
        (free,) = free_ports(1)
        # A thousand tables want room.
        node = Node(cassandra_server(LOOPBACK, free, _folder(run), Jvm("1g", (*SHORT_LIVED, _UNFLUSHED))))
        node.start()
        return LOOPBACK, free


def _folder(run: Path) -> Path:
    return run / "cassandra"
