"""What is seen while jars are fetched: one bar on a terminal, one log line elsewhere."""

import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext

import structlog

from harmonystate.edges.local.jar_lock import Jar

# jgo calls it with a file's name and size; the body reports the bytes that came.
Progress = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]


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
    structlog.get_logger("harmony.jars").info("fetching", jars=len(jars), megabytes=round(size / 1e6, 1))
    yield _reporting(on_piece, lambda _: None)


def _reporting(on_piece: Callable[[], object], advance: Callable[[int], object]) -> Progress:
    def came(size: int) -> None:
        on_piece()
        advance(size)

    return lambda _name, _size: nullcontext(came)


@contextmanager
def _bar(title: str, size: int) -> Iterator[Callable[[int], object]]:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
    from rich.progress import Progress as Bar

    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn()
    with Bar(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task(title, total=size)
        yield lambda came: bar.advance(task, came)
