"""Who is saddest, and the lower bound of their share."""

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harmonystate.core.ranking import Tally, saddest, wilson_low
from tests.support.strategies import names

counts = st.integers(1, 100_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
# Few names and small counts, so that there are ties of every kind.
tallies = st.lists(
    st.builds(
        lambda first, last, sad, calm: Tally(first, last, sad, sad + calm + (sad + calm == 0)),
        st.one_of(st.sampled_from("ABab"), names),
        st.one_of(st.sampled_from(["B", "é", "\uffff", "🙂"]), names),
        st.integers(0, 3),
        st.integers(0, 4),
    ),
    unique_by=lambda tally: (tally.firstname, tally.lastname),
    max_size=30,
)


@pytest.mark.parametrize(
    ("sad", "sightings", "low"),
    [(0, 1, 0.0), (0, 50, 0.0), (1, 1, 0.2065), (1, 10, 0.0179), (5, 10, 0.2366), (10, 10, 0.7225), (50, 100, 0.4038)],
)
def test_the_lower_bound_is_that_of_the_tables(sad, sightings, low):
    assert wilson_low(sad, sightings) == pytest.approx(low, abs=5e-5)


@given(counts)
@example((0, 197))  # rounding alone would put the bound above the share
def test_the_lower_bound_is_the_lowest_share_from_which_what_was_seen_is_not_far(count):
    sad, sightings = count
    low, seen = wilson_low(sad, sightings), sad / sightings

    # Wilson's own definition: 1.96 standard deviations of `low` reach just up to the share that was seen.
    reach = 1.96 * math.sqrt(low * (1 - low) / sightings)

    assert 0 <= low <= seen
    assert low + reach == pytest.approx(seen, abs=1e-9)


@given(counts)
def test_more_calm_sightings_lower_the_bound_and_more_sad_ones_raise_it(count):
    sad, sightings = count

    if sad:
        assert wilson_low(sad, sightings + 1) < wilson_low(sad, sightings)
    assert wilson_low(sad + 1, sightings + 1) > wilson_low(sad, sightings)


def test_a_share_that_was_seen_more_often_is_surer():
    assert wilson_low(1, 2) < wilson_low(10, 20) < wilson_low(1000, 2000) < 0.5


@given(tallies, st.integers(1, 12))
def test_the_order_is_that_of_the_contract(seen, top):
    def contract(tally):
        return (-tally.sad, -wilson_low(tally.sad, tally.sightings), tally.lastname, tally.firstname)

    ranked = saddest(seen, top=top)

    expected = sorted((tally for tally in seen if tally.sad), key=contract)[:top]
    assert [(t.firstname, t.lastname, t.sad, t.sightings) for t in expected] == [
        (r.firstname, r.lastname, r.sad, r.sightings) for r in ranked
    ]
    assert [r.rank for r in ranked] == list(range(1, len(ranked) + 1))
    assert all(r.share == r.sad / r.sightings and r.share_low == wilson_low(r.sad, r.sightings) for r in ranked)


def test_who_was_never_sad_is_not_among_the_saddest():
    assert saddest([Tally("Ada", "Byron", 0, 100)], top=10) == []
