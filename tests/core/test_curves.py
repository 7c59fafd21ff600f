from datetime import UTC, datetime, timedelta
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harmonystate.core.answers import Point
from harmonystate.core.curves import SPANS, curve_of, say

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def minutes(values: dict[int, float]) -> list[Point]:
    """Return points so many minutes before NOW."""
    return [Point(NOW - back * MINUTE, values[back]) for back in sorted(values, reverse=True)]


def test_an_hour_shows_every_minute_as_it_is_stored():
    points = minutes({0: 5.0, 1: 6.25, 2: 4.5})

    curve = curve_of(points, SPANS["1h"], now=NOW)

    assert curve.points == tuple((point.time, point.value) for point in points)
    assert (curve.newest, curve.low, curve.high) == (points[-1], 4.5, 6.25)


def test_what_is_older_than_the_span_or_yet_to_come_is_left_out():
    curve = curve_of(minutes({61: 1.0, 60: 2.0, 0: 3.0, -1: 9.0}), SPANS["1h"], now=NOW)

    assert [value for _, value in curve.points if value is not None] == [2.0, 3.0]


def test_a_longer_span_shows_means():
    curve = curve_of(minutes({1: 3.0, 2: 4.0, 3: 8.0, 4: 1.0}), SPANS["6h"], now=NOW)

    assert curve.points == ((NOW - 4 * MINUTE, 4.5), (NOW - 2 * MINUTE, 3.5))
    assert curve.newest == Point(NOW - MINUTE, 3.0)


def test_minutes_without_a_value_break_the_line():
    curve = curve_of(minutes({9: 1.0, 5: 2.0, 4: 3.0}), SPANS["1h"], now=NOW)

    assert curve.points == (
        (NOW - 9 * MINUTE, 1.0),
        (NOW - 8 * MINUTE, None),
        (NOW - 5 * MINUTE, 2.0),
        (NOW - 4 * MINUTE, 3.0),
    )


@pytest.mark.parametrize("span", SPANS)
def test_no_span_has_more_points_than_a_chart_can_show(span):
    full = [Point(NOW - back * MINUTE, 1.0) for back in range(7 * 1440, -1, -1)]

    assert len(curve_of(full, SPANS[span], now=NOW).points) <= 200


@given(st.dictionaries(st.integers(0, 1440), st.floats(0, 10), min_size=1))
def test_thinning_keeps_the_mean_of_every_step_and_invents_no_time(values):
    points = minutes(values)
    step = SPANS["24h"].step

    curve = curve_of(points, SPANS["24h"], now=NOW)

    for time, value in curve.points:
        inside = [point.value for point in points if time <= point.time < time + step]
        assert (value is None) == (not inside)
        if inside:
            assert value == pytest.approx(fmean(inside))


def test_a_curve_is_said_in_one_sentence():
    curve = curve_of(minutes({7: 5.0, 8: 6.257}), SPANS["1h"], now=NOW)

    assert say(curve, ".2f") == "5.00 at 11:53 UTC; between 5.00 and 6.26 in this time."
    assert say(curve_of([], SPANS["1h"], now=NOW), ".2f") == "No analysed minute in this time."
