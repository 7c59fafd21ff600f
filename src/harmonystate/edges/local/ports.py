"""Ports on loopback: which are free, and who is in the way."""

import socket
from contextlib import ExitStack

import psutil

LOOPBACK = "127.0.0.1"


def free_ports(count: int) -> list[int]:
    """Return so many different ports on which nobody listens at the moment."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind((LOOPBACK, 0))
        return [one.getsockname()[1] for one in sockets]


def in_use(host: str, port: int) -> bool:
    """Say whether somebody listens there."""
    with socket.socket() as one:
        # As servers do: a connection that lingers after its server has gone is not in the way.
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind((host, port))
        except OSError:
            return True
    return False


def holder(port: int) -> str:
    """Name the process that listens on `port`, such as `java, pid 4711`, as far as we may see it."""
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr[1:] == (port,) and connection.pid:
                return f"{psutil.Process(connection.pid).name()}, pid {connection.pid}"
    except psutil.Error:
        pass
    return "another process"
