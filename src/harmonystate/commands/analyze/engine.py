"""Spark, where the work of a run is too large for the driver: started when it is first needed."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from harmonystate.config import CassandraSettings, Config
from harmonystate.core.answers import Minute
from harmonystate.core.ranking import Tally

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# A JVM spends its first seconds on compiling itself: with the first compiler alone 22 CPU-seconds become 12 for an hour
# of 100 drones, 37 become 25 for a day. Where the work is long, the second one pays. What is cached is read twice and
# small: to compress it takes 3 of a day's 27.
_QUICK_CONF = {
    "spark.driver.defaultJavaOptions": "-XX:TieredStopAtLevel=1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.inMemoryColumnarStorage.compressed": "false",
}


class Fresh(NamedTuple):
    """What was computed of some hours, and is not stored yet.

    Attributes:
        minutes: every minute that has a report.
        person_hours: rows of the table person_hours, in Spark.
    """

    minutes: list[Minute]
    person_hours: "DataFrame"


class Engine:
    """What a run does in Spark; each of its calls raises SparkLost when Spark does not answer any more.

    What else may end them is said in `edges.spark.faults.explaining`.

    Args:
        settings: where rollups are.
        open_spark: called once, when Spark is first needed, with whether there is little to do.
    """

    def __init__(self, settings: CassandraSettings, open_spark: "Callable[[bool], SparkSession]") -> None:
        self._settings, self._open_spark = settings, open_spark
        self._little = False

    @cached_property
    def _spark(self) -> "SparkSession":
        return self._open_spark(self._little)

    def tasks(self) -> tuple[int, int] | None:
        """Return how far Spark is; None while it has not started, or has nothing to do, or does not say."""
        # Whoever only looks starts nothing.
        if (spark := self.__dict__.get("_spark")) is None:
            return None
        from harmonystate.edges.spark.tasks import task_progress

        return task_progress(spark)

    def expect_little(self) -> None:
        """Tune a Spark that has not started yet for a few hundred thousand reports."""
        self._little = True

    def compute(self, hours: Sequence[datetime], *, threshold: int) -> Fresh:
        """Look once at every report of some hours (at least one)."""
        from harmonystate.edges.spark import batch
        from harmonystate.frames import hour_frames

        with self._guarded() as spark:
            reports = batch.read_reports(spark, self._settings, hours)
            people = hour_frames.person_minutes(reports, threshold=threshold).persist()
            minutes = batch.collect_minutes(hour_frames.minutes(people))
            return Fresh(minutes, hour_frames.person_hours(people, shards=self._settings.shards))

    def store_persons(self, fresh: Fresh, *, now: datetime, timestamp: int) -> None:
        """Store the persons of the hours by the connector; see RollupWriter for `now` and `timestamp`."""
        from harmonystate.edges.spark import batch
        from harmonystate.frames import hour_frames

        with self._guarded():
            rows = hour_frames.with_ttl(fresh.person_hours, keep=self._settings.series_ttl, now=now)
            batch.write_person_hours(rows, self._settings, timestamp=timestamp)

    def saddest(self, stored: Sequence[datetime], fresh: Fresh | None, *, top: int) -> list[Tally]:
        """Return the `top` saddest over the stored rollups of some hours and what is fresh, in order."""
        from harmonystate.edges.spark import batch
        from harmonystate.frames import answer_frames

        parts = [fresh.person_hours] if fresh else []
        if not (parts or stored):
            return []
        with self._guarded() as spark:
            if stored:
                parts.append(batch.read_person_hours(spark, self._settings, stored))
            return batch.collect_tallies(answer_frames.saddest(parts, top=top))

    @contextmanager
    def _guarded(self) -> "Iterator[SparkSession]":
        """Lend Spark to a body that may wait for Cassandra without end."""
        from harmonystate.edges.cassandra.causes import where
        from harmonystate.edges.spark.faults import explaining
        from harmonystate.edges.spark.guard import guarded

        with explaining(where(self._settings)), guarded(self._spark):
            yield self._spark


@contextmanager
def lazy_engine(config: Config) -> Iterator[Engine]:
    """Lend an Engine that starts Spark when it is first used, and stop it at the end."""
    with ExitStack() as stack:

        def start(little: bool) -> "SparkSession":
            from harmonystate.edges.local import jars, java
            from harmonystate.edges.spark import archive
            from harmonystate.edges.spark.session import open_spark

            java_home, connector = java.find_java(), jars.fetch(["spark"])["spark"]
            stack.callback(archive.make_in_background, config, jars=connector, java_home=java_home)
            conf = _QUICK_CONF if little else {}
            opening = open_spark(config, app="analyze", jars=connector, java_home=java_home, extra_conf=conf)
            return stack.enter_context(opening)

        yield Engine(config.cassandra, start)
