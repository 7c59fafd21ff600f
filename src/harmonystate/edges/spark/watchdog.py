"""A JVM that does not answer is ended, so that whoever waits for it goes on: it is frozen, or only collects garbage."""

import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

TICK_S = 1.0
# Looks without an answer until it is ended: what takes long on a busy machine is no reason, but where we are to give up
# or to leave, nothing else is waited for.
PATIENT, URGENT = 120, 10


class Watchdog:
    """Watches, in a thread of its own, over a loop that calls Spark: no call of it has a limit.

    It counts its own looks and not the clock, so that a process that was itself stopped for an hour is not stuck.
    """

    def __init__(
        self,
        jvm: "subprocess.Popen[bytes]",
        *,
        look: Callable[[], None] = lambda: None,
        is_urgent: Callable[[], bool] = lambda: False,
    ) -> None:
        """Begin to watch.

        Args:
            jvm: what is to answer.
            look: is called at each look; what it raises is raised where the loop says that it was answered.
            is_urgent: says whether to be patient no longer.
        """
        self._jvm, self._look, self._is_urgent = jvm, look, is_urgent
        self._calls = False
        self._silent = 0
        self._fault: Exception | None = None
        self._closed = threading.Event()
        threading.Thread(target=self._watch, name="spark-watchdog", daemon=True).start()

    def close(self) -> None:
        """Watch no more."""
        self._closed.set()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch over the body, which has to say when it was answered."""
        self.answered()
        self._calls = True
        try:
            yield
        finally:
            self._calls = False

    def answered(self) -> None:
        """Hear that a call has returned."""
        self._silent = 0
        if self._fault is not None:
            raise self._fault

    def _watch(self) -> None:
        while not self._closed.wait(TICK_S):
            try:
                self._look()
            except Exception as fault:  # noqa: BLE001 - raised by `answered`
                self._fault = fault
            self._silent += 1
            if self._calls and self._silent >= (URGENT if self._is_urgent() else PATIENT):
                self._jvm.kill()
                return
