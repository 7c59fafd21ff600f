"""Kafka records -> rows of the table report, dead letters apart, and what a batch holds."""

from datetime import datetime, timedelta
from functools import partial

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 - the name that Spark's own guide gives it
from pyspark.sql.pandas.types import from_arrow_schema

from harmonystate.frames.report_batch import DECODED, FAULT_FIELDS, REPORT_FIELDS, decode_batches


def decode(records: DataFrame, *, shards: int, keep: timedelta, now: datetime) -> DataFrame:
    """Decode every record once; see `report_batch.decode_batches`.

    Args:
        records: of Spark's Kafka source; reads partition, offset, timestamp, key and value.
        shards: partitions of an hour in the table report.
        keep: how long a report is kept after its event.
        now: when the batch is decoded; UTC. A replay may hand in another: expiry does not depend on it.

    Returns:
        one row per record, of schema DECODED, in no particular order.
    """
    needed = records.select("partition", "offset", "timestamp", "key", "value")
    return needed.mapInArrow(
        partial(decode_batches, shards=shards, keep=keep, now=now),
        from_arrow_schema(DECODED),
    )


def storable(decoded: DataFrame) -> DataFrame:
    """Return the rows of the table report, with their `ttl` in seconds; none whose time is over."""
    return decoded.where("fault IS NULL AND ttl > 0").select([field.name for field in REPORT_FIELDS])


def contents(decoded: DataFrame) -> DataFrame:
    """Count what a batch holds, by hour.

    Returns:
        (`hour_s` long or null: seconds since 1970; `stored` long; `expired` long; `dead` long; `oldest_ms` long):
        what is not a report has no hour; `oldest_ms` is when the first of the records was written, in milliseconds
        since 1970. Numbers, because pyspark hands a timestamp to the driver in the host's zone, where an hour may
        come twice.
    """
    return decoded.groupBy(F.unix_timestamp("hour").alias("hour_s")).agg(
        F.count_if(F.col("ttl") > 0).alias("stored"),
        F.count_if(F.col("ttl") <= 0).alias("expired"),
        F.count("fault").alias("dead"),
        F.unix_millis(F.min("written")).alias("oldest_ms"),
    )


def dead_sizes(decoded: DataFrame) -> DataFrame:
    """Return what is not a report, without its content: (`partition` int, `offset` long, `bytes` int, 0 for none)."""
    size = F.coalesce(F.length("value"), F.lit(0)).alias("bytes")
    return decoded.where(F.col("fault").isNotNull()).select("partition", "offset", size)


def dead_between(decoded: DataFrame, first: tuple[int, int], last: tuple[int, int]) -> DataFrame:
    """Return what is not a report from one partition and offset to another, both included, in no particular order."""
    partition, offset = F.col("partition"), F.col("offset")
    begun = (partition > first[0]) | ((partition == first[0]) & (offset >= first[1]))
    not_over = (partition < last[0]) | ((partition == last[0]) & (offset <= last[1]))
    inside = decoded.where(F.col("fault").isNotNull() & begun & not_over)
    return inside.select([field.name for field in FAULT_FIELDS])
