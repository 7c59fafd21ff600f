from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from harmonystate.core.retention import seconds_to_keep
from tests.support.strategies import times

keeps = st.timedeltas(timedelta(seconds=1), timedelta(days=1826))

NOW = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)
MONTH = timedelta(days=30)


@given(event=times, keep=keeps, now=times)
def test_a_row_is_gone_at_the_latest_when_its_event_is_as_old_as_it_is_kept(event, keep, now):
    ttl = timedelta(seconds=seconds_to_keep(event, keep=keep, now=now))

    assert now + ttl <= event + keep


@given(event=times, keep=keeps, now=times)
def test_no_row_outlives_twice_the_time_it_is_kept(event, keep, now):
    assert timedelta(seconds=seconds_to_keep(event, keep=keep, now=now)) <= 2 * keep


@given(event=times, keep=keeps, now=times)
def test_not_a_second_is_lost_to_rounding(event, keep, now):
    ttl = seconds_to_keep(event, keep=keep, now=now)

    longer = timedelta(seconds=ttl + 1)
    assert longer > 2 * keep or now + longer > event + keep


@given(event=times, keep=keeps, now=times, later=st.timedeltas(timedelta(0), timedelta(days=400)))
def test_a_replay_does_not_lengthen_the_life_of_an_event_of_the_past(event, keep, now, later):
    first = now + timedelta(seconds=seconds_to_keep(event, keep=keep, now=now))
    again = now + later + timedelta(seconds=seconds_to_keep(event, keep=keep, now=now + later))

    if event <= now:
        assert abs(again - first) < timedelta(seconds=1)


def test_a_report_of_this_moment_is_kept_for_a_month():
    assert seconds_to_keep(NOW, keep=MONTH, now=NOW) == 30 * 86400


def test_a_report_as_old_as_reports_are_kept_is_not_stored():
    assert seconds_to_keep(NOW - MONTH, keep=MONTH, now=NOW) == 0
    assert seconds_to_keep(NOW - MONTH + timedelta(seconds=1), keep=MONTH, now=NOW) == 1


def test_a_report_from_the_year_2099_is_stored_for_two_months():
    assert seconds_to_keep(datetime(2099, 1, 1, tzinfo=UTC), keep=MONTH, now=NOW) == 60 * 86400
