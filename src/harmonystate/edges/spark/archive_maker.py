"""Makes the archive of Spark's classes by doing what analyze does; its task comes on stdin, pickled."""

import fcntl
import os
import pickle
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from harmonystate.config import CassandraSettings, Config
from harmonystate.edges.spark import batch
from harmonystate.edges.spark.archive import remove_unused
from harmonystate.edges.spark.session import open_spark
from harmonystate.frames import answer_frames, hour_frames

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# The JVM writes the archive as it leaves, and what no other process wants of a busy machine may be little.
_PATIENCE_S = 600.0


def main() -> None:
    """Make one archive, unless another process is making it."""
    config, jars, java_home, path = pickle.load(sys.stdin.buffer)  # noqa: S301 - our own parent wrote it
    _be_modest()
    with path.with_suffix(".lock").open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        if not path.exists():
            make(config, jars=jars, java_home=java_home, path=path)
            remove_unused(path)


def make(config: Config, *, jars: tuple[Path, ...], java_home: Path, path: Path) -> None:
    """Make an archive; it is there only when it is whole."""
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    options = {"spark.driver.defaultJavaOptions": f'-XX:TieredStopAtLevel=1 "-XX:ArchiveClassesAtExit={new}"'}
    with tempfile.TemporaryDirectory() as home:
        apart = config.model_copy(update={"local": config.local.model_copy(update={"home": Path(home)})})
        opening = open_spark(
            apart, app="archive", jars=jars, java_home=java_home, extra_conf=options, patience_s=_PATIENCE_S
        )
        with opening as spark:
            _rehearse(spark, config.cassandra)
    new.replace(path)


def _rehearse(spark: "SparkSession", settings: CassandraSettings) -> None:
    """Do what analyze does, with an hour that has no reports, so that nothing is written."""
    hour = datetime(2000, 1, 1, tzinfo=UTC)
    people = hour_frames.person_minutes(batch.read_reports(spark, settings, [hour]), threshold=2).persist()
    batch.collect_minutes(hour_frames.minutes(people))
    persons = hour_frames.person_hours(people, shards=settings.shards)
    batch.write_person_hours(hour_frames.with_ttl(persons, keep=timedelta(days=1), now=hour), settings, timestamp=1)
    stored = batch.read_person_hours(spark, settings, [hour])
    batch.collect_tallies(answer_frames.saddest([persons, stored], top=1))


def _be_modest() -> None:
    if hasattr(os, "sched_setscheduler"):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    else:
        os.nice(19)


if __name__ == "__main__":
    main()
