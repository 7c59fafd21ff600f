"""The alert quota: exact at every prefix, for every ratio; which report alerts is chance."""

from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harmonystate.core.chance import Chance
from harmonystate.core.quota import Quota

ratios = st.one_of(
    st.sampled_from([Fraction(0), Fraction(1), Fraction(1, 20), Fraction(1, 100), Fraction(2, 3), Fraction(999, 1000)]),
    st.fractions(0, 1, max_denominator=10_000),
)


def quota(ratio: Fraction, key: str = "key") -> Quota:
    return Quota(ratio, Chance(key, "quota"))


@given(ratios, st.text(st.characters(codec="utf-8"), max_size=5), st.integers(1, 2_000))
def test_after_any_number_of_reports_the_alerts_differ_by_less_than_one(ratio: Fraction, key: str, length: int):
    decide, alerts = quota(ratio, key), 0

    for number in range(length):
        alerts += decide.alerts(number)
        assert abs(alerts - (number + 1) * ratio) < 1


@given(ratios, st.integers(0, 10**12), st.integers(0, 500))
def test_a_run_that_goes_on_later_alerts_where_it_would_have(ratio: Fraction, first: int, length: int):
    before, after = quota(ratio), quota(ratio)
    before.alerts(max(0, first - 1))

    assert [before.alerts(first + n) for n in range(length)] == [after.alerts(first + n) for n in range(length)]


@given(ratios, st.integers(0, 2_000))
def test_the_alerts_of_a_prefix_can_be_told_without_making_it(ratio: Fraction, length: int):
    assert quota(ratio).count_before(length) == sum(map(quota(ratio).alerts, range(length)))


@pytest.mark.parametrize(("ratio", "length", "alerts"), [("0.05", 100_000, 5_000), ("0.01", 5_600, 56), ("0", 999, 0)])
def test_a_whole_number_of_alerts_is_met_exactly(ratio: str, length: int, alerts: int):
    assert quota(Fraction(ratio)).count_before(length) == alerts


def test_every_place_among_twenty_reports_alerts_now_and_then():
    decide = quota(Fraction(1, 20))

    places = Counter(number % 20 for number in range(20_000) if decide.alerts(number))

    assert sorted(places) == list(range(20))
    assert all(20 < count < 90 for count in places.values())


def test_another_key_lets_other_reports_alert():
    ones, others = ([quota(Fraction(1, 20), key).alerts(n) for n in range(2_000)] for key in ("one", "other"))

    assert sum(ones) == sum(others) == 100
    assert ones != others
