"""A line over time, drawn in braille."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harmonystate.core.answers import Point
from harmonystate.edges.console.chart import ROWS, draw

NINE = datetime(2026, 11, 24, 9, tzinfo=UTC)

series = st.lists(
    st.tuples(st.integers(0, 3 * 1440), st.one_of(st.integers(0, 10**7), st.floats(0, 10))),
    unique_by=lambda pair: pair[0],
    min_size=1,
    max_size=40,
).map(lambda pairs: [Point(NINE + timedelta(minutes=minute), value) for minute, value in sorted(pairs)])


def drawn(points, width=80):
    return [line.plain for line in draw(points, width=width)]


def test_a_rising_line_goes_from_the_lower_left_to_the_upper_right():
    lines = drawn([Point(NINE + timedelta(minutes=minute), minute / 10) for minute in range(60)], width=38)

    assert [line.rstrip() for line in lines] == RISING


RISING = """\
     6 ┤                          ⢀⡠⠔⠊
       │                      ⣀⠤⠒⠊⠁
     4 ┤                 ⢀⡠⠔⠒⠉
       │             ⣀⠤⠒⠊⠁
     2 ┤        ⢀⡠⠤⠒⠉
       │    ⣀⡠⠔⠊⠁
     0 ┤⣀⠤⠒⠉
       └┬──────────────┬──────────────
        24 Nov 09:00   09:30
""".splitlines()


@given(series, st.integers(30, 200))
def test_every_chart_fits_and_has_labels_at_both_ends(points, width):
    lines = drawn(points, width)

    assert len(lines) == ROWS + 2
    assert max(map(len, lines)) <= width
    top, bottom = (float(lines[row].split("┤")[0].replace(",", "")) for row in (0, ROWS - 1))
    mean = sum(point.value for point in points) / len(points)
    assert bottom <= mean * (1 + 1e-9)
    assert top >= mean * (1 - 1e-9)


def test_a_gap_in_time_is_a_gap_in_the_line():
    early = [Point(NINE + timedelta(minutes=minute), 5) for minute in range(60)]
    late = [Point(point.time + timedelta(hours=2), 5) for point in early]

    line = next(
        line for line in drawn(early + late, width=50) if "⣀" in line or "⠉" in line or "⠤" in line or "⠒" in line
    )

    body = line.split("┤" if "┤" in line else "│")[1].rstrip()
    assert len(body.split()) == 2


@pytest.mark.parametrize("value", [0, 5.5, 10**6])
def test_a_series_that_never_changes_is_a_level_line(value):
    lines = drawn([Point(NINE + timedelta(minutes=minute), value) for minute in range(60)])

    assert sum(any("⠀" < char <= "⣿" for char in line) for line in lines) == 1


def test_days_stand_where_they_begin():
    points = [Point(NINE + timedelta(hours=hour), hour) for hour in range(30)]

    assert "24 Nov 09:00" in drawn(points)[-1]
    assert "25 Nov" in drawn(points)[-1]
