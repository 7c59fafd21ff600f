"""Which hours are computed anew, and which stand."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from harmonystate.core.answers import Minute
from harmonystate.core.rollups import EXPIRY_MARGIN, Analyzed, analyzed_hours, plan_hours, whole_since

HOURS = [datetime(2026, 11, 24, hour, tzinfo=UTC) for hour in range(8)]
OLD, NEW = UUID(int=1), UUID(int=2)

changed_hours = st.dictionaries(st.sampled_from(HOURS), st.sampled_from([OLD, NEW]))
rollups = st.builds(Analyzed, st.sampled_from([OLD, NEW]), st.integers(1, 3), st.just(5), st.just(9))
analyzed = st.dictionaries(st.sampled_from(HOURS), rollups)
moments = st.sampled_from([HOURS[0], HOURS[4], HOURS[4] + timedelta(minutes=1), HOURS[7] + timedelta(hours=1)])


def plan(changed, analyzed, *, threshold=2, whole_since=HOURS[0], full=False):
    return plan_hours(changed, analyzed, threshold=threshold, whole_since=whole_since, full=full)


def test_an_hour_that_was_never_analysed_is_dirty():
    assert plan({HOURS[0]: NEW}, {}).dirty == {HOURS[0]: NEW}


def test_an_hour_that_changed_since_is_dirty_and_carries_the_mark_that_was_read():
    assert plan({HOURS[0]: NEW}, {HOURS[0]: Analyzed(OLD, 2, 5, 9)}).dirty == {HOURS[0]: NEW}


def test_an_hour_that_did_not_change_stands():
    rollup = Analyzed(NEW, 2, 5, 9)

    planned = plan({HOURS[0]: NEW}, {HOURS[0]: rollup})

    assert planned.dirty == {}
    assert planned.standing == {HOURS[0]: rollup}


def test_another_threshold_makes_an_hour_dirty():
    assert plan({HOURS[0]: NEW}, {HOURS[0]: Analyzed(NEW, 2, 5, 9)}, threshold=3).dirty == {HOURS[0]: NEW}


def test_full_computes_what_stands():
    assert plan({HOURS[0]: NEW}, {HOURS[0]: Analyzed(NEW, 2, 5, 9)}, full=True).dirty == {HOURS[0]: NEW}


def test_an_hour_whose_mark_has_expired_stands():
    assert HOURS[0] in plan({}, {HOURS[0]: Analyzed(NEW, 2, 5, 9)}, full=True).standing


def test_an_hour_whose_reports_expire_is_lost_when_it_has_no_rollups():
    assert plan({HOURS[0]: NEW}, {}, whole_since=HOURS[1]).lost == (HOURS[0],)


def test_an_hour_that_began_before_the_first_whole_moment_is_not_whole():
    assert plan({HOURS[0]: NEW}, {}, whole_since=HOURS[0] + timedelta(seconds=1)).dirty == {}


@given(changed_hours, analyzed, st.integers(1, 3), moments, st.booleans())
def test_every_hour_is_sorted_out_once_and_none_whose_reports_expire_is_computed(
    changed, analyzed, threshold, whole, full
):
    planned = plan(changed, analyzed, threshold=threshold, whole_since=whole, full=full)

    everywhere = [*planned.dirty, *planned.standing, *planned.foreign, *planned.lost]
    assert sorted(everywhere) == sorted(changed.keys() | analyzed.keys())
    assert all(hour >= whole for hour in planned.dirty)
    assert all(rollup.threshold == threshold for rollup in planned.standing.values())
    assert all(rollup.threshold != threshold for rollup in planned.foreign.values())


@given(changed_hours, analyzed, st.integers(1, 3), moments)
def test_after_a_run_nothing_is_dirty_and_every_hour_computed_stands(changed, analyzed, threshold, whole):
    first = plan(changed, analyzed, threshold=threshold, whole_since=whole)
    done = analyzed_hours(first.dirty, [], threshold=threshold)

    second = plan(changed, {**analyzed, **done}, threshold=threshold, whole_since=whole)

    assert second == first.after(done)
    assert second.dirty == {}


def test_the_sums_of_an_hour_are_those_of_its_minutes():
    minutes = [
        Minute(HOURS[0], sightings=3, score_sum=12, persons=2, sad=0),
        Minute(HOURS[0] + timedelta(minutes=59), sightings=1, score_sum=1, persons=1, sad=1),
        Minute(HOURS[1], sightings=0, score_sum=0, persons=0, sad=0),
    ]

    done = analyzed_hours({HOURS[0]: OLD, HOURS[1]: NEW}, minutes, threshold=2)

    assert done == {HOURS[0]: Analyzed(OLD, 2, 4, 13), HOURS[1]: Analyzed(NEW, 2, 0, 0)}


def test_reports_are_whole_while_they_outlast_the_run():
    now = HOURS[0]

    assert whole_since(now, keep=timedelta(days=30)) == now - timedelta(days=30) + EXPIRY_MARGIN
