"""One micro-batch: into the table report, then the marks of its hours, then its dead letters and its end."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple, Protocol

from pyspark import StorageLevel
from pyspark.sql import DataFrame, Row

from harmonystate import crash
from harmonystate.config import CassandraSettings
from harmonystate.core.record import Place
from harmonystate.edges.spark.census import Census
from harmonystate.frames.contents import Contents
from harmonystate.frames.report_frame import dead_between, dead_letters, dead_sizes, decode, storable

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
    records: DataFrame,
    *,
    topic: str,
    ends: Callable[[], Ends],
    settings: CassandraSettings,
    outlet: Outlet,
    census: Census,
) -> Outcome:
    """Store a micro-batch. All of it can be done again: rows and marks have keys, and a commit is one transaction.

    Args:
        records: of Spark's Kafka source.
        topic: where they come from.
        ends: where the batch ends, by topic and partition.
        settings: of the table report.
        outlet: for everything but the rows.
        census: counts what the batch holds.
    """
    now = datetime.now(UTC)
    decoding = partial(decode, records, shards=settings.shards, keep=settings.report_ttl, now=now)
    census.begin()
    _write(storable(decoding(note=census.note)), settings)
    crash.passing("after-rows")
    found = census.found()
    # Only now: whoever reads an hour after its mark sees these rows.
    outlet.mark_changed(sorted(found.hours), now)
    crash.passing("after-hours")
    if found.dead:
        # Decoded once more, because it is rare: to keep all rows of every batch would cost more.
        _bury(dead_letters(decoding(note=_nobody)), topic, ends=ends, outlet=outlet)
    else:
        outlet.commit((), ends())
    crash.passing("after-dead-letters")
    return _outcome(found)


def _nobody(_: Contents) -> None:
    """Hear nothing."""


def _bury(letters: DataFrame, topic: str, *, ends: Callable[[], Ends], outlet: Outlet) -> None:
    with _kept(letters):
        *pages, (first, last) = cut(sorted(dead_sizes(letters).collect()))
        for page in pages:
            some = _dead_records(letters, *page, topic)
            outlet.commit(some, _reached(some))
        outlet.commit(_dead_records(letters, first, last, topic), ends())


@contextmanager
def _kept(frame: DataFrame) -> Iterator[None]:
    frame.persist(StorageLevel.DISK_ONLY)  # they may be larger than all of memory
    try:
        yield
    finally:
        frame.unpersist()


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


def _dead_records(letters: DataFrame, first: _At, last: _At, topic: str) -> list[DeadRecord]:
    return sorted(_dead_record(row, topic) for row in dead_between(letters, first, last).collect())


def _dead_record(row: Row, topic: str) -> DeadRecord:
    place = Place(topic, row.partition, row.offset)
    key, value = (None if part is None else bytes(part) for part in (row.key, row.value))
    return DeadRecord(place, key, value, row.fault)


def _reached(page: Sequence[DeadRecord]) -> Ends:
    """Return what is done with once a page is buried: in each of its partitions all up to its last letter there."""
    return {(dead.place.topic, dead.place.partition): dead.place.offset + 1 for dead in page}


def _outcome(found: Contents) -> Outcome:
    age_s = 0.0 if found.oldest_ms is None else max(0.0, round(time.time() - found.oldest_ms / 1000, 1))
    return Outcome(rows=found.stored, dead_letters=found.dead, expired=found.expired, age_s=age_s)
