"""The two local servers together: started side by side, stopped, wiped; one caller at a time for each home."""

import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from filelock import Timeout

from harmonystate.config import Config
from harmonystate.edges.local import jars, server
from harmonystate.edges.local.addresses import one_broker, one_node
from harmonystate.edges.local.cassandra_server import cassandra_server
from harmonystate.edges.local.home import Home
from harmonystate.edges.local.java import find_java
from harmonystate.edges.local.kafka_server import kafka_server
from harmonystate.edges.local.server import Jvm, Server
from harmonystate.edges.local.turn import take_turn
from harmonystate.errors import Busy

# Longer than a first start with its downloads takes on a slow line.
TURN_S = 600.0


def local_servers(config: Config) -> tuple[Server, Server]:
    """Return Kafka and Cassandra as they are to run on this host, at exactly the configured addresses.

    Raises:
        Misconfigured: when an address is not a loopback one: then the service is not ours to start.
    """
    home = Home(config.local.home)
    jvm = Jvm(config.local.heap, config.local.jvm_options)
    kafka_host, kafka_port = one_broker(config.kafka.bootstrap_servers)
    cassandra_host, cassandra_port = one_node(config.cassandra.contact_points), config.cassandra.port
    kafka = kafka_server(kafka_host, kafka_port, home.kafka, jvm, avoid=[cassandra_port])
    taken = [kafka_port, *kafka.inner_ports]
    return kafka, cassandra_server(cassandra_host, cassandra_port, home.cassandra, jvm, avoid=taken)


@contextmanager
def one_at_a_time(home: Home) -> Iterator[None]:
    """Wait until no other `up` or `down` of this home runs, and say so; keep others out while the body does.

    Raises:
        Busy: after 10 minutes.
    """
    home.root.mkdir(mode=0o700, parents=True, exist_ok=True)
    home.locks.mkdir(exist_ok=True)
    try:
        turn = take_turn(home.locks / "servers.lock", f"starts or stops the servers of {home.root}", give_up_s=TURN_S)
    except Timeout:
        raise Busy(f"another harmony up or down of {home.root} has not ended: try again later") from None
    with turn:
        yield


def absent(servers: Sequence[Server]) -> list[Server]:
    """Return those that do not run.

    Raises:
        Busy: when one runs at another address than the configured one.
    """
    missing = []
    for one in servers:
        there = server.running(one.folder)
        if there is None:
            missing.append(one)
        elif there.address != one.address:
            raise Busy(f"{one.name} runs at {there.address}, the config says {one.address}: run `harmony down` first")
    return missing


class Supplies(NamedTuple):
    """What servers are started with: a JAVA_HOME, and the jars of each set."""

    java_home: Path
    jars: Mapping[str, Sequence[Path]]


def supplies_for(servers: Sequence[Server]) -> Supplies:
    """Make sure that nothing is in their way, and get what they need.

    Raises:
        Unavailable: when a port is taken, there is no Java, or a jar cannot be fetched.
    """
    for one in servers:
        server.clear(one.folder)
        server.require_free_ports(one)
    return Supplies(find_java(), jars.fetch([one.jars for one in servers]))


def start_all(servers: Sequence[Server], supplies: Supplies, on_start: Callable[[Server], None]) -> None:
    """Start them side by side and wait until each answers; `on_start` is told of each. All, or none of them.

    Raises:
        Unavailable: when one dies, with its last words.
    """
    given_up = threading.Event()

    def bring_up(one: Server) -> Server:
        server.start(one, supplies.java_home, supplies.jars[one.jars])
        server.await_answer(one, given_up)
        return one

    pool = ThreadPoolExecutor(len(servers), thread_name_prefix="server")
    # Undone from the last line to the first, each of them whatever becomes of another: a second ^C may break one off.
    with ExitStack() as undoing:
        for one in servers:
            undoing.callback(server.kill, one.folder)  # it may have been started in the meantime
        undoing.callback(pool.shutdown)
        for one in servers:
            undoing.callback(_break_off, one)  # also what formats its folder, which nobody waits for then
        undoing.callback(given_up.set)
        for done in as_completed([pool.submit(bring_up, one) for one in servers]):
            on_start(done.result())
        undoing.pop_all()
    pool.shutdown()


def stop_all(home: Home) -> dict[str, bool | None]:
    """Stop whatever runs in this home, side by side; say of each what `server.stop` does."""
    with ThreadPoolExecutor(2) as pool:
        kafka, cassandra = pool.map(server.stop, (home.kafka, home.cassandra))
    return {"Kafka": kafka, "Cassandra": cassandra}


def wipe(home: Home) -> list[Path]:
    """Remove what the servers kept, and the checkpoints that belong to it; return what was there. They must be down."""
    there = [folder for folder in (home.kafka, home.cassandra, home.checkpoint) if folder.exists()]
    for folder in there:
        shutil.rmtree(folder)
    return there


def _break_off(one: Server) -> None:
    # A Kafka that is asked to leave amid its start does not. Whoever does not answer yet has promised nothing.
    leave = server.stop if one.answers(one.host, one.port) else server.kill
    leave(one.folder)
