"""The demo's processes: `harmony` commands as its children."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from harmonystate.commands.demo import place
from harmonystate.config import Config
from harmonystate.edges.kafka.transaction import TransactionFailed
from harmonystate.edges.local import server
from harmonystate.edges.local.children import Child, start_child, stop_children
from harmonystate.edges.local.home import Home
from harmonystate.edges.local.process import last_lines
from harmonystate.edges.local.stop import Stop, Stopped
from harmonystate.errors import CheckFailed, Unavailable

_LOOK_EVERY_S = 0.05


class Cast:
    """Whoever runs in this demo. Leaving the body stops all of them, the servers last.

    Once `stop` is set nothing is started any more; whoever is to start or waits raises Stopped.
    """

    def __init__(self, config: Config, stop: Stop) -> None:
        self._home = Home(config.local.home)
        self._kafka = config.kafka.bootstrap_servers
        self._environment = place.environment(config)
        self._stop = stop
        # Those that run until they are stopped, and those that end by themselves.
        self._daemons: list[Child] = []
        self._tasks: list[Child] = []

    def start(self, command: str, *options: str, role: str | None = None) -> Child:
        """Start a command that runs until it is stopped; `role` is its name in the log's and in messages."""
        self._stop.raise_if_set()
        child = self._start(command, *options, role=role)
        self._daemons.append(child)
        return child

    def begin(self, command: str, *options: str, role: str | None = None) -> Child:
        """Start a command that ends by itself; for the rest see `start`."""
        self._stop.raise_if_set()
        child = self._start(command, *options, role=role)
        self._tasks.append(child)
        return child

    def output(self, role: str) -> Path:
        """Return the file that holds what it writes on stdout."""
        return self._home.logs / f"{role}.out"

    def run(self, command: str) -> None:
        """Run a command to its end.

        Raises:
            CheckFailed: it, or another, has died; Stopped.
        """
        child = self.begin(command)
        while not self.has_ended(child):
            self._stop.raise_if_set(_LOOK_EVERY_S)

    def stop(self, child: Child) -> None:
        """Stop one that was started."""
        self._daemons.remove(child)
        stop_children([child])

    def has_ended(self, task: Child) -> bool:
        """Say whether a command that ends by itself has done so.

        Raises:
            CheckFailed: any of them has died; the message names it with its last lines.
        """
        # First: whoever ends between these two looks has not ended well for all we know.
        ended = task.exit_code is not None
        self._require_children()
        return ended

    def require_alive(self) -> None:
        """Make sure that everybody does what it is to do, the servers too (which `up` has started).

        Raises:
            CheckFailed: any of them has died; the message names it with its last lines.
        """
        self._require_children()
        for name, folder in (("Kafka", self._home.kafka), ("Cassandra", self._home.cassandra)):
            if server.has_died(folder):
                raise _death(name, "", server.log_of(folder))

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Let the body ask the servers; what it raises names who has died, before whoever does not answer.

        Raises:
            CheckFailed, Unavailable.
        """
        try:
            yield
        except (TransactionFailed, Unavailable) as fault:
            self.require_alive()
            if isinstance(fault, Unavailable):
                raise
            raise Unavailable(f"Kafka at {self._kafka} does not answer: {fault}") from fault

    def _require_children(self) -> None:
        ended_ill = [one for one in self._tasks if one.exit_code]
        # SIGTERM from somebody else ends a daemon with 0.
        for one in ended_ill + [one for one in self._daemons if one.exit_code is not None]:
            raise _death(one.name, f" with exit code {one.exit_code}", one.log)

    def _start(self, command: str, *options: str, role: str | None = None) -> Child:
        role = role or command
        return start_child(
            role,
            [command, *options, "--config", str(place.config_file(self._home.root)), "--log-format", "text"],
            log=self._home.logs / f"{role}.log",
            output=self.output(role),
            env=self._environment,
        )

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        """Stop whatever runs."""
        stop_children(self._tasks + self._daemons)
        down = self._start("down")
        code = down.process.wait()
        # What went wrong first is what the user must read.
        if code and (value is None or isinstance(value, Stopped)):
            raise _death(down.name, f" with exit code {code}", down.log)


def _death(name: str, how: str, log: Path) -> CheckFailed:
    said = " | ".join(last_lines(log, 3)) or "nothing"
    return CheckFailed(f"{name} died{how} (see {log}): {said}")
