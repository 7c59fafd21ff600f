"""The window of an analysis: whole UTC hours."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harmonystate.core.windows import parse_window
from tests.support.strategies import times

NOW = datetime(2026, 11, 24, 16, 38, 17, tzinfo=UTC)


def test_a_day_until_now_begins_and_ends_at_whole_hours_around_it():
    window = parse_window("24h", None, now=NOW)

    assert str(window) == "2026-11-23T16:00:00Z/2026-11-24T17:00:00Z"


def test_whole_hours_are_left_as_they_are():
    window = parse_window("2026-11-23T00:00:00Z", "2026-11-24", now=NOW)

    assert str(window) == "2026-11-23T00:00:00Z/2026-11-24T00:00:00Z"


def test_other_zones_are_brought_to_utc():
    window = parse_window("2026-11-24T01:30:00+05:30", "2026-11-24T01:30:00-01:00", now=NOW)

    assert str(window) == "2026-11-23T20:00:00Z/2026-11-24T03:00:00Z"


@given(times, st.timedeltas(timedelta(milliseconds=1), timedelta(days=400)))
def test_a_window_holds_its_ends_and_at_most_an_hour_more_on_each_side(start, length):
    end = start + length
    window = parse_window(start.isoformat(), end.isoformat(), now=NOW)

    assert window.since <= start < window.since + timedelta(hours=1)
    assert window.until - timedelta(hours=1) < end <= window.until
    assert start in window
    assert window.until not in window
    assert {moment.minute for moment in (window.since, window.until)} == {0}


@given(times, st.integers(1, 24 * 40))
def test_the_days_of_a_window_are_those_of_its_hours(start, hours):
    window = parse_window(start.isoformat(), (start + timedelta(hours=hours)).isoformat(), now=NOW)

    each_hour = [window.since + timedelta(hours=n) for n in range((window.until - window.since) // timedelta(hours=1))]

    assert list(dict.fromkeys(hour.date() for hour in each_hour)) == [day.date() for day in window.days()]


@pytest.mark.parametrize(("since", "until"), [("2026-11-24T17:00:00Z", None), ("1h", "2026-11-24T15:00:00Z")])
def test_a_window_that_ends_before_it_begins_is_refused(since, until):
    with pytest.raises(ValueError, match=r"--since .* is not before --until "):
        parse_window(since, until, now=NOW)


@pytest.mark.parametrize(("since", "until", "option"), [("yesterday", None, "--since"), ("1h", "noon", "--until")])
def test_what_is_no_moment_is_refused_by_the_name_of_its_option(since, until, option):
    with pytest.raises(ValueError, match=f"^{option} "):
        parse_window(since, until, now=NOW)


@pytest.mark.parametrize("until", ["9999-12-31T23:30Z", "9999-12-31T12:00Z"])
def test_a_window_that_would_end_after_the_last_year_is_refused(until):
    with pytest.raises(ValueError, match=f"^--until {until}: expected a year before 9999$"):
        parse_window("24h", until, now=NOW)


def test_the_days_of_a_window_up_to_the_last_year_are_there():
    window = parse_window("9998-12-30", "9998-12-31T23:30Z", now=NOW)

    assert str(window) == "9998-12-30T00:00:00Z/9999-01-01T00:00:00Z"
    assert [day.day for day in window.days()] == [30, 31]
