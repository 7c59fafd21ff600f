"""A client call that never returns ends the process: whoever supervises it starts it again, and nothing is lost."""

import faulthandler
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from harmonystate.errors import Busy

LIMIT_S = 60
BARK_S = 8
_TICK_S = 1.0


def leave(call: str) -> NoReturn:
    """Say where every thread stands, and leave at once with the code for "try again"; where nobody hears it, too."""
    try:
        print(
            f"harmony: a call of the Kafka client has not returned for {LIMIT_S} s: {call}; all stacks:",
            file=sys.stderr,
        )
        sys.stderr.flush()
        faulthandler.dump_traceback(all_threads=True)
    finally:
        os._exit(Busy.exit_code)


class Watchdog:
    """Watches one call at a time; commit, abort and send_offsets wait without a limit of their own.

    It counts its own ticks and not the clock, so that a process that was itself stopped for an hour is not stuck.
    """

    def __init__(
        self,
        *,
        limit_s: int = LIMIT_S,
        bite: Callable[[str], None] = leave,
        bark_s: int = BARK_S,
        bark: Callable[[str], None] | None = None,
        tick_s: float = _TICK_S,
    ) -> None:
        """Begin to watch, in a thread.

        Args:
            limit_s: how long a call may take.
            bite: what to do then, given the call's name.
            bark_s: how long a call takes when something is wrong.
            bark: what to do then.
            tick_s: how often to look.
        """
        self._limit_ticks = limit_s / _TICK_S
        self._bite = bite
        self._bark_ticks = bark_s / _TICK_S
        self._bark = bark
        self._tick_s = tick_s
        self._call: str | None = None
        self._ticks = 0
        self._closed = threading.Event()
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    @contextmanager
    def watching(self, call: str) -> Iterator[None]:
        """Watch the body, named `call` where it has to be named."""
        self._ticks, self._call = 0, call
        try:
            yield
        finally:
            self._call = None

    def close(self) -> None:
        """Watch no more."""
        self._closed.set()

    def _watch(self) -> None:
        while not self._closed.wait(self._tick_s):
            call = self._call
            if call is None:
                continue
            self._ticks += 1
            if self._bark and self._ticks == self._bark_ticks:
                self._bark(call)
            if self._ticks >= self._limit_ticks:
                self._ticks = 0
                self._bite(call)
