"""What is seen while jars are fetched: one bar on a terminal, one log line every 10 s elsewhere."""

import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext

import structlog

from harmonystate.edges.local.jar_lock import Jar

# jgo calls it with a file's name and size; the body reports the bytes that came.
Progress = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]

LINE_EVERY_S = 10.0

_log = structlog.get_logger("harmony.jars")


@contextmanager
def fetching(jars: Sequence[Jar], on_piece: Callable[[], object]) -> Iterator[Progress]:
    """Show how much of `jars` has come while the body runs; safe to report to from several threads.

    `on_piece` is called with each piece that comes; what it raises ends that jar.
    """
    size = sum(jar.size for jar in jars)
    if sys.stderr.isatty() and logging.getLogger("harmony").isEnabledFor(logging.INFO):
        with _bar(f"fetching {len(jars)} jars", size) as advance:
            yield _reporting(on_piece, advance)
        return
    _log.info("fetching", jars=len(jars), megabytes=_mb(size))
    yield _reporting(on_piece, _Lines(size))


def _reporting(on_piece: Callable[[], object], advance: Callable[[int], object]) -> Progress:
    def came(size: int) -> None:
        on_piece()
        advance(size)

    return lambda _name, _size: nullcontext(came)


class _Lines:
    """Says from time to time how much has come; called with the size of each piece, from several threads."""

    def __init__(self, size: int) -> None:
        self._size, self._came = size, 0
        self._began = self._said = time.monotonic()
        self._lock = threading.Lock()

    def __call__(self, came: int) -> None:
        with self._lock:
            self._came += came
            now = time.monotonic()
            if now - self._said < LINE_EVERY_S:
                return
            self._said = now
            rate = _mb(self._came / (now - self._began))
            _log.info("progress", megabytes=_mb(self._came), of=_mb(self._size), megabytes_per_s=rate)


def _mb(size: float) -> float:
    return round(size / 1e6, 1)


@contextmanager
def _bar(title: str, size: int) -> Iterator[Callable[[int], object]]:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
    from rich.progress import Progress as Bar

    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn()
    with Bar(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task(title, total=size)
        yield lambda came: bar.advance(task, came)
