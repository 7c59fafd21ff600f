from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harmonystate.core.dead_letter import bury
from harmonystate.core.record import Outgoing, Place
from harmonystate.core.wire import NotAReport, decode_report

PLACE = Place("global1", 3, 4711)
AT = datetime(2026, 11, 24, 16, 38, 17, 123_000, tzinfo=UTC)
MIB = 1024 * 1024


def buried(value: bytes | None, *, key: bytes | None = b"7", fault: str = "no value") -> Outgoing:
    return bury(PLACE, key, value, NotAReport(fault), stage="ingest", at=AT, topic="dead-letter")


def test_a_dead_letter_tells_where_the_record_stands_why_it_is_none_and_who_found_it():
    assert buried(b"{", fault="JSON is malformed") == Outgoing(
        topic="dead-letter",
        key=b"7",
        value=b"{",
        headers=[
            ("__streams.errors.topic", b"global1"),
            ("__streams.errors.partition", b"3"),
            ("__streams.errors.offset", b"4711"),
            ("__streams.errors.exception", b"NotAReport"),
            ("__streams.errors.message", b"JSON is malformed"),
            ("harmony.stage", b"ingest"),
            ("harmony.time", b"2026-11-24T16:38:17.123Z"),
        ],
    )


@pytest.mark.parametrize(
    ("size", "kept", "told"), [(MIB - 1, MIB - 1, None), (MIB, MIB, None), (MIB + 1, MIB, b"1048577")]
)
def test_of_a_record_above_one_mebibyte_the_first_is_kept_and_the_size_told(size, kept, told):
    letter = buried(b"x" * size)

    assert len(letter.value or b"") == kept
    assert dict(letter.headers).get("harmony.size") == told


def test_a_record_without_a_value_stays_so():
    assert buried(None).value is None


def test_a_record_of_nothing_at_all_can_still_be_written():
    letter = buried(None, key=None)

    assert (letter.key, letter.value) == (None, b"")


@given(st.binary(max_size=200), st.none() | st.binary(max_size=20))
def test_key_and_value_are_the_record_s_own(value, key):
    letter = buried(value, key=key)

    assert (letter.key, letter.value) == (key, value)


@given(st.text("secret", min_size=6))
def test_no_header_repeats_what_the_record_says(name):
    text = b'{"droneId":1,"persons":[{"firstname":"%b","lastname":"B","harmonyscore":11}]}' % name.encode()
    with pytest.raises(NotAReport) as refused:
        decode_report(text)

    letter = bury(PLACE, None, text, refused.value, stage="s", at=AT, topic="d")

    assert all(name.encode() not in value for _, value in letter.headers)
