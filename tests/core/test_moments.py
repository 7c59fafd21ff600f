from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harmonystate.core.moments import from_ms, to_ms
from tests.support.strategies import times

NOW = datetime(2026, 11, 24, 16, 38, 17, 123_000, tzinfo=UTC)
CENTURY = timedelta(days=36_525)


@given(times)
def test_milliseconds_and_moments_are_the_same_thing(moment: datetime):
    assert from_ms(to_ms(moment)) == moment
    assert to_ms(moment) == (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def test_a_moment_is_cut_to_its_millisecond():
    assert to_ms(NOW + timedelta(microseconds=999)) == to_ms(NOW)


def test_a_record_that_bears_no_time_is_older_than_all_others():
    assert from_ms(-1) == datetime(1969, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)


@pytest.mark.parametrize("ms", [to_ms(NOW) * 1000, to_ms(NOW) * 1_000_000, 2**62, 2**63 - 1])
def test_what_no_datetime_can_hold_is_later_than_all_others(ms: int):
    assert from_ms(ms) > NOW + 60 * CENTURY


@given(st.integers(-(2**63), 2**63 - 1), st.integers(-(2**63), 2**63 - 1))
def test_whatever_a_record_bears_can_be_compared_reckoned_with_and_shown(one: int, other: int):
    earlier, later = from_ms(min(one, other)), from_ms(max(one, other))

    assert earlier <= later
    assert later + CENTURY - (earlier - CENTURY) >= 2 * CENTURY
    assert len(f"{earlier:%Y-%m-%d}") == 10
