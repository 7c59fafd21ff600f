"""The alert rule."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harmonystate.core.alert import alert_from, is_sad
from harmonystate.core.report import Person, Report
from tests.support.strategies import reports

thresholds = st.integers(0, 11)


@given(reports, thresholds)
def test_an_alert_splits_the_persons_and_loses_none(seen: Report, threshold: int):
    alert = alert_from(seen, threshold=threshold)

    if alert is None:
        assert all(person.score >= threshold for person in seen.persons)
    else:
        assert alert.report == seen
        assert alert.sad
        assert all(person.score < threshold for person in alert.sad)
        assert all(person.score >= threshold for person in alert.contacts)
        assert Counter(alert.sad + alert.contacts) == Counter(seen.persons)


@given(reports, thresholds)
def test_an_alert_names_people_in_the_order_of_the_report(seen: Report, threshold: int):
    alert = alert_from(seen, threshold=threshold)

    for part in (alert.sad, alert.contacts) if alert else ():
        rest = iter(seen.persons)
        assert all(person in rest for person in part)


@given(reports)
def test_a_higher_threshold_silences_nobody(seen: Report):
    sad = [len(alert.sad) if (alert := alert_from(seen, threshold=t)) else 0 for t in range(12)]

    assert sad == sorted(sad)
    assert sad[0] == 0
    assert sad[11] == len(seen.persons)


@pytest.mark.parametrize(("score", "sad"), [(0, True), (1, True), (2, False), (3, False), (10, False)])
def test_below_two_is_sad_and_two_is_not(score: int, sad: bool):
    assert is_sad(score, threshold=2) is sad


@given(reports)
def test_the_same_name_twice_in_a_report_is_kept_twice(seen: Report):
    ada = Person("Ada", "Byron", 0)
    doubled = Report(*(getattr(seen, field) for field in Report.__struct_fields__[:5]), (ada, ada), seen.words)

    alert = alert_from(doubled, threshold=1)

    assert alert is not None
    assert alert.sad == (ada, ada)
