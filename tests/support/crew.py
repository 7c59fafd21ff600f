"""The stages as child processes, what is done to them, and what became of them."""

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil

from harmonystate.edges.local.children import Child, start_child, stop_children
from harmonystate.edges.local.process import last_lines
from tests.support.harmony import alive
from tests.support.history import History
from tests.support.kafka import wait_until
from tests.support.services import child_environment


def started_by(child: Child) -> list[psutil.Process]:
    """Return the processes that a child has started and that run, and theirs."""
    try:
        return [one for one in psutil.Process(child.process.pid).children(recursive=True) if alive(one)]
    except psutil.NoSuchProcess:
        return []


class Crew:
    """Children of one test.

    Args:
        config_file: what all of them read.
        history: where it is written down what is done to them; their logs stand beside it.
        variables: their environment, beside ours.
    """

    def __init__(self, config_file: Path, history: History, variables: Mapping[str, str]) -> None:
        self.config_file, self._history, self._variables = config_file, history, variables
        self._children: list[Child] = []

    def start(self, stage: str, *options: str, crash_at: str = "") -> Child:
        """Start `harmony STAGE OPTIONS`, with a point at which it is to die."""
        log = self._history.new_log(stage)
        more = {**self._variables, **({"HARMONY_CRASH_AT": crash_at} if crash_at else {})}
        arguments = [stage, *options, "--config", str(self.config_file)]
        child = start_child(stage, arguments, log=log, env=child_environment(**more))
        self._history.note(f"started {stage}, pid {child.process.pid}{', ' if crash_at else ''}{crash_at}: {log.name}")
        self._children.append(child)
        return child

    def kill(self, child: Child) -> None:
        """Kill -9 a child that is running."""
        self.require_running(child)
        self._history.fault("killed", child.name)
        child.process.kill()
        child.process.wait()

    @contextmanager
    def frozen(self, child: Child) -> Iterator[None]:
        """Stop a child's clock, so to say, for as long as the body runs: it learns of nothing that happens."""
        self.require_running(child)
        self._history.note(f"froze {child.name}, pid {child.process.pid}")
        os.kill(child.process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(child.process.pid, signal.SIGCONT)
            self._history.note(f"thawed {child.name}, pid {child.process.pid}")

    def stop(self, *children: Child) -> None:
        """Stop children as an operator would; each ends with 0, in time, and so does whatever it has started."""
        started = [one for child in children for one in started_by(child)]
        assert stop_children(children) == []
        ends = {f"{child.name}, pid {child.process.pid}": child.exit_code for child in children}
        self._history.note(f"stopped: {ends}")
        assert set(ends.values()) <= {0}, ends
        wait_until(lambda: not any(map(alive, started)), what=f"the end of {started}")

    def wait(self, child: Child, within_s: float) -> int:
        """Wait for a child's end and return its exit code."""
        code = child.process.wait(within_s)
        self._history.note(f"{child.name}, pid {child.process.pid}, ended with {code}")
        return code

    def require_running(self, *children: Child) -> None:
        for child in children:
            assert child.exit_code is None, (child.name, child.exit_code, last_lines(child.log))

    def abandon(self) -> None:
        """Kill whatever still runs: the test is over."""
        for child in self._children:
            if child.exit_code is None:
                os.killpg(child.process.pid, signal.SIGKILL)
                child.process.wait()
