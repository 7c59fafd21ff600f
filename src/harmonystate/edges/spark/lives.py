"""Spark may be lost in the middle of its work; another one goes on."""

import itertools
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

import structlog

from harmonystate.errors import Busy

T = TypeVar("T")
R = TypeVar("R")


class SparkLost(Busy):
    """Spark does not answer any more, or its JVM is gone: a new one goes on where it was."""


class Leaving(Protocol):
    """Whether to leave; `edges.local.stop.Stop` is one."""

    def is_set(self) -> bool:
        """Say whether to leave."""
        ...


def outlive(
    start: Callable[[], AbstractContextManager[T]],
    work: Callable[[T], R],
    stop: Leaving,
    *,
    stage: str,
    lives: int | None = None,
) -> R | None:
    """Do the work with what `start` opens, and with another one whenever Spark is lost.

    Args:
        start: opens Spark.
        work: is done from its beginning each time.
        stop: once set, nothing more is begun.
        stage: whose work it is.
        lives: how many times Spark is opened at most; None is without end.

    Returns:
        what `work` returned; None when asked to stop before.

    Raises:
        SparkLost: when the last one was lost too.
    """
    for life in itertools.count(1):
        if stop.is_set():
            break
        try:
            with start() as spark:
                return work(spark)
        except SparkLost as lost:
            if life == lives:
                raise
            structlog.get_logger(f"harmony.{stage}").warning("starts Spark again", because=str(lost))
    return None
