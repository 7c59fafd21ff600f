"""Kafka records -> rows of the table report, dead letters apart."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 - the name that Spark's own guide gives it
from pyspark.sql.pandas.types import from_arrow_schema

from harmonystate.frames.contents import Contents
from harmonystate.frames.report_batch import DECODED, FAULT_FIELDS, REPORT_FIELDS, decode_batches


def decode(
    records: DataFrame, *, shards: int, keep: timedelta, now: datetime, note: Callable[[Contents], object]
) -> DataFrame:
    """Decode every record, whenever the result is looked at; see `report_batch.decode_batches`.

    Args:
        records: of Spark's Kafka source; reads partition, offset, timestamp, key and value.
        shards: partitions of an hour in the table report.
        keep: how long a report is kept after its event.
        now: when the batch is decoded; UTC. A replay may hand in another: expiry does not depend on it.
        note: is told, in the workers, what each batch of theirs holds.

    Returns:
        one row per record, of schema DECODED, in no particular order.
    """
    needed = records.select("partition", "offset", "timestamp", "key", "value")
    return needed.mapInArrow(
        partial(decode_batches, shards=shards, keep=keep, now=now, note=note),
        from_arrow_schema(DECODED),
    )


def storable(decoded: DataFrame) -> DataFrame:
    """Return the rows of the table report, with their `ttl` in seconds; none whose time is over."""
    return decoded.where("fault IS NULL AND ttl > 0").select([field.name for field in REPORT_FIELDS])


def dead_letters(decoded: DataFrame) -> DataFrame:
    """Return what is not a report."""
    return decoded.where(F.col("fault").isNotNull()).select([field.name for field in FAULT_FIELDS])


def dead_sizes(letters: DataFrame) -> DataFrame:
    """Return dead letters without their content: (`partition` int, `offset` long, `bytes` int, 0 for none)."""
    size = F.coalesce(F.length("value"), F.lit(0)).alias("bytes")
    return letters.select("partition", "offset", size)


def dead_between(letters: DataFrame, first: tuple[int, int], last: tuple[int, int]) -> DataFrame:
    """Return dead letters from one partition and offset to another, both included, in no particular order."""
    partition, offset = F.col("partition"), F.col("offset")
    begun = (partition > first[0]) | ((partition == first[0]) & (offset >= first[1]))
    not_over = (partition < last[0]) | ((partition == last[0]) & (offset <= last[1]))
    return letters.where(begun & not_over)
