"""The demo's processes: `harmony` commands as its children."""

import time
from pathlib import Path
from types import TracebackType
from typing import Self

from harmonystate.commands.demo import place
from harmonystate.config import Config
from harmonystate.edges.local.children import Child, start_child, stop_children
from harmonystate.edges.local.home import Home
from harmonystate.errors import CheckFailed


class Cast:
    """Whoever runs in this demo. Leaving the body stops all of them, the servers last."""

    def __init__(self, config: Config) -> None:
        self._home = Home(config.local.home)
        self._environment = place.environment(config)
        self._children: list[Child] = []

    def start(self, command: str, *options: str, role: str | None = None) -> Child:
        """Start a command; `role` tells two runs of the same one apart, in the log's name and in messages."""
        role = role or command
        child = start_child(
            role,
            [command, *options, "--config", str(place.config_file(self._home.root)), "--log-format", "text"],
            log=self._home.logs / f"{role}.log",
            output=self.output(role),
            env=self._environment,
        )
        self._children.append(child)
        return child

    def output(self, role: str) -> Path:
        """Return the file that holds what it writes on stdout."""
        return self._home.logs / f"{role}.out"

    def run(self, command: str) -> None:
        """Run a command to its end.

        Raises:
            CheckFailed: it, or another, has died.
        """
        child = self.start(command)
        while not self.has_ended(child):
            time.sleep(0.05)

    def stop(self, child: Child) -> None:
        """Stop one of them."""
        stop_children([child])

    def has_ended(self, child: Child) -> bool:
        """Say whether a process that is to end has done so.

        Raises:
            CheckFailed: any of them has died; the message names it with its last lines.
        """
        for one in self._children:
            if one.exit_code:
                said = " | ".join(one.last_lines(3)) or "nothing"
                raise CheckFailed(f"{one.name} died with exit code {one.exit_code} (see {one.log}): {said}")
        return child.exit_code is not None

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        """Stop whatever runs."""
        stop_children(self._children)
        self._children.clear()
        try:
            self.run("down")
        except CheckFailed:
            # What went wrong first is what the user must read.
            if value is None:
                raise
