"""Ports on loopback: which are free, which a server keeps, and who is in the way."""

import json
import random
import socket
from collections.abc import Collection, Sequence
from contextlib import ExitStack
from pathlib import Path

import psutil

LOOPBACK = "127.0.0.1"

# Below what Linux (32768) and macOS (49152) hand out for outgoing connections: a port that is kept from start to start
# must not be lost to one of those.
_RANGE = range(20_000, 32_768)


def free_ports(count: int) -> list[int]:
    """Return so many different ports on which nobody listens at the moment."""
    with ExitStack() as held:
        found: list[int] = []
        for port in random.sample(_RANGE, len(_RANGE)):
            if len(found) == count:
                break
            if _bind(held, LOOPBACK, port):
                found.append(port)
        return found


def kept_ports(path: Path, names: Sequence[str], *, avoid: Collection[int] = ()) -> dict[str, int]:
    """Return a port for each name: those written in `path`, or free ones, written there at the first call.

    Args:
        path: a JSON file.
        names: what they are for.
        avoid: ports that others will take, though nobody listens there yet.
    """
    try:
        kept = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        kept = {}
    missing = [name for name in names if kept.get(name, 0) in {0, *avoid}]
    if missing:
        drawn = [port for port in free_ports(len(missing) + len(avoid)) if port not in avoid]
        kept |= dict(zip(missing, drawn, strict=False))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(kept))
    return {name: int(kept[name]) for name in names}


def in_use(host: str, port: int) -> bool:
    """Say whether somebody listens there."""
    with ExitStack() as held:
        return not _bind(held, host, port)


def holder(port: int) -> str:
    """Name the process that listens on `port`, such as `java, pid 4711`, as far as we may see it."""
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr[1:] == (port,) and connection.pid:
                return f"{psutil.Process(connection.pid).name()}, pid {connection.pid}"
    except psutil.Error:
        # Other users' sockets are not for us to see.
        return "another process"
    return "another process"


def _bind(held: ExitStack, host: str, port: int) -> bool:
    one = held.enter_context(socket.socket())
    # As servers do: a connection that lingers after its server has gone is not in the way.
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        one.bind((host, port))
    except OSError:
        return False
    return True
