"""Starts stages and starts them again, as cron or systemd would."""

import time
from collections.abc import Callable

from harmonystate import crash
from harmonystate.edges.local.children import Child
from tests.support.crew import Crew
from tests.support.history import History
from tests.support.watcher import Watcher

# No service there yet, or a call that never returned: both say that another try may help.
TRY_AGAIN = (69, 75)
Options = dict[str, tuple[str, ...]]


class Supervisor:
    """One process of each stage, for as long as there is work.

    Args:
        options: the stages, and the options of each; a stage that ends with 0 has done its work.
        points: for each stage where its next lives are to end, as HARMONY_CRASH_AT has it, without the stage.

    Attributes:
        gave_up: which stages have ended with one of TRY_AGAIN, as often as they did, and with which.
    """

    def __init__(self, crew: Crew, history: History, options: Options, points: dict[str, list[str]] | None = None):
        self._crew, self._history, self._options = crew, history, options
        self._points = points or {}
        self.gave_up: list[tuple[str, int]] = []
        self._began_ms: dict[str, int] = {}
        self.children: dict[str, Child] = {stage: self._start(stage) for stage in options}

    def _start(self, stage: str) -> Child:
        points = self._points.get(stage)
        self._began_ms[stage] = int(time.time() * 1000)
        return self._crew.start(stage, *self._options[stage], crash_at=f"{stage}.{points[0]}" if points else "")

    def tend(self) -> bool:
        """Start again whoever may be; say whether produce has done its work."""
        for stage, child in self.children.items():
            ended = child.exit_code  # asked once: it may end between two looks
            if ended == crash.EXIT_CODE and self._points.get(stage):
                self._history.fault(f"crashed at {self._points[stage].pop(0)}:", stage)
                self.children[stage] = self._start(stage)
            elif ended in TRY_AGAIN:
                self.gave_up.append((stage, ended))
                self.children[stage] = self._start(stage)
            elif ended:
                self._crew.require_running(child)
        return self.is_done("produce")

    def is_done(self, stage: str) -> bool:
        return self.children[stage].exit_code == 0

    @property
    def points_left(self) -> int:
        return sum(map(len, self._points.values()))

    def kill(self, stage: str) -> None:
        """Kill -9 a stage, unless its work is done, and start it again."""
        self._end(stage, self._crew.kill)

    def stop(self, stage: str, *options: str) -> None:
        """Ask a stage to leave, and start it again; with other options, where some are given."""
        self._options[stage] = options or self._options[stage]
        self._end(stage, self._crew.stop)

    def leave(self, stage: str) -> None:
        """Ask a stage to leave; `start` is next."""
        self._crew.stop(self.children[stage])

    def start(self, stage: str, *options: str) -> None:
        """Start a stage that has left, with other options."""
        self._options[stage] = options
        self.children[stage] = self._start(stage)

    def is_at_work(self, stage: str, watcher: Watcher, topic: str) -> bool:
        """Say whether a stage has written anything since its start."""
        self.tend()
        return watcher.recovery_s(topic, self._began_ms[stage]) is not None

    def _end(self, stage: str, end: Callable[[Child], None]) -> None:
        self.tend()
        if not self.is_done(stage):
            end(self.children[stage])
            self.children[stage] = self._start(stage)

    def stop_all(self) -> None:
        """Ask all to leave for good."""
        self._crew.stop(*self.children.values())
