"""dashboard: what the topics and the tables say, as a page in the browser. It reads, and writes nothing anywhere.

board.py     the newest snapshot
watchers.py  two threads that keep it fresh, and wait for a service that is away
topics.py    what Kafka says
"""

from datetime import UTC, datetime

from harmonystate.commands.dashboard.board import Board
from harmonystate.commands.dashboard.watchers import start_watching
from harmonystate.config import Config
from harmonystate.edges.local import ports
from harmonystate.edges.local.stop import stop_on_signals
from harmonystate.edges.page.server import open_in_browser, serving
from harmonystate.errors import Busy


def run(config: Config, *, open_browser: bool) -> int:
    """Serve the page until asked to stop; a service that is away, now or later, is told of on the page.

    Raises:
        Busy: when the port is taken.
    """
    host, port = config.dashboard.host, config.dashboard.port
    if ports.in_use(host, port):
        raise Busy(f"{host}:{port} is in use by {ports.holder(port)}: stop that, or give another --port")
    stop = stop_on_signals()
    cassandra = ", ".join(f"{point}:{config.cassandra.port}" for point in config.cassandra.contact_points)
    board = Board(kafka=config.kafka.bootstrap_servers, cassandra=cassandra)
    start_watching(config, board, stop, now=_now)
    with serving(board.snapshot, host=host, port=port, now=_now, names=_names(config)) as address:
        print(address, flush=True)
        if open_browser:
            open_in_browser(address)
        while not stop.wait(1.0):
            continue
    return stop.exit_code


def _names(config: Config) -> dict[str, str]:
    """Return what the nodes of the pipeline's picture are called that have no name of their own."""
    topics = config.kafka.topics
    return {
        "global1": topics.global1,
        "global2": topics.global2,
        "alert": topics.alert,
        "dead-letter": topics.dead_letter,
        "delivery": topics.delivery,
        "told": "you",
        "report": "table report",
    }


def _now() -> datetime:
    return datetime.now(UTC)
