from hypothesis import given
from hypothesis import strategies as st

from harmonystate.core.histogram import BOUNDS_S, Histogram


@given(st.lists(st.floats(-10, 1e5)))
def test_each_bound_counts_the_spans_that_are_at_most_so_long(spans):
    histogram = Histogram()
    for span in spans:
        histogram.note(span)

    counted = dict(histogram.cumulative())
    assert counted == {bound: sum(span <= bound for span in spans) for bound in (*BOUNDS_S, float("inf"))}
    assert histogram.last == (max(spans[-1], 0.0) if spans else None)


def test_a_clock_that_is_behind_makes_no_negative_sum():
    histogram = Histogram()
    histogram.note(-5)
    histogram.note(2)

    assert histogram.sum_s == 2
