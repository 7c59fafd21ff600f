"""One micro-batch: into the table report, then the marks of its hours, then its dead letters and its end."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

from pyspark.sql import DataFrame, Row

from harmonystate.config import CassandraSettings
from harmonystate.core.record import Place
from harmonystate.frames.report_frame import contents, dead_page, decode, storable

# What one page of dead letters may hold in the driver's memory, and how many letters at most.
_PAGE_BYTES = 32 * 1024 * 1024
_PAGE_LETTERS = 5_000

Ends = Mapping[tuple[str, int], int]


class DeadRecord(NamedTuple):
    """A record that is not a report.

    Attributes:
        fault: why; it names the field's path, never a value.
    """

    place: Place
    key: bytes | None
    value: bytes | None
    fault: str


class Outlet(Protocol):
    """What a batch leads to beside its rows. What an outlet raises fails the batch, which then comes again."""

    def begin(self) -> None:
        """Get ready for batches, of which the first may come again."""
        ...

    def mark_changed(self, hours: Sequence[datetime], now: datetime) -> None:
        """Mark hours that have new rows."""
        ...

    def commit(self, dead: Sequence[DeadRecord], ends: Ends) -> None:
        """Bury dead letters, unless an earlier run has; all before `ends` is done with."""
        ...


class Outcome(NamedTuple):
    """What a batch held."""

    rows: int
    dead_letters: int
    expired: int
    age_s: float  # of its first record, when all was done


def store(
    records: DataFrame, *, topic: str, ends: Callable[[], Ends], settings: CassandraSettings, outlet: Outlet
) -> Outcome:
    """Store a micro-batch. All of it can be done again: rows and marks have keys, and a commit is one transaction.

    Args:
        records: of Spark's Kafka source.
        topic: where they come from.
        ends: where the batch ends, by topic and partition.
        settings: of the table report.
        outlet: for everything but the rows.
    """
    now = datetime.now(UTC)
    decoded = decode(records, shards=settings.shards, keep=settings.report_ttl, now=now).persist()
    try:
        _write(storable(decoded), settings)
        found = contents(decoded).collect()
        # Only now: whoever reads an hour after its mark sees these rows.
        outlet.mark_changed([datetime.fromtimestamp(row.hour_s, UTC) for row in found if row.stored], now)
        for page, is_last in _pages(decoded, found, topic):
            outlet.commit(page, ends() if is_last else _reached(page))
    finally:
        decoded.unpersist()
    return _outcome(found)


def _write(rows: DataFrame, settings: CassandraSettings) -> None:
    options = {"keyspace": settings.keyspace, "table": "report", "ttl": "ttl"}
    rows.write.format("org.apache.spark.sql.cassandra").options(**options).mode("append").save()


def _pages(decoded: DataFrame, found: Sequence[Row], topic: str) -> Iterator[tuple[list[DeadRecord], bool]]:
    """Yield what is not a report, in order of partition and offset, in pages that fit the driver's memory.

    Each with whether it is the last; there is always one, if need be empty.
    """
    left = sum(row.dead for row in found)
    longest = max((row.longest or 0 for row in found), default=0)
    limit = max(1, min(_PAGE_LETTERS, _PAGE_BYTES // (longest + 1024)))
    after = (-1, -1)
    while left > 0:
        rows = dead_page(decoded, after=after, limit=limit).collect()
        after = (rows[-1].partition, rows[-1].offset)
        left -= len(rows)
        yield [_dead_record(row, topic) for row in rows], left <= 0
    if after == (-1, -1):
        yield [], True


def _dead_record(row: Row, topic: str) -> DeadRecord:
    place = Place(topic, row.partition, row.offset)
    key, value = (None if part is None else bytes(part) for part in (row.key, row.value))
    return DeadRecord(place, key, value, row.fault)


def _reached(page: Sequence[DeadRecord]) -> Ends:
    """Return what is done with once a page is buried: in each of its partitions all up to its last letter there."""
    return {(dead.place.topic, dead.place.partition): dead.place.offset + 1 for dead in page}


def _outcome(found: Sequence[Row]) -> Outcome:
    oldest_ms = min((row.oldest_ms for row in found if row.oldest_ms), default=None)
    return Outcome(
        rows=sum(row.stored for row in found),
        dead_letters=sum(row.dead for row in found),
        expired=sum(row.expired for row in found),
        age_s=0.0 if oldest_ms is None else max(0.0, round(time.time() - oldest_ms / 1000, 1)),
    )
