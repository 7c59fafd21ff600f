from datetime import UTC, datetime, timedelta
from uuid import UUID

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harmonystate.core.moments import to_ms
from harmonystate.core.wire import encode_report
from harmonystate.frames.contents import Contents
from harmonystate.frames.report_batch import DECODED, FAULT_FIELDS, REPORT_FIELDS, decode_batches
from tests.support.malformed import LEGACY, MALFORMED, WELL_FORMED
from tests.support.oracle import read_report
from tests.support.strategies import reports

NOW = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
WRITTEN = datetime(2026, 11, 24, 16, 38, 18, tzinfo=UTC)
MONTH = timedelta(days=30)


def records(*values, written=WRITTEN):
    """Return an Arrow batch as Spark makes it of Kafka records; `written` may be microseconds since 1970."""
    return pa.RecordBatch.from_pydict(
        {
            "partition": pa.array([3] * len(values), pa.int32()),
            "offset": pa.array(range(100, 100 + len(values)), pa.int64()),
            "timestamp": pa.array([written] * len(values), pa.timestamp("us", "UTC")),
            "key": pa.array([b"7"] * len(values), pa.binary()),
            "value": pa.array(values, pa.binary()),
        }
    )


def decoded(*values, shards=4, keep=MONTH, now=NOW):
    """Return (reports, dead letters) as rows without what is null in them."""
    good, dead = decode_batches([records(*values)], shards=shards, keep=keep, now=now)
    assert good.schema == dead.schema == DECODED
    assert all(good.column(field.name).null_count == good.num_rows for field in FAULT_FIELDS)
    assert all(dead.column(field.name).null_count == dead.num_rows for field in REPORT_FIELDS)
    return [
        [{name: cell for name, cell in row.items() if cell is not None} for row in part.to_pylist()]
        for part in (good, dead)
    ]


def test_what_is_no_report_is_apart_with_its_place_and_its_bytes():
    good, dead = decoded(*MALFORMED.values())

    assert good == []
    found = [(row["partition"], row["offset"], row["key"], row.get("value")) for row in dead]
    assert found == [(3, offset, b"7", value) for offset, value in enumerate(MALFORMED.values(), start=100)]
    assert [name for name, row in zip(MALFORMED, dead, strict=True) if not row["fault"]] == []


@pytest.mark.parametrize("name", WELL_FORMED)
def test_an_odd_report_is_a_row_as_a_second_reader_of_the_contract_reads_it(name):
    expected = read_report(WELL_FORMED[name])

    (row,), dead = decoded(WELL_FORMED[name])

    assert dead == []
    assert (row["droneid"], row["time"], row["reportid"]) == (expected.drone_id, expected.time, expected.report_id)
    assert (row["latitude"], row["longitude"]) == (expected.latitude, expected.longitude)
    assert [tuple(person.values()) for person in row["persons"]] == [
        (person.firstname, person.lastname, person.score) for person in expected.persons
    ]
    assert row["words"] == list(expected.words)


def test_the_system_before_ours_is_still_read():
    (row,), _ = decoded(LEGACY)

    assert row["time"] == datetime(2023, 6, 29, 14, 38, 17, tzinfo=UTC)
    assert UUID(row["reportid"]).version == 5


@given(st.lists(reports, max_size=5), st.integers(1, 64))
def test_a_row_lies_in_the_hour_of_its_event_and_the_shard_of_its_drone(seen, shards):
    good, dead = decoded(*map(encode_report, seen), shards=shards)

    assert dead == []
    assert [(row["hour"], row["shard"], row["droneid"], row["time"]) for row in good] == sorted(
        (report.time.replace(minute=0, second=0, microsecond=0), report.drone_id % shards, report.drone_id, report.time)
        for report in seen
    )


@given(st.lists(reports, max_size=5, unique_by=lambda report: report.report_id))
def test_a_row_holds_what_its_report_does_wherever_it_stands(seen):
    good, _ = decoded(*map(encode_report, seen))

    rows = {row["reportid"]: row for row in good}
    assert len(rows) == len(seen)
    for report in seen:
        row = rows[report.report_id]
        assert (row["droneid"], row["latitude"]) == (report.drone_id, report.latitude)
        assert [tuple(person.values()) for person in row["persons"]] == [
            (person.firstname, person.lastname, person.score) for person in report.persons
        ]
        assert row["words"] == list(report.words)


@given(st.lists(st.one_of(reports.map(encode_report), st.sampled_from(list(MALFORMED.values()))), max_size=20))
def test_no_record_is_lost_whatever_stands_beside_it(values):
    good, dead = decoded(*values)

    assert len(good) + len(dead) == len(values)
    assert [row["offset"] for row in dead] == [
        100 + place for place, value in enumerate(values) if read_report(value) is None
    ]


def test_a_report_s_ttl_comes_from_its_event():
    old, older, future = (
        WELL_FORMED["as we write it"].replace(b"2026-11-24T16:38:17.123Z", moment)
        for moment in (b"2026-10-25T17:00:01.000Z", b"2026-10-25T17:00:00.000Z", b"2099-01-01T00:00:00.000Z")
    )

    good, _ = decoded(old, older, future)

    assert [row["ttl"] for row in good] == [0, 1, 60 * 86400]


def test_several_batches_are_decoded_one_by_one():
    one, two = records(WELL_FORMED["as we write it"]), records(b"{", b"")

    sizes = [part.num_rows for part in decode_batches(iter([one, two]), shards=4, keep=MONTH, now=NOW)]

    assert sizes == [1, 0, 0, 2]


def test_what_a_batch_holds_is_told_as_it_is_decoded():
    told = []
    report = WELL_FORMED["as we write it"]
    over = report.replace(b"2026-11-24T16:38:17.123Z", b"2026-10-25T17:00:00.000Z")
    batches = [records(report, over, b"{"), records(), records(b"")]

    list(decode_batches(batches, shards=4, keep=MONTH, now=NOW, note=told.append))

    hour = datetime(2026, 11, 24, 16, tzinfo=UTC)
    assert told == [
        Contents(stored=1, expired=1, dead=1, hours=frozenset([hour]), oldest_ms=to_ms(WRITTEN)),
        Contents(),
        Contents(dead=1, oldest_ms=to_ms(WRITTEN)),
    ]


@pytest.mark.parametrize("ms", [to_ms(WRITTEN) * 1000, -1, -to_ms(WRITTEN) * 1000])
def test_a_batch_whose_timestamps_no_datetime_can_hold_is_decoded_all_the_same(ms):
    told = []
    batch = records(WELL_FORMED["as we write it"], written=ms * 1000)

    list(decode_batches([batch], shards=4, keep=MONTH, now=NOW, note=told.append))

    assert [(contents.stored, contents.oldest_ms) for contents in told] == [(1, ms)]
