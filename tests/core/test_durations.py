"""Spans and moments as people write them."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harmonystate.core.durations import parse_duration, parse_moment, parse_rate, spell_duration

NOW = datetime(2026, 11, 24, 16, 38, 17, 123000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("250ms", timedelta(milliseconds=250)),
        ("90s", timedelta(seconds=90)),
        ("10m", timedelta(minutes=10)),
        ("1.5h", timedelta(minutes=90)),
        ("24h", timedelta(days=1)),
        ("365d", timedelta(days=365)),
        (" 30 d ", timedelta(days=30)),
        ("0.001s", timedelta(milliseconds=1)),
    ],
)
def test_a_duration_is_a_number_and_a_unit(text: str, span: timedelta):
    assert parse_duration(text) == span


@pytest.mark.parametrize(
    "text",
    [
        "",
        "10",
        "m",
        "10x",
        "10 minutes",
        "-5m",
        "+5m",
        "0s",
        "0.0d",
        "0.0000001s",
        "1e3s",
        ".5h",
        "5.h",
        "1h30m",
        "10M",
        "\u0661\u0660m",
        "10m\n5",
        "9999999999d",
        "9" * 4000 + "d",
        "NaNs",
        "infd",
    ],
)
def test_what_is_no_duration_is_refused(text: str):
    with pytest.raises(ValueError, match="expected a duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    "text", ["30d", "365d", "1d", "36h", "15m", "90s", "1s", "1500ms", "500ms", "1ms", "1.500ms", "0.001ms"]
)
def test_a_duration_is_written_in_the_largest_unit_that_makes_it_whole(text: str):
    assert spell_duration(parse_duration(text)) == text


@given(st.timedeltas(min_value=timedelta(microseconds=1)))
def test_a_duration_that_is_written_is_read_as_the_same(duration: timedelta):
    assert parse_duration(spell_duration(duration)) == duration


@given(st.text())
def test_nothing_but_a_value_error_comes_out_of_a_duration(text: str):
    with suppress(ValueError):
        assert parse_duration(text) > timedelta(0)


@pytest.mark.parametrize(
    ("text", "per_minute"),
    [
        ("1/min", Fraction(1)),
        ("60/min", Fraction(60)),
        ("100/m", Fraction(100)),
        ("2/s", Fraction(120)),
        ("2/sec", Fraction(120)),
        ("6/h", Fraction(1, 10)),
        ("1/d", Fraction(1, 1440)),
        ("0.1/min", Fraction(1, 10)),
        (" 3 / min ", Fraction(3)),
    ],
)
def test_a_rate_is_exact(text: str, per_minute: Fraction):
    assert parse_rate(text) == per_minute


@pytest.mark.parametrize(
    "text", ["", "1", "min", "1/", "/min", "0/min", "-1/min", "1/year", "1 per min", "1/min/min", "1/1min"]
)
def test_what_is_no_rate_is_refused(text: str):
    with pytest.raises(ValueError, match="expected a rate"):
        parse_rate(text)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("24h", datetime(2026, 11, 23, 16, 38, 17, 123000, tzinfo=UTC)),
        ("90s", datetime(2026, 11, 24, 16, 36, 47, 123000, tzinfo=UTC)),
        ("2026-11-24", datetime(2026, 11, 24, tzinfo=UTC)),
        ("2026-11-24T16:00", datetime(2026, 11, 24, 16, tzinfo=UTC)),
        ("2026-11-24T16:00:00Z", datetime(2026, 11, 24, 16, tzinfo=UTC)),
        ("2026-11-24 16:00:00+02:00", datetime(2026, 11, 24, 14, tzinfo=UTC)),
        ("2026-11-24T23:30:00-01:00", datetime(2026, 11, 25, 0, 30, tzinfo=UTC)),
        ("2026-11-24T16:00:00.123999Z", datetime(2026, 11, 24, 16, 0, 0, 123000, tzinfo=UTC)),
    ],
)
def test_a_moment_is_so_long_ago_or_an_iso_time(text: str, moment: datetime):
    assert parse_moment(text, now=NOW) == moment


@pytest.mark.parametrize(
    "text", ["", "yesterday", "24", "2026-13-01", "16:00", "-24h", "0001-01-01T00:00:00+23:00", "999999d"]
)
def test_what_is_no_moment_is_refused(text: str):
    with pytest.raises(ValueError, match="expected a duration"):
        parse_moment(text, now=NOW)


def test_a_moment_is_in_utc_wherever_now_is():
    elsewhere = NOW.astimezone(timezone(timedelta(hours=9)))

    assert parse_moment("1h", now=elsewhere).utcoffset() == timedelta(0)
    assert parse_moment("1h", now=elsewhere) == NOW - timedelta(hours=1)


def test_a_moment_is_cut_to_the_millisecond():
    now = datetime(2026, 11, 24, 16, 38, 17, 123999, tzinfo=UTC)

    assert parse_moment("1h", now=now) == NOW - timedelta(hours=1)
