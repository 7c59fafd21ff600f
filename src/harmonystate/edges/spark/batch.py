"""Spark batch over Cassandra by the DataStax connector: reports in, the rollups of persons in and out."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import reduce

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - the name that Spark's own guide gives it

from harmonystate.config import CassandraSettings
from harmonystate.core.answers import Minute
from harmonystate.core.ranking import Tally

_FORMAT = "org.apache.spark.sql.cassandra"


def read_reports(spark: SparkSession, settings: CassandraSettings, hours: Sequence[datetime]) -> DataFrame:
    """Return `hour`, `time` and `persons` of all reports of some whole UTC hours (at least one)."""
    return _read(spark, settings, "report", hours).select("hour", "time", "persons")


def read_person_hours(spark: SparkSession, settings: CassandraSettings, hours: Sequence[datetime]) -> DataFrame:
    """Return `lastname`, `firstname`, `sightings` and `sad` of the rollups of some whole UTC hours (at least one)."""
    return _read(spark, settings, "person_hours", hours).select("lastname", "firstname", "sightings", "sad")


def _read(spark: SparkSession, settings: CassandraSettings, table: str, hours: Sequence[datetime]) -> DataFrame:
    """Read whole partitions, by IN on both columns of the key, which is all that the connector looks up for us.

    It makes one task of such a read, however many partitions; so there are as many reads as tasks can run at once.
    """
    rows = spark.read.format(_FORMAT).options(keyspace=settings.keyspace, table=table).load()
    tasks = spark.sparkContext.defaultParallelism
    slices = key_slices(hours, range(settings.shards), tasks)
    reads = [rows.where(F.col("hour").isin(*some) & F.col("shard").isin(*shards)) for some, shards in slices]
    return reduce(DataFrame.unionByName, reads)


def key_slices(
    hours: Sequence[datetime], shards: Sequence[int], tasks: int
) -> Iterator[tuple[Sequence[datetime], Sequence[int]]]:
    """Cut hours x shards into at least `tasks` products, or single keys where there are fewer; none is empty."""
    of_shards = min(tasks, len(shards))
    of_hours = min(-(-tasks // of_shards), len(hours))
    return ((hours[i::of_hours], shards[j::of_shards]) for i in range(of_hours) for j in range(of_shards))


def write_person_hours(rows: DataFrame, settings: CassandraSettings, *, timestamp: int) -> None:
    """Store rollups of persons.

    Args:
        rows: the columns of the table person_hours, and `ttl` (int, seconds, above zero).
        timestamp: microseconds; of the writes.
    """
    options = {"keyspace": settings.keyspace, "table": "person_hours", "ttl": "ttl", "timestamp": str(timestamp)}
    rows.write.format(_FORMAT).options(**options).mode("append").save()


def collect_minutes(minutes: DataFrame) -> list[Minute]:
    """Bring minutes, as frames.hour_frames makes them, to the driver: 1,440 a day."""
    # A collected timestamp would be naive, in the host's own time zone.
    rows = minutes.select(F.unix_seconds("minute"), "sightings", "score_sum", "persons", "sad").collect()
    return [Minute(datetime.fromtimestamp(second, UTC), *counts) for second, *counts in rows]


def collect_tallies(saddest: DataFrame) -> list[Tally]:
    """Bring tallies of persons, as frames.answer_frames makes them, to the driver."""
    return [Tally(*row) for row in saddest.select("firstname", "lastname", "sad", "sightings").collect()]
