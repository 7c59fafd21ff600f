"""What a command that ends by itself shows on a terminal: the step it is at, how much of it, how long it will take.

Elsewhere nothing: cron mails what is said.
"""

import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from harmonystate.edges.console.time_left import TimeLeft

LOOK_EVERY_S = 0.5

# How much is done, and of how much; None = not known.
Look = Callable[[], tuple[int, int] | None]


class Steps:
    """One line that changes; silent without a bar."""

    def __init__(self, bar: Progress | None = None) -> None:
        self._bar = bar
        self._task = bar.add_task("starting", total=None) if bar else None

    @contextmanager
    def step(self, what: str, look: Look = lambda: None) -> Iterator[None]:
        """Show a step while the body runs; `look` is asked twice a second, from a thread of its own."""
        if self._bar is None or self._task is None:
            yield
            return
        # A task that is used again keeps its total.
        self._bar.remove_task(self._task)
        self._task = self._bar.add_task(what, total=None)
        done = threading.Event()
        looker = threading.Thread(target=self._follow, args=(look, done), name="steps", daemon=True)
        looker.start()
        try:
            yield
        finally:
            done.set()
            # It may wait for one who does not answer; whoever works does not wait for it.
            looker.join(timeout=LOOK_EVERY_S)

    def _follow(self, look: Look, done: threading.Event) -> None:
        assert self._bar is not None  # noqa: S101 - only with a bar
        assert self._task is not None  # noqa: S101 - made with it
        while not done.wait(LOOK_EVERY_S):
            if (progress := look()) is not None and not done.is_set():
                self._bar.update(self._task, completed=progress[0], total=progress[1])


@contextmanager
def stepping(stage: str) -> Iterator[Steps]:
    """Yield what shows the steps of a command; the line is gone at its end."""
    if not (sys.stderr.isatty() and logging.getLogger("harmony").isEnabledFor(logging.INFO)):
        yield Steps()
        return
    columns = SpinnerColumn(), TextColumn(f"harmony {stage}: {{task.description}}"), BarColumn(), MofNCompleteColumn()
    times = TimeElapsedColumn(), TimeLeft()
    with Progress(*columns, *times, console=Console(stderr=True), transient=True) as bar:
        yield Steps(bar)
