"""One micro-batch: into the table report, then the marks of its hours, then its dead letters and its end."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

from pyspark.sql import DataFrame, Row

from harmonystate import crash
from harmonystate.config import CassandraSettings
from harmonystate.core.record import Place
from harmonystate.frames.report_frame import contents, dead_between, dead_sizes, decode, storable

# What one page of dead letters may hold in the driver's memory, and how many letters at most.
PAGE_BYTES = 32 * 1024 * 1024
PAGE_LETTERS = 5_000

Ends = Mapping[tuple[str, int], int]
_At = tuple[int, int]  # partition and offset


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
        crash.passing("after-rows")
        found = contents(decoded).collect()
        # Only now: whoever reads an hour after its mark sees these rows.
        outlet.mark_changed([datetime.fromtimestamp(row.hour_s, UTC) for row in found if row.stored], now)
        crash.passing("after-hours")
        any_dead = any(row.dead for row in found)
        pages = list(cut(sorted(dead_sizes(decoded).collect()))) if any_dead else []
        for first, last in pages[:-1]:
            letters = _dead_records(decoded, first, last, topic)
            outlet.commit(letters, _reached(letters))
        outlet.commit(_dead_records(decoded, *pages[-1], topic) if pages else (), ends())
        crash.passing("after-dead-letters")
    finally:
        decoded.unpersist()
    return _outcome(found)


def _write(rows: DataFrame, settings: CassandraSettings) -> None:
    options = {"keyspace": settings.keyspace, "table": "report", "ttl": "ttl"}
    rows.write.format("org.apache.spark.sql.cassandra").options(**options).mode("append").save()


def cut(sizes: Iterable[tuple[int, int, int]]) -> Iterator[tuple[_At, _At]]:
    """Cut dead letters, in order of partition and offset, into pages that fit the driver's memory.

    Args:
        sizes: (partition, offset, bytes) of each.

    Yields:
        the first and the last partition and offset of each page.
    """
    page: list[_At] = []
    held = 0
    for partition, offset, size in sizes:
        if page and (held + size > PAGE_BYTES or len(page) == PAGE_LETTERS):
            yield page[0], page[-1]
            page, held = [], 0
        page.append((partition, offset))
        held += size
    if page:
        yield page[0], page[-1]


def _dead_records(decoded: DataFrame, first: _At, last: _At, topic: str) -> list[DeadRecord]:
    return sorted(_dead_record(row, topic) for row in dead_between(decoded, first, last).collect())


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
