"""A server of the test's own on loopback, to be killed and frozen."""

import os
import signal
import threading
from pathlib import Path

from harmonystate.edges.local import server
from harmonystate.edges.local.cassandra_server import cassandra_server
from harmonystate.edges.local.ports import LOOPBACK, free_ports
from harmonystate.edges.local.server import Jvm, Server
from harmonystate.edges.local.servers import supplies_for
from tests.support.services import SHORT_LIVED

SMALL = Jvm("512m", SHORT_LIVED)


class Node:
    """One server."""

    def __init__(self, own: Server) -> None:
        self._server, self._supplies = own, supplies_for([own])

    @property
    def address(self) -> str:
        return self._server.address

    def start(self) -> None:
        """Start it and wait until it answers."""
        server.start(self._server, self._supplies.java_home, self._supplies.jars[self._server.jars])
        server.await_answer(self._server, threading.Event())

    def kill(self) -> None:
        self.signal(signal.SIGKILL)

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    @property
    def pid(self) -> int:
        running = server.running(self._server.folder)
        assert running is not None, f"{self._server.name} does not run"
        return running.pid

    def stop(self) -> None:
        server.stop(self._server.folder)


class CassandraNode(Node):
    """A Cassandra."""

    def __init__(self, folder: Path, jvm: Jvm = SMALL) -> None:
        (self.port,) = free_ports(1)
        super().__init__(cassandra_server(LOOPBACK, self.port, folder, jvm))
