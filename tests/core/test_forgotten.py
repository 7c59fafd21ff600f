from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harmonystate.core.forgotten import Forgetting, as_shown, id_of_name, name_of, shard_of, splits, without
from harmonystate.core.report import Person
from tests.support.audits import WRITTEN, report
from tests.support.strategies import persons

FOUND = report(1, 1, 8, 3)
ADA = FOUND.persons[1]
SECOND = timedelta(seconds=1)


def test_a_forgotten_person_is_left_out_and_the_others_stay_as_they_were():
    left = without(FOUND, {id_of_name(name_of(ADA)): Forgetting(WRITTEN + SECOND)})

    assert left.persons == (FOUND.persons[0], FOUND.persons[2])
    assert (left.report_id, left.words) == (FOUND.report_id, FOUND.words)


def test_what_was_heard_after_the_forgetting_is_kept():
    assert without(FOUND, {id_of_name(name_of(ADA)): Forgetting(WRITTEN)}) is FOUND


def test_a_report_of_the_future_that_was_there_is_forgotten_and_costs_no_other_one():
    forgotten = {id_of_name(name_of(ADA)): Forgetting(WRITTEN, frozenset([FOUND.report_id]))}
    new = msgspec.structs.replace(FOUND, report_id=report(2).report_id)

    assert ADA not in without(FOUND, forgotten).persons
    assert without(new, forgotten) is new


def test_without_anybody_to_forget_a_report_is_what_it_was():
    assert without(FOUND, {}) is FOUND
    assert without(FOUND, {id_of_name("Nobody Here"): Forgetting(WRITTEN + SECOND)}) is FOUND


@pytest.mark.parametrize(
    ("first", "last"),
    [(" Zoë", "Byron "), ("Zoe\u0308", "Byron"), ("Zo\u200bë", "Byron"), ("Zoë", "\u202eByron"), ("Zoë\n", "\tByron")],
)
def test_what_looks_the_same_on_a_card_is_the_same_person(first: str, last: str):
    found = msgspec.structs.replace(FOUND, persons=(Person(first, last, 1),))

    assert without(found, {id_of_name("Zoë Byron"): Forgetting(WRITTEN + SECOND)}).persons == ()
    assert without(found, {id_of_name("Zoe Byron"): Forgetting(WRITTEN + SECOND)}) is found


@given(persons)
def test_one_of_the_splits_of_a_name_is_the_name(person: Person):
    assert (as_shown(person.firstname), as_shown(person.lastname)) in set(splits(name_of(person)))


@pytest.mark.parametrize("name", ["", "Ada", " Ada", "Ada ", " "])
def test_what_is_no_first_and_last_name_has_no_split(name: str):
    assert list(splits(name)) == []


@given(st.text(), st.text())
def test_an_id_does_not_show_the_name(first: str, last: str):
    assert len(id_of_name(f"{first} {last}")) == 36


def test_the_shard_of_a_person_is_that_of_the_rollups():
    # crc32 of "ByronAda", by another program: `printf ByronAda | gzip -c | tail -c8 | od -An -N4 -tu4`.
    assert shard_of("Ada", "Byron", 1 << 40) == 3144113149
