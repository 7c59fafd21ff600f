"""The servers of a test run: a broker for each worker, for the names of groups are fixed, and one Cassandra for all."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
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


def stop_whatever_runs(run: Path) -> None:
    """End each server that runs in a folder below `run`, and each `harmony` with a config there.

    That is what the workers had together and, after a ^C, whatever the tests had started: servers outlive a terminal.
    """
    left = [one for one in psutil.process_iter(["cmdline"]) if _belongs(one.info["cmdline"] or [], f"{run}/")]
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    for process in psutil.wait_procs(left, timeout=30)[1]:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def _belongs(arguments: Sequence[str], folder: str) -> bool:
    config = arguments[arguments.index("--config") + 1 :][:1] if "--config" in arguments else []
    return any(path.startswith(folder) for path in config) or any(one.startswith(f"@{folder}") for one in arguments)


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
