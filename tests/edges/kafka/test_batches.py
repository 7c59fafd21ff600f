"""Holds the private parts of kafka-python that edges/kafka/batches.py stands on. Red here: read the new release first.

What it reads is what the client reads.
"""

import struct
from itertools import accumulate, pairwise
from types import SimpleNamespace

import kafka.errors
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka import TopicPartition
from kafka.consumer.fetcher import Fetcher
from kafka.protocol.consumer import IsolationLevel
from kafka.record import MemoryRecords
from kafka.record.default_records import DefaultRecordBase
from kafka.record.legacy_records import LegacyRecordBatchBuilder
from kafka.record.memory_records import MemoryRecordsBuilder
from kafka.record.util import calc_crc32c

from harmonystate.edges.kafka import batches

PLACE = TopicPartition("global1", 3)
LZ4 = 3
NOW_MS = 1_764_000_000_000
ABORT, COMMIT = b"\0\0\0\0", b"\0\0\0\1"
headers = st.lists(st.tuples(st.text(max_size=3), st.none() | st.binary(max_size=3)), max_size=2)
# Lengths around 64 and 8192 are those at which a varint takes a byte more.
sizes = st.integers(0, 130) | st.integers(8_180, 8_200)
content = st.none() | sizes.map(lambda size: b"x" * size)
records = st.tuples(st.integers(-200, 2**40), content, content, headers).filter(lambda r: r[1:3] != (None, None))


def batch(*rows, offset=0, compression=LZ4, producer=None, attributes=0):
    """Return a batch of (milliseconds after NOW_MS, key, value, headers), `attributes` set on top."""
    sender = {"transactional": True, "producer_id": producer, "producer_epoch": 0, "base_sequence": 0}
    builder = MemoryRecordsBuilder(2, compression, 2**20, **(sender if producer is not None else {}))
    for after_ms, key, value, head in rows:
        builder.append(NOW_MS + after_ms, key, value, head)
    builder.close()
    return signed(builder.buffer(), offset, attributes)


def signed(written, offset, attributes):
    """Set what the builder does not, and the checksum anew."""
    written = bytearray(written)
    struct.pack_into(">q", written, 0, offset)
    struct.pack_into(">h", written, 21, struct.unpack_from(">h", written, 21)[0] | attributes)
    struct.pack_into(">I", written, 17, calc_crc32c(memoryview(written)[21:]))
    return bytes(written)


def row(number=0, value=b"report"):
    return (number, b"%d" % number, value, [])


def marker(kind, *, offset, producer):
    return batch(
        (0, kind, b"\0" * 6, []),
        offset=offset,
        producer=producer,
        compression=0,
        attributes=DefaultRecordBase.CONTROL_MASK,
    )


def open_part(written, *, ours, fetch_offset=0, aborted=()):
    part = batches._PartitionRecords if ours else Fetcher.PartitionRecords
    return part(
        fetch_offset,
        PLACE,
        MemoryRecords(written),
        isolation_level=IsolationLevel.READ_COMMITTED,
        aborted_transactions=[SimpleNamespace(producer_id=who, first_offset=first) for who, first in aborted],
    )


def read(written, *, ours, **options):
    """Return all that is to be read, and where the client goes on."""
    part = open_part(written, ours=ours, **options)
    taken = []
    while part:
        taken += part.take(10**6)
    return [
        (r.topic, r.partition, r.offset, r.timestamp, r.key, r.value, list(r.headers)) for r in taken
    ], part.next_fetch_offset


def assert_read_alike(written, **options):
    expected = read(written, ours=False, **options)

    assert read(written, ours=True, **options) == expected
    return expected


@given(st.lists(st.lists(records, min_size=1, max_size=5), min_size=1, max_size=3), st.sampled_from([0, LZ4]))
def test_whatever_a_batch_holds_is_read_as_the_client_reads_it(rows, compression):
    starts = accumulate((len(each) for each in rows), initial=7)
    written = b"".join(
        batch(*each, offset=start, compression=compression) for each, start in zip(rows, starts, strict=False)
    )

    taken, goes_on_at = assert_read_alike(written, fetch_offset=7)

    assert len(taken) == sum(map(len, rows)) == goes_on_at - 7


def test_a_long_batch_is_read_to_its_end():
    taken, _ = assert_read_alike(batch(*map(row, range(9_000))))

    assert all(later[2] == earlier[2] + 1 for earlier, later in pairwise(taken))


@pytest.mark.parametrize("fetch_offset", [0, 1, 149, 299, 300])
def test_what_stands_below_the_fetched_offset_in_its_batch_is_not_read(fetch_offset):
    written = batch(*map(row, range(300))) + batch(row(1), offset=300)

    taken, goes_on_at = assert_read_alike(written, fetch_offset=fetch_offset)

    assert (len(taken), goes_on_at) == (301 - fetch_offset, 301)


def test_markers_and_what_was_aborted_are_passed_over():
    written = (
        batch(row(1), offset=0, producer=5)
        + batch(row(2), offset=1, producer=6)
        + marker(ABORT, offset=2, producer=5)
        + marker(COMMIT, offset=3, producer=6)
        + batch(row(3), offset=4, producer=5)
        + marker(COMMIT, offset=5, producer=5)
    )

    taken, goes_on_at = assert_read_alike(written, aborted=[(5, 0)])

    assert ([key for _, _, _, _, key, _, _ in taken], goes_on_at) == ([b"2", b"3"], 6)


def test_nothing_but_a_marker_moves_on():
    assert assert_read_alike(marker(ABORT, offset=0, producer=5), aborted=[(5, 0)]) == ([], 1)


def test_the_time_of_a_topic_that_sets_its_own_is_the_batch_s():
    assert_read_alike(batch(row(1), row(9), attributes=DefaultRecordBase.TIMESTAMP_TYPE_MASK))


def test_a_batch_of_an_old_format_is_read_too():
    old = LegacyRecordBatchBuilder(1, 0, 2**20)
    old.append(0, NOW_MS, b"1", b"report")

    taken, _ = assert_read_alike(bytes(old.build()))

    assert len(taken) == 1


def test_the_position_is_behind_the_batch_that_was_taken():
    written = b"".join(batch(*map(row, range(10)), offset=start) for start in (0, 10))
    part = open_part(written, ours=True)

    taken = [(len(part.take(n)), part.next_fetch_offset) for n in (1, 20, 1)]

    assert taken == [(10, 10), (10, 20), (0, 20)]


def test_a_damaged_batch_is_reported_after_those_before_it():
    damaged = bytearray(batch(row(2), offset=1))
    damaged[-1] ^= 1
    part = open_part(batch(row(1)) + damaged, ours=True)

    assert len(part.take(10)) == 1
    with pytest.raises(kafka.errors.CorruptRecordError):
        part.take(10)


@pytest.mark.parametrize("body", [b"", b"\x02\0", b"\x0e\0\0\0\x01\x01\0\0"])
def test_a_batch_with_the_right_checksum_and_no_sense_is_damaged(body):
    written = bytearray(batch(row(1), compression=0)[:61] + body)
    struct.pack_into(">i", written, 8, len(written) - 12)

    with pytest.raises(kafka.errors.CorruptRecordError):
        read(signed(written, 0, 0), ours=True)
