"""Passes bytes on to a server, until it is closed: then the server is away for whoever comes this way."""

import socket
import threading
from contextlib import suppress
from typing import Self


class Relay:
    """Listens on `port` of loopback and passes on to `target`, while the body of a `with` runs."""

    def __init__(self, port: int, target: int) -> None:
        self._port, self._target = port, target

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self) -> None:
        self._ends: list[socket.socket] = []
        self._server = socket.create_server(("127.0.0.1", self._port))
        threading.Thread(target=self._accept, args=(self._server,), daemon=True).start()

    def close(self) -> None:
        """Refuse whoever comes, and cut whoever is there."""
        for one in [self._server, *self._ends]:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self, server: socket.socket) -> None:
        with suppress(OSError):
            while True:
                theirs, _ = server.accept()
                ours = socket.create_connection(("127.0.0.1", self._target))
                self._ends += [theirs, ours]
                for way in ((theirs, ours), (ours, theirs)):
                    threading.Thread(target=_pass_on, args=way, daemon=True).start()


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
