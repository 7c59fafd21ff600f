"""dashboard: what the topics and the tables say, as a page in the browser. It reads, and writes nothing anywhere.

board.py     the newest snapshot
watchers.py  two threads that keep it fresh, and wait for a service that is away
topics.py    what Kafka says
"""

import errno
import socket
from datetime import UTC, datetime

from harmonystate.commands.dashboard.board import Board
from harmonystate.commands.dashboard.watchers import start_watching
from harmonystate.config import Config, DashboardSettings
from harmonystate.edges.local import ports
from harmonystate.edges.local.stop import stop_on_signals
from harmonystate.edges.page.server import listen, open_in_browser, serving
from harmonystate.errors import Busy, Unavailable


def run(config: Config, *, open_browser: bool) -> int:
    """Serve the page until asked to stop; a service that is away, now or later, is told of on the page.

    Raises:
        Busy: when the port is taken; Unavailable: when the address is not this host's.
    """
    listener = _listen(config.dashboard)
    stop = stop_on_signals()
    cassandra = ", ".join(f"{point}:{config.cassandra.port}" for point in config.cassandra.contact_points)
    board = Board(kafka=config.kafka.bootstrap_servers, cassandra=cassandra)
    start_watching(config, board, stop, now=_now)
    with serving(board.snapshot, listener, now=_now, names=_names(config)) as address:
        print(address, flush=True)
        if open_browser:
            open_in_browser(address)
        while not stop.wait(1.0):
            continue
    return stop.exit_code


def _listen(settings: DashboardSettings) -> socket.socket:
    where = f"{settings.host}:{settings.port}"
    try:
        return listen(settings.host, settings.port)
    except OSError as fault:
        if fault.errno != errno.EADDRINUSE:
            raise Unavailable(
                f"nobody can listen at {where}: {fault.strerror}: give another --host or --port"
            ) from fault
        who = ports.holder(settings.port)
        raise Busy(f"{where} is in use by {who}: stop that, or give another --port") from fault


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
