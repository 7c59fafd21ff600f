"""When each drone reports: once an interval, at its own moment in it."""

from collections import Counter, defaultdict
from fractions import Fraction
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from harmonystate.core.chance import Chance
from harmonystate.core.schedule import Schedule

START_MS = 1_795_537_097_123
fleets = st.integers(1, 300)
rates = st.one_of(
    st.sampled_from([Fraction(1), Fraction(60), Fraction(7), Fraction(1, 1440)]), st.fractions("1/1440", 6_000)
).filter(lambda rate: rate > 0)


def schedule(drones: int, rate: Fraction = Fraction(1), key: str = "key") -> Schedule:
    return Schedule(START_MS, drones, rate, Chance(key, "schedule"))


@given(fleets, st.integers(0, 10**9), st.text(st.characters(codec="utf-8"), max_size=5))
def test_in_each_round_every_drone_reports_once_in_the_same_order(drones: int, round_: int, key: str):
    plan = schedule(drones, key=key)

    order = [plan.drone(round_ * drones + place) for place in range(drones)]

    assert sorted(order) == list(range(drones))
    assert order == [plan.drone(place) for place in range(drones)]


@given(fleets, st.integers(0, 10**9))
def test_drone_and_sequence_name_a_report_and_no_other(drones: int, number: int):
    plan = schedule(drones)

    names = [(plan.drone(n), plan.sequence(n)) for n in range(number, number + 2 * drones)]

    assert len(set(names)) == len(names)
    assert {sequence for _, sequence in names} <= {number // drones + more for more in range(3)}


@given(fleets, rates, st.integers(0, 10**6))
def test_event_time_never_falls_and_keeps_the_rate_for_ever(drones: int, rate: Fraction, first: int):
    plan = schedule(drones, rate)

    times_ms = [plan.time_ms(n) for n in range(first, first + 50)]

    assert all(earlier <= later for earlier, later in pairwise(times_ms))
    exact = [START_MS + n * Fraction(60_000) / rate / drones for n in range(first, first + 50)]
    assert all(0 <= due - time < 1 for due, time in zip(exact, times_ms, strict=True))


def test_a_hundred_drones_each_report_at_their_own_moment_of_the_minute():
    plan, moments = schedule(100), defaultdict(set)

    for number in range(1_000):
        moments[plan.drone(number)].add(plan.time_ms(number) % 60_000)

    assert all(len(seen) == 1 for seen in moments.values())
    assert len(set.union(*moments.values())) == 100


@given(st.integers(1, 300), st.fractions(1, 600))
def test_at_any_rate_a_drone_keeps_its_moment_of_the_interval_to_the_millisecond(drones: int, rate: Fraction):
    plan, interval = schedule(drones, rate), Fraction(60_000) / rate

    for place in range(min(drones, 10)):
        phase = place * interval / drones
        for round_ in range(20):
            exact = START_MS + round_ * interval + phase
            assert 0 <= exact - plan.time_ms(round_ * drones + place) < 1


@given(fleets, rates, st.integers(-1_000, 10**7))
def test_the_reports_before_a_moment_are_those_that_are_due_before_it(drones: int, rate: Fraction, after_ms: int):
    plan = schedule(drones, rate)
    end_ms = START_MS + after_ms

    count = plan.count_before(end_ms)

    assert count >= 0
    assert count == 0 or plan.time_ms(count - 1) < end_ms
    assert plan.time_ms(count) >= end_ms


def test_six_hours_of_a_hundred_drones_are_36_000_reports():
    assert schedule(100).count_before(START_MS + 6 * 3_600_000) == 36_000


def test_another_key_lets_the_drones_take_turns_in_another_order():
    orders = {tuple(schedule(100, key=str(key)).drone(n) for n in range(100)) for key in range(50)}

    assert len(orders) > 40


def test_a_shuffled_fleet_is_not_in_order_of_its_numbers():
    steps = Counter(
        (schedule(101, key=str(key)).drone(1) - schedule(101, key=str(key)).drone(0)) % 101 for key in range(200)
    )

    assert len(steps) > 50
