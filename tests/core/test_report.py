"""The nouns."""

import pytest
from hypothesis import given

from harmonystate.core.report import Person, Report
from tests.support.strategies import persons, reports


def test_two_people_of_the_same_name_and_score_are_one_person():
    seen = {Person("Ada", "Byron", 1), Person("Ada", "Byron", 1), Person("Byron", "Ada", 1)}

    assert len(seen) == 2


@given(persons)
def test_a_person_cannot_be_changed(person: Person):
    with pytest.raises(AttributeError):
        person.score = 10  # type: ignore[misc]


@given(reports)
def test_a_report_can_be_a_key(report: Report):
    assert {report: 1}[report] == 1
