"""A guard over calls into Spark that may never return."""

import math
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from py4j.protocol import Py4JError, Py4JJavaError

from harmonystate.edges.spark.stall import SparkLost, StallClock

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_LOOK_EVERY_S = 1.0
# A JVM that is going may refuse a call some moments before it is gone.
_GOING_S = 2.0


@contextmanager
def guarded(spark: "SparkSession", *, clock: StallClock | None = None) -> Iterator[None]:
    """Watch over a body that only calls Spark: a JVM that does nothing for it, for two minutes, is ended.

    The connector asks the Java driver for the schema before each read and write, and a driver that is asked while
    Cassandra is away may never answer, also when Cassandra is back (see session.forget_cassandra).

    Args:
        spark: what the body calls.
        clock: when it is two minutes.

    Raises:
        SparkLost: when the JVM was ended, or went by itself: another one may do it.
    """
    clock = clock or StallClock(math.inf)
    done = threading.Event()
    clock.begin()
    watcher = threading.Thread(target=_watch, args=(spark, clock, done), name="spark-guard", daemon=True)
    watcher.start()
    try:
        yield
    except Py4JJavaError:  # its JVM is there to say so
        raise
    except (Py4JError, OSError, EOFError) as fault:
        if has_gone(jvm_of(spark)):
            raise SparkLost("Spark's JVM is gone, or did nothing for two minutes") from fault
        raise
    finally:
        done.set()


def _watch(spark: "SparkSession", clock: StallClock, done: threading.Event) -> None:
    while not done.wait(_LOOK_EVERY_S):
        try:
            clock.note_jobs(running=bool(spark.sparkContext.statusTracker().getActiveJobsIds()))
        except SparkLost:
            jvm_of(spark).kill()
            return
        except (Py4JError, OSError):  # the JVM has gone, which the body learns by itself
            return


def jvm_of(spark: "SparkSession") -> "subprocess.Popen[bytes]":
    """Return the JVM of a session."""
    gateway: Any = spark.sparkContext._gateway
    jvm: subprocess.Popen[bytes] = gateway.proc
    return jvm


def has_gone(jvm: "subprocess.Popen[bytes]") -> bool:
    """Say whether a JVM has gone, or does in a moment."""
    try:
        jvm.wait(_GOING_S)
    except subprocess.TimeoutExpired:
        return False
    return True
