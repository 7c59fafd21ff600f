"""Arrow batches of Kafka records -> rows of the table report, and what is not a report apart.

The validator is `core.wire`, as in stream-alerts: both stages always come to the same verdict.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import accumulate

import pyarrow as pa
import pyarrow.compute as pc

from harmonystate.core.report import Person, Report
from harmonystate.core.retention import seconds_to_keep
from harmonystate.core.wire import NotAReport, decode_report
from harmonystate.frames.contents import Contents, contents_of

_TIME = pa.timestamp("us", "UTC")
_PERSON = pa.struct([("firstname", pa.string()), ("lastname", pa.string()), ("harmonyscore", pa.int32())])
REPORT_FIELDS = [
    pa.field("hour", _TIME),
    pa.field("shard", pa.int32()),
    pa.field("droneid", pa.int32()),
    pa.field("time", _TIME),
    pa.field("reportid", pa.string()),
    pa.field("latitude", pa.float64()),
    pa.field("longitude", pa.float64()),
    pa.field("persons", pa.list_(_PERSON)),
    pa.field("words", pa.list_(pa.string())),
    pa.field("ttl", pa.int32()),
]
FAULT_FIELDS = [
    pa.field("partition", pa.int32()),
    pa.field("offset", pa.int64()),
    pa.field("key", pa.binary()),
    pa.field("value", pa.binary()),
    pa.field("fault", pa.string()),
]
DECODED = pa.schema([*REPORT_FIELDS, *FAULT_FIELDS])
# As the table keeps them: neighbours come to Cassandra together, in large batches, which costs it a third less.
_IN_ORDER = [(name, "ascending") for name in ("hour", "shard", "droneid", "time")]


def decode_batches(
    batches: Iterable[pa.RecordBatch],
    *,
    shards: int,
    keep: timedelta,
    now: datetime,
    note: Callable[[Contents], object] = lambda _: None,
) -> Iterator[pa.RecordBatch]:
    """Decode batches of Kafka records (partition, offset, timestamp, key, value), one by one.

    Args:
        batches: any number of them, of any size.
        shards: partitions of an hour in the table report.
        keep: how long a report is kept after its event.
        now: when they are decoded; UTC.
        note: is told what each batch holds.

    Yields:
        for each batch one of reports, in the table's order, and one of what is none, both of schema DECODED: where
        `fault` is null the columns of a report are filled, else those that a dead letter needs. A `ttl` (seconds) of
        zero or less says that the report's time is over.
    """
    for batch in batches:
        reports, faults, good = _sort_out(batch.column("value").to_pylist())
        rows = _reports(_report_columns(reports, shards=shards, keep=keep, now=now))
        note(contents_of(rows, dead=len(faults), written=batch.column("timestamp")))
        yield rows
        yield _faults(batch.filter(pc.invert(good)), faults)


def _sort_out(values: Iterable[bytes | None]) -> tuple[list[Report], list[str], pa.BooleanArray]:
    """Return the reports, the faults, and which of the values are reports."""
    reports, faults, good = [], [], []
    for value in values:
        try:
            reports.append(decode_report(value))
            good.append(True)
        except NotAReport as fault:
            faults.append(str(fault))
            good.append(False)
    return reports, faults, pa.array(good, pa.bool_())


def _report_columns(reports: Sequence[Report], *, shards: int, keep: timedelta, now: datetime) -> list[pa.Array]:
    time = pa.array([report.time for report in reports], _TIME)
    return [
        pc.floor_temporal(time, unit="hour"),
        pa.array([report.drone_id % shards for report in reports], pa.int32()),
        pa.array([report.drone_id for report in reports], pa.int32()),
        time,
        pa.array([report.report_id for report in reports], pa.string()),
        pa.array([report.latitude for report in reports], pa.float64()),
        pa.array([report.longitude for report in reports], pa.float64()),
        pa.ListArray.from_arrays(
            _offsets([report.persons for report in reports]), _persons([p for r in reports for p in r.persons])
        ),
        pa.ListArray.from_arrays(
            _offsets([report.words for report in reports]),
            pa.array([word for report in reports for word in report.words], pa.string()),
        ),
        pa.array([seconds_to_keep(report.time, keep=keep, now=now) for report in reports], pa.int32()),
    ]


def _reports(columns: Sequence[pa.Array]) -> pa.RecordBatch:
    nulls = _nulls(FAULT_FIELDS, len(columns[0]))
    return pa.RecordBatch.from_arrays([*columns, *nulls], schema=DECODED).sort_by(_IN_ORDER)


def _faults(records: pa.RecordBatch, faults: Sequence[str]) -> pa.RecordBatch:
    kept = [records.column(name) for name in ("partition", "offset", "key", "value")]
    rows = [*_nulls(REPORT_FIELDS, records.num_rows), *kept, pa.array(faults, pa.string())]
    return pa.RecordBatch.from_arrays(
        [row.cast(field.type) for row, field in zip(rows, DECODED, strict=True)], schema=DECODED
    )


def _persons(persons: Sequence[Person]) -> pa.StructArray:
    columns = [
        pa.array([person.firstname for person in persons], pa.string()),
        pa.array([person.lastname for person in persons], pa.string()),
        pa.array([person.score for person in persons], pa.int32()),
    ]
    return pa.StructArray.from_arrays(columns, fields=list(_PERSON))


def _offsets(lists: Sequence[Sequence[object]]) -> pa.Array:
    """Return where each list begins in all of them one after the other, and where the last ends."""
    return pa.array(accumulate(map(len, lists), initial=0), pa.int32())


def _nulls(fields: Iterable[pa.Field], rows: int) -> list[pa.Array]:
    return [pa.nulls(rows, field.type) for field in fields]
