"""A server on loopback as a background process: start it, wait until it answers, stop it."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from harmonystate.edges.local import ports, process
from harmonystate.edges.local.template import quoted
from harmonystate.errors import Unavailable

# Where others want the machine too it takes minutes; one that dies is noticed at once.
START_S = 300.0
STOP_S = 30.0

# In the server's folder:
_PID = "pid"
# Its inner ports, drawn at its first start.
PORTS = "ports.json"
_LOG = "log/server.log"
# What it wrote to its standard output since its last start: what is wrong, in short.
_CONSOLE = "log/console.log"
# The arguments of its JVM, in a file: as an argument of the process, that file's path is what we know it by.
JVM_ARGS = "conf/jvm.args"


@dataclass(frozen=True, slots=True)
class Server:
    """What is to run, and where.

    Attributes:
        name: as people write it.
        jars: its set in data/jars.lock.
        folder: its own; conf, data and log lie in it, and it is where the process runs.
        inner_ports: further ports that it listens on.
        main: the main class and its arguments.
        prepare: writes conf, given JAVA_HOME and the jars, and whatever the first start needs.
        answers: asks host and port whether it is ready.
    """

    name: str
    jars: str
    folder: Path
    host: str
    port: int
    inner_ports: tuple[int, ...]
    main: tuple[str, ...]
    prepare: Callable[[Path, Sequence[Path]], None]
    answers: Callable[[str, int], bool]

    @property
    def address(self) -> str:
        """Return host:port."""
        return f"{self.host}:{self.port}"


class Jvm(NamedTuple):
    """What a server's JVM is started with, besides our own arguments: its heap as -Xmx takes it, further options."""

    heap: str
    options: Sequence[str] = ()

    @property
    def values(self) -> dict[str, str]:
        """Return what the templates of its arguments ask for."""
        return {"heap": self.heap, "options": "\n".join(map(quoted, self.options))}


class Running(NamedTuple):
    """A server that runs, and the address at which it was told to."""

    pid: int
    address: str


def running(folder: Path) -> Running | None:
    """Return the server that runs in `folder`, or None.

    A pid file that a dead server left says nothing, even when its pid is another process's by now: the command line
    tells them apart (the start time would too, were clocks never set).
    """
    try:
        pid, address = (folder / _PID).read_text().split()
        arguments = process.command_of(int(pid))
    except (FileNotFoundError, ValueError):
        return None
    return Running(int(pid), address) if f"@{folder / JVM_ARGS}" in arguments else None


def has_died(folder: Path) -> bool:
    """Say whether a server that was started in `folder`, and not stopped, runs no more."""
    return (folder / _PID).exists() and running(folder) is None


def log_of(folder: Path) -> Path:
    """Return the log of the server that runs in `folder`."""
    return folder / _LOG


def clear(folder: Path, *, patience_s: float = STOP_S) -> None:
    """End what an `up` that was killed left of a server that does not run: its folder is being formatted, say."""
    process.terminate_all(lambda command: f"@{folder / JVM_ARGS}" in command, patience_s=patience_s)


def require_free_ports(server: Server) -> None:
    """Make sure that nobody else listens where `server` is to.

    Raises:
        Unavailable: naming the port and who holds it.
    """
    drawn = f"delete {server.folder / PORTS} so that others are drawn"
    wanted = [(server.host, server.port, "configure another port")]
    wanted += [(ports.LOOPBACK, port, drawn) for port in server.inner_ports]
    for host, port, way_out in wanted:
        if ports.in_use(host, port):
            who = ports.holder(port)
            raise Unavailable(f"{server.name} cannot start: {host}:{port} is in use by {who}: stop that, or {way_out}")


def start(server: Server, java_home: Path, jars: Sequence[Path]) -> None:
    """Start the process; it does not answer yet."""
    server.prepare(java_home, jars)
    command = [str(java_home / "bin/java"), f"@{server.folder / JVM_ARGS}", *server.main]
    environment = process.without_our_settings()
    pid = process.spawn(command, output=server.folder / _CONSOLE, cwd=server.folder, env=environment)
    (server.folder / _PID).write_text(f"{pid} {server.address}\n")


def await_answer(server: Server, given_up: threading.Event, *, patience_s: float = START_S) -> None:
    """Wait until it answers its protocol, or until `given_up` is set.

    Raises:
        Unavailable: with its log's last lines, when it dies, or does not answer in time.
    """
    deadline = time.monotonic() + patience_s
    while not server.answers(server.host, server.port) and not given_up.wait(0.05):
        if running(server.folder) is None:
            raise Unavailable(f"{server.name} died while starting{_last_words(server)}")
        if time.monotonic() > deadline:
            raise Unavailable(f"{server.name} does not answer at {server.address}{_last_words(server)}")


def stop(folder: Path, *, patience_s: float = STOP_S) -> bool | None:
    """Stop the server that runs in `folder`; nothing that it has acknowledged is lost.

    Returns:
        whether it went by itself, rather than by SIGKILL after `patience_s`; None when there was none.
    """
    there = running(folder)
    went = process.terminate(there.pid, patience_s=patience_s) if there else None
    clear(folder, patience_s=patience_s)
    (folder / _PID).unlink(missing_ok=True)
    return went


def kill(folder: Path) -> None:
    """End at once whatever was started in `folder`, noted or not; what it has acknowledged lately may be lost."""
    stop(folder, patience_s=0)


def _last_words(server: Server) -> str:
    log = log_of(server.folder)
    # What Java itself says of Cassandra's ways is no reason to die.
    said = [line for line in process.last_lines(server.folder / _CONSOLE) if not line.startswith("WARNING: ")]
    lines = said or process.last_lines(log)
    return f"; see {log}" + "".join(f"\n  {line}" for line in lines)
