"""Where the stream stands, locked while it is in use."""

import fcntl
import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pyspark.sql import SparkSession

from harmonystate.edges.spark.checkpoint_repair import is_local, local_folder
from harmonystate.errors import Busy

# The JVM of an ingest that was killed lives on for about two seconds, and holds the lock as long.
_WAIT_S = 6.0


@contextmanager
def locked(checkpoint: str, *, locks: Path) -> Iterator[int]:
    """Keep every other ingest on this host away from a checkpoint.

    Args:
        checkpoint: a Hadoop path.
        locks: where locks of checkpoints that are not local folders lie.

    Yields:
        the file descriptor that holds the lock; whoever inherits it holds the lock too.

    Raises:
        Busy: when it is in use.
    """
    path = _lock_path(checkpoint, locks)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        give_up = time.monotonic() + _WAIT_S
        while not _try_lock(file.fileno()):
            if time.monotonic() > give_up:
                raise Busy(f"another ingest is using the checkpoint {checkpoint}: stop it first")
            time.sleep(0.1)
        yield file.fileno()


def planned_offsets(spark: SparkSession, checkpoint: str, batch_id: int) -> dict[tuple[str, int], int]:
    """Return where a batch ends, by topic and partition: Spark writes it down before the batch begins.

    The last record of the batch would not tell: transaction markers take offsets too.
    """
    jvm = spark.sparkContext._jvm
    assert jvm is not None  # noqa: S101 - a session is open
    path = jvm.org.apache.hadoop.fs.Path(f"{checkpoint}/offsets/{batch_id}")
    stream = path.getFileSystem(spark._jsc.hadoopConfiguration()).open(path)
    try:
        text = jvm.org.apache.commons.io.IOUtils.toString(stream, "UTF-8")
    finally:
        stream.close()
    return parse_offsets(text)


def parse_offsets(text: str) -> dict[tuple[str, int], int]:
    """Read Spark's offset log: a version, the batch's metadata, and one line of JSON for our one source."""
    by_topic = json.loads(text.splitlines()[2])
    return {(topic, int(partition)): end for topic, ends in by_topic.items() for partition, end in ends.items()}


def _lock_path(checkpoint: str, locks: Path) -> Path:
    if not is_local(checkpoint):
        return locks / "checkpoint" / f"{hashlib.sha256(checkpoint.encode()).hexdigest()[:16]}.lock"
    return Path(f"{local_folder(checkpoint)}.lock")


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
