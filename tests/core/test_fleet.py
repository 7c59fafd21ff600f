"""The simulated fleet, with the people and the sentences that come with the package."""

import hashlib
import json
from fractions import Fraction
from itertools import islice

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harmonystate.core.fleet import Fleet, Plan, run_id
from harmonystate.core.flight import City
from harmonystate.core.population import Population, Sentence
from harmonystate.core.report import Report
from harmonystate.core.wire import decode_report, encode_report
from harmonystate.edges.local.data import read_people, read_sentences
from tests.support.oracle import read_report

POPULATION = Population(read_people(), read_sentences())
HAMLET = Population([(f"F{n}", "L") for n in range(5)], [Sentence(5, ("tax",))])
PLAN = Plan(
    seed=1,
    start_ms=1_767_225_600_000,  # 2026-01-01T00:00:00Z
    drones=100,
    rate=Fraction(1),
    alert_ratio=Fraction(1, 20),
    city=City(48.8566, 2.3522, 12.0),
)
OTHERS = {
    "seed": 2,
    "start_ms": PLAN.start_ms + 1,
    "drones": 101,
    "rate": Fraction(2),
    "alert_ratio": Fraction(1, 21),
    "city": City(48.8566, 2.3522, 12.5),
}
plans = st.builds(
    Plan,
    seed=st.integers(),
    start_ms=st.integers(946_684_800_000, 4_000_000_000_000),
    drones=st.integers(1, 2**31 - 1),
    rate=st.fractions("1/60", 6_000),
    alert_ratio=st.fractions(0, 1, max_denominator=1_000),
    city=st.builds(City, st.floats(-85, 85), st.floats(-180, 180), st.floats(0.1, 500)),
)


@pytest.fixture(scope="module")
def reports() -> list[Report]:
    return [decode_report(made.value) for made in islice(Fleet(PLAN, POPULATION).reports(), 60_000)]


def test_a_report_holds_one_to_five_persons_nobody_twice(reports: list[Report]):
    for report in reports:
        names = {(person.firstname, person.lastname) for person in report.persons}
        assert 1 <= len(report.persons) <= 5
        assert len(names) == len(report.persons)


def test_the_persons_are_drawn_from_all_ten_thousand(reports: list[Report]):
    seen = {(person.firstname, person.lastname) for report in reports for person in report.persons}

    assert seen == set(read_people())
    assert len(seen) == 10_000


def test_a_report_holds_one_to_eight_words(reports: list[Report]):
    assert {len(report.words) for report in reports} <= set(range(1, 9))


def test_one_report_in_twenty_alerts_and_no_other_has_a_score_below_two(reports: list[Report]):
    quota = Fleet(PLAN, POPULATION).quota

    alerts = [any(person.score < 2 for person in report.persons) for report in reports]

    assert sum(alerts) == 3_000
    assert alerts == [quota.alerts(number) for number in range(len(reports))]


def test_the_sad_one_may_be_named_anywhere_and_need_not_be_alone(reports: list[Report]):
    sad_places = [[place for place, person in enumerate(report.persons) if person.score < 2] for report in reports]

    assert {places[0] for places in sad_places if places} == set(range(5))
    assert {len(places) for places in sad_places} >= {0, 1, 2, 3}
    assert {person.score for report in reports for person in report.persons} == set(range(11))


def test_what_is_said_fits_how_the_persons_feel(reports: list[Report]):
    happiness: dict[tuple[str, ...], set[int]] = {}
    for sentence in read_sentences():
        happiness.setdefault(sentence.words, set()).add(sentence.happiness)

    def fits(words: tuple[str, ...], mean: float) -> bool:
        """Say whether the words are those of whole sentences, each within half a point of the mean."""
        return not words or any(
            any(abs(level - mean) <= 0.5 for level in happiness.get(words[:length], ())) and fits(words[length:], mean)
            for length in range(1, len(words) + 1)
        )

    for report in reports[:5_000]:
        mean = sum(person.score for person in report.persons) / len(report.persons)
        assert fits(report.words, mean), report


def test_a_report_is_about_412_bytes_long(reports: list[Report]):
    assert abs(sum(len(encode_report(report)) for report in reports) / len(reports) - 412) < 10


def test_the_day_has_its_moods(reports: list[Report]):
    def mean(hour: int) -> float:
        scores = [person.score for report in reports if report.time.hour == hour for person in report.persons]
        return sum(scores) / len(scores)

    assert mean(9) > mean(2) + 0.7


@given(plans, st.integers(0, 10**9))
def test_a_report_is_written_as_encode_report_writes_it(plan: Plan, number: int):
    value = Fleet(plan, HAMLET).report(number % 2_000).value

    assert encode_report(decode_report(value)) == value
    assert read_report(value) == decode_report(value)


@given(plans, st.integers(0, 2_000), st.integers(0, 50))
def test_a_run_that_goes_on_later_makes_the_same_reports(plan: Plan, first: int, more: int):
    whole = Fleet(plan, HAMLET)
    whole.report(first // 2)

    assert list(islice(Fleet(plan, HAMLET).reports(first), more)) == [whole.report(first + n) for n in range(more)]


def test_a_report_s_value_says_what_the_fleet_says_of_it():
    for made in islice(Fleet(PLAN, POPULATION).reports(), 1_000):
        document = json.loads(made.value)
        assert document["droneId"] == made.drone
        assert decode_report(made.value).time.timestamp() * 1000 == made.time_ms


def test_no_two_reports_of_a_run_share_an_id(reports: list[Report]):
    assert len({report.report_id for report in reports}) == len(reports)


@pytest.mark.parametrize("field", OTHERS)
def test_a_run_s_id_changes_with_everything_that_shapes_its_reports(field: str):
    other = msgspec.structs.replace(PLAN, **{field: OTHERS[field]})

    assert run_id(other, POPULATION) != run_id(PLAN, POPULATION)
    assert Fleet(other, POPULATION).report(5).value != Fleet(PLAN, POPULATION).report(5).value


def test_a_run_s_id_changes_with_the_data_files():
    assert run_id(PLAN, HAMLET) != run_id(PLAN, POPULATION)


def test_a_run_that_is_the_same_has_the_same_id():
    assert run_id(msgspec.structs.replace(PLAN), Population(read_people(), read_sentences())) == run_id(
        PLAN, POPULATION
    )


def test_a_seeded_run_has_the_bytes_that_it_always_had():
    # Seeded runs out there change when this does: only on purpose, and CHANGELOG.md says so.
    lines = b"".join(made.value + b"\n" for made in islice(Fleet(PLAN, HAMLET).reports(), 1_000))

    assert hashlib.sha256(lines).hexdigest() == "00f9f124257eff3b376803c4185817b19abf08a0f16dcf01769c34ecff950a30"
