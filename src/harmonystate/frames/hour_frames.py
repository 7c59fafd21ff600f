"""Report rows to the rollups of their hours. One look at the reports; all that follows stands on `person_minutes`."""

from datetime import datetime, timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 - the name that Spark's own guide gives it

from harmonystate.core.alert import is_sad


def person_minutes(reports: DataFrame, *, threshold: int) -> DataFrame:
    """Sum up each person of each minute.

    Args:
        reports: reads `hour` (timestamp, UTC), `time` (timestamp, UTC) and `persons` (array of structs of
            `firstname`, `lastname`, `harmonyscore`; empty, never null).
        threshold: scores strictly below it are sad, as in core.alert.

    Returns:
        (`hour`, `minute` timestamps, `lastname`, `firstname`, `sightings` long, `score_sum` long, `sad` long), one
        row per person and minute. A minute with a report that names nobody has a row without names, all zero.
    """
    person = F.explode_outer("persons").alias("person")
    sightings = reports.select("hour", F.date_trunc("minute", "time").alias("minute"), person)
    score = F.col("person.harmonyscore")
    return sightings.groupBy(
        "hour", "minute", F.col("person.lastname").alias("lastname"), F.col("person.firstname").alias("firstname")
    ).agg(
        F.count(score).alias("sightings"),
        F.coalesce(F.sum(score), F.lit(0)).alias("score_sum"),
        F.count_if(is_sad(score, threshold=threshold)).alias("sad"),
    )


def minutes(people: DataFrame) -> DataFrame:
    """Sum up each minute.

    Args:
        people: as `person_minutes` returns it.

    Returns:
        (`minute` timestamp, `sightings` long, `score_sum` long, `persons` long, `sad` long: distinct people, all and
        sad ones), one row per minute that has a report, in no particular order.
    """
    return people.groupBy("minute").agg(
        F.sum("sightings").alias("sightings"),
        F.sum("score_sum").alias("score_sum"),
        F.count("lastname").alias("persons"),
        F.count_if(F.col("sad") > 0).alias("sad"),
    )


def person_hours(people: DataFrame, *, shards: int) -> DataFrame:
    """Sum up each person of each hour: rows of the table person_hours.

    Args:
        people: as `person_minutes` returns it.
        shards: partitions per hour; a person's is crc32 of the names, modulo it.

    Returns:
        (`hour` timestamp, `shard` int, `lastname`, `firstname`, `sightings` int, `sad` int), one row per person and
        hour, in no particular order.
    """
    shard = F.crc32(F.concat("lastname", "firstname").cast("binary")) % shards
    return (
        people.where(F.col("lastname").isNotNull())
        .groupBy("hour", shard.cast("int").alias("shard"), "lastname", "firstname")
        .agg(F.sum("sightings").cast("int").alias("sightings"), F.sum("sad").cast("int").alias("sad"))
    )


def with_ttl(rows: DataFrame, *, keep: timedelta, now: datetime) -> DataFrame:
    """Add how long rows of hours are kept: core.retention on a column.

    Args:
        rows: reads `hour` (timestamp, UTC).
        keep: how long from the hour on.
        now: a UTC time.

    Returns:
        `rows` and `ttl` (int, seconds, above zero), without those whose time is over.
    """
    kept = round(keep.total_seconds())
    ttl = F.least(F.unix_seconds("hour") + kept - round(now.timestamp()), F.lit(2 * kept)).cast("int")
    return rows.withColumn("ttl", ttl).where("ttl > 0")
