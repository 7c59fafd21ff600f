"""What a batch of records holds, counted where it is decoded: to look at it again would cost a job and a copy of it."""

from datetime import datetime
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc


class Contents(NamedTuple):
    """What some records hold.

    Attributes:
        stored: how many are reports for the table.
        expired: how many are reports whose time is over.
        dead: how many are no reports.
        hours: of the reports for the table; UTC.
        oldest_ms: when the first of all these records was written, milliseconds since 1970; a foreign client may have
            said anything.
    """

    stored: int = 0
    expired: int = 0
    dead: int = 0
    hours: frozenset[datetime] = frozenset()
    oldest_ms: int | None = None

    def plus(self, other: "Contents") -> "Contents":
        """Return what both hold."""
        return Contents(
            stored=self.stored + other.stored,
            expired=self.expired + other.expired,
            dead=self.dead + other.dead,
            hours=self.hours | other.hours,
            oldest_ms=min((ms for ms in (self.oldest_ms, other.oldest_ms) if ms is not None), default=None),
        )


def contents_of(rows: pa.RecordBatch, *, dead: int, written: pa.TimestampArray) -> Contents:
    """Count the reports (reads `hour` and `ttl`) and dead letters of a batch, and find when its first was `written`."""
    kept = rows.column("hour").filter(pc.greater(rows.column("ttl"), 0))
    oldest = pc.min(written.cast(pa.timestamp("ms", "UTC"), safe=False))
    return Contents(
        stored=len(kept),
        expired=rows.num_rows - len(kept),
        dead=dead,
        hours=frozenset(kept.unique().to_pylist()),
        oldest_ms=oldest.value,
    )
