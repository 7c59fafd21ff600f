"""How event time follows the clock."""

from hypothesis import given
from hypothesis import strategies as st

from harmonystate.core.pace import Pace

NOW = 1_795_537_097_123.0
speeds = st.floats(0.001, 10_000)
spans_ms = st.floats(1, 10**10)


@given(speeds, spans_ms, spans_ms)
def test_what_lies_behind_the_clock_is_overdue_whatever_the_speed(speed: float, before: float, later: float):
    pace = Pace(NOW - before - later, NOW - later, speed)

    assert pace.until_ms(NOW - before - later, NOW - later) < 0
    assert pace.until_ms(NOW - before, NOW) < 0


@given(speeds, spans_ms, spans_ms)
def test_once_it_has_caught_up_event_time_goes_at_its_speed(speed: float, backlog: float, ahead: float):
    pace = Pace(NOW - backlog, NOW, speed)
    pace.until_ms(NOW - backlog, NOW)

    until = pace.until_ms(NOW + ahead, NOW)

    assert abs(until - ahead / speed) <= 1e-3 * max(1, until)


@given(speeds, spans_ms)
def test_a_start_ahead_of_the_clock_begins_here_and_now(speed: float, ahead: float):
    pace = Pace(NOW + ahead, NOW, speed)

    assert pace.until_ms(NOW + ahead, NOW) == 0
    assert abs(pace.until_ms(NOW + ahead + 1000 * speed, NOW) - 1000) < 1


def test_at_speed_60_an_hour_takes_a_minute():
    pace = Pace(NOW, NOW, 60)

    assert pace.until_ms(NOW + 3_600_000, NOW) == 60_000
    assert pace.until_ms(NOW + 3_600_000, NOW + 59_000) == 1_000


def test_an_outage_does_not_shift_what_comes_after_it():
    pace = Pace(NOW, NOW, 1)
    pace.until_ms(NOW + 600, NOW)

    assert pace.until_ms(NOW + 600, NOW + 30_000) == -29_400
    assert pace.until_ms(NOW + 31_000, NOW + 30_000) == 1_000
