"""The points of the series, and their means."""

from datetime import UTC, datetime, timedelta

from harmonystate.core.answers import (
    PERSONS,
    Minute,
    Point,
    count_series,
    person_points,
    sad_points,
    score_points,
    score_series,
)

NINE = datetime(2026, 11, 24, 9, tzinfo=UTC)
TEN = NINE + timedelta(hours=1)
BUSY = Minute(NINE, sightings=4, score_sum=22, persons=3, sad=1)
CALM = Minute(TEN, sightings=2, score_sum=20, persons=2, sad=0)
EMPTY = Minute(NINE + timedelta(minutes=1), sightings=0, score_sum=0, persons=0, sad=0)


def test_a_minute_whose_reports_name_nobody_counts_nobody_and_has_no_score():
    assert person_points([EMPTY]) == sad_points([EMPTY]) == [Point(EMPTY.time, 0)]
    assert score_points([EMPTY]) == []


def test_a_minute_in_which_nobody_is_sad_is_a_zero():
    assert sad_points([BUSY, CALM]) == [Point(NINE, 1), Point(TEN, 0)]


def test_the_mean_score_is_over_sightings():
    series = score_series(score_points([CALM, BUSY]), sightings=6, score_sum=42)

    assert series.points == [Point(NINE, 5.5), Point(TEN, 10.0)]
    assert series.mean == 7.0


def test_the_mean_of_a_count_is_over_minutes():
    assert count_series(PERSONS, person_points([CALM, BUSY, EMPTY])).mean == 5 / 3


def test_without_points_there_is_no_mean():
    assert score_series([], sightings=0, score_sum=0).mean is None
    assert count_series(PERSONS, []).mean is None
