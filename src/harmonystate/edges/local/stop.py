"""SIGTERM, SIGHUP and ^C: finish the batch in hand, then leave."""

import os
import signal
import stat
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from types import FrameType

GRACE_S = 20.0


class Stopped(Exception):
    """A signal has asked this process to leave, in the middle of something that need not be finished."""


class Stop:
    """Set once a signal has asked this process to leave."""

    def __init__(self) -> None:
        self._asked = False
        # No Event: a signal handler that sets the one on which its own thread is about to wait waits for itself. Only
        # the `put` of this queue may come in the middle of anything (docs.python.org/3/library/queue.html).
        self._word: SimpleQueue[None] = SimpleQueue()
        self.exit_code = 0

    def is_set(self) -> bool:
        """Say whether to leave."""
        return self._asked

    def wait(self, seconds: float) -> bool:
        """Wait so long, or until asked to leave; say whether to leave."""
        try:
            self._word.get(timeout=max(seconds, 0.0))
        except Empty:
            return self._asked
        self._word.put(None)  # for whoever else waits
        return True

    def raise_if_set(self, within_s: float = 0.0) -> None:
        """Wait so long.

        Raises:
            Stopped: as soon as asked to leave.
        """
        if self.wait(within_s):
            raise Stopped

    def set(self, exit_code: int = 0) -> None:
        """Ask to leave, with this exit code at the end."""
        self.exit_code = exit_code
        self._asked = True
        self._word.put(None)


def stop_on_signals(
    last_words: Callable[[], object] = lambda: None,
    *,
    at_once: Callable[[], object] = lambda: None,
    grace_s: float = GRACE_S,
) -> Stop:
    """Return a Stop that SIGTERM, SIGHUP (both exit 0) and ^C (exit 130) set.

    What cannot finish in `grace_s` is dropped uncommitted: the process says its `last_words` and leaves all the same.
    A second ^C does not wait for that.

    Args:
        last_words: called when the grace has run out, or at a second ^C.
        at_once: called by the first signal, in the main thread.
        grace_s: how long to finish may take.
    """
    stop = Stop()

    def leave(code: int) -> None:
        try:
            last_words()
        finally:
            os._exit(code)

    def on_signal(number: int, _: FrameType | None) -> None:
        _let_go_of_terminal()
        code = 130 if number == signal.SIGINT else 0
        if stop.is_set() and number == signal.SIGINT:
            # In a thread: what we are in the middle of may hold a lock that the last words need. Where it comes to its
            # end meanwhile, the interpreter waits for this thread: the exit code is that of the second ^C.
            threading.Thread(target=leave, args=(130,)).start()
        if not stop.is_set():
            stop.set(code)
            _after(grace_s, partial(leave, code))
            at_once()

    _on_sigterm(on_signal)
    signal.signal(signal.SIGINT, on_signal)
    return stop


def unwind_on_sigterm(*, grace_s: float = GRACE_S) -> None:
    """Let SIGTERM, and SIGHUP, end whatever runs as ^C does, but with 0: for all that has no batch to finish.

    What is being done is undone on the way out, for which it has `grace_s`.
    """

    def on_signal(_number: int, _: FrameType | None) -> None:
        _let_go_of_terminal()
        _on_sigterm(signal.SIG_IGN)
        _after(grace_s, partial(os._exit, 0))
        raise SystemExit(0)

    _on_sigterm(on_signal)


def _on_sigterm(do: Callable[[int, FrameType | None], object] | signal.Handlers) -> None:
    """Do it on SIGHUP too, which a terminal that is closed sends, unless that is to be ignored (`nohup`)."""
    signal.signal(signal.SIGTERM, do)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        signal.signal(signal.SIGHUP, do)


def _let_go_of_terminal() -> None:
    """Have nobody write to a terminal that is gone, which is an error, in the middle of a batch perhaps."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        with suppress(OSError):  # it may be closed
            if stat.S_ISCHR(os.fstat(stream).st_mode) and not os.isatty(stream):
                os.dup2(nowhere, stream)


def _after(seconds: float, act: Callable[[], object]) -> None:
    last = threading.Timer(seconds, act)
    last.daemon = True
    last.start()
