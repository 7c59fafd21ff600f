"""A turn at what one process does at a time. It may take minutes to come, so whoever waits for it says so."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import structlog
from filelock import FileLock, Timeout

# Most turns are over by then.
PATIENCE_S = 1.0

_log = structlog.get_logger("harmony.turn")


def take_turn(
    path: Path, what: str, *, give_up_s: float = -1, given_up: Callable[[], bool] = lambda: False
) -> AbstractContextManager[object]:
    """Wait for the lock at `path`, and return it; `with` lets go of it.

    Args:
        path: of the lock; its folder is there.
        what: the other process does meanwhile, for the line that says that we wait.
        give_up_s: -1 = never.
        given_up: asked again and again while we wait.

    Raises:
        Timeout: when we give up.
    """
    lock = FileLock(path)
    try:
        return lock.acquire(PATIENCE_S, cancel_check=given_up)
    except Timeout:
        if given_up():
            raise
    _log.info(f"waiting for another harmony, which {what}", lock=str(path))
    return lock.acquire(give_up_s, cancel_check=given_up)
