"""A guard over calls into Spark that may never return."""

import math
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING

from py4j.protocol import Py4JError, Py4JJavaError

from harmonystate.edges.spark.jvm import has_gone, jvm_of
from harmonystate.edges.spark.lives import SparkLost
from harmonystate.edges.spark.stall import StallClock
from harmonystate.edges.spark.watchdog import Watchdog

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_LOOK_EVERY_S = 1.0


@contextmanager
def guarded(spark: "SparkSession", *, clock: StallClock | None = None) -> Iterator[None]:
    """Watch over a body that only calls Spark: a JVM that does nothing for it, for two minutes, is ended.

    The connector asks the Java driver for the schema before each read and write, and a driver that is asked while
    Cassandra is away may never answer, also when Cassandra is back (see session.forget_cassandra). A JVM that is
    frozen, or only collects garbage, does not even say whether it does anything.

    Args:
        spark: what the body calls.
        clock: when it is two minutes.

    Raises:
        SparkLost: when the JVM was ended, or went by itself: another one may do it.
    """
    clock = clock or StallClock(math.inf)
    clock.begin()

    def look() -> None:
        clock.note_jobs(running=bool(spark.sparkContext.statusTracker().getActiveJobsIds()))

    try:
        with asking(jvm_of(spark), look):
            yield
    except Py4JJavaError:  # its JVM is there to say so
        raise
    except (Py4JError, OSError, EOFError) as fault:
        if has_gone(jvm_of(spark)):
            raise SparkLost("Spark's JVM is gone, or did nothing for two minutes") from fault
        raise


@contextmanager
def asking(jvm: "subprocess.Popen[bytes]", ask: Callable[[], object]) -> Iterator[None]:
    """Ask a JVM something every second while the body calls it; one that answers none for two minutes is ended.

    Args:
        jvm: what the body calls.
        ask: asks it, and returns when it has answered; SparkLost from it ends the JVM at once.
    """
    done = threading.Event()
    with closing(Watchdog(jvm)) as watchdog, watchdog.watching():
        asker = threading.Thread(target=_ask_on, args=(jvm, ask, watchdog, done), name="spark-guard", daemon=True)
        asker.start()
        try:
            yield
        finally:
            done.set()


def _ask_on(
    jvm: "subprocess.Popen[bytes]", ask: Callable[[], object], watchdog: Watchdog, done: threading.Event
) -> None:
    while not done.wait(_LOOK_EVERY_S):
        try:
            # That the JVM has gone, the body learns by itself.
            with suppress(Py4JError, OSError):
                ask()
                watchdog.answered()
        except SparkLost:
            jvm.kill()
            return
