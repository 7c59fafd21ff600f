from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from harmonystate.frames.contents import Contents

moments = st.integers(946_684_800, 4_102_444_800).map(lambda second: datetime.fromtimestamp(second, UTC))
counts = st.integers(0, 10**6)
contents = st.builds(
    Contents,
    stored=counts,
    expired=counts,
    dead=counts,
    hours=st.frozensets(moments, max_size=3),
    oldest_ms=st.none() | st.integers(-(2**63), 2**63 - 1),
)


@given(contents, contents, contents)
def test_it_does_not_matter_which_task_ends_first(one, two, three):
    assert one.plus(two).plus(three) == three.plus(one).plus(two)
    assert one.plus(two.plus(three)) == one.plus(two).plus(three)


@given(contents)
def test_nothing_adds_nothing(one):
    assert one.plus(Contents()) == Contents().plus(one) == one


def test_of_two_moments_the_first_counts():
    hours = frozenset([datetime(2026, 11, 25, tzinfo=UTC)])

    both = Contents(stored=1, hours=hours, oldest_ms=2).plus(Contents(dead=2, oldest_ms=1))

    assert both == Contents(stored=1, dead=2, hours=hours, oldest_ms=1)
