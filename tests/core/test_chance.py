"""Chance: a function of key, purpose and number, and nothing else."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from harmonystate.core.chance import DRAWS, Chance, scale

numbers = st.integers(0, 2**64 - 1)


@given(st.text(st.characters(codec="utf-8")), numbers, numbers)
def test_a_number_s_draws_do_not_depend_on_what_was_drawn_before(key: str, number: int, other: int):
    chance = Chance(key, "report")
    chance.draws(other)

    assert chance.draws(number) == Chance(key, "report").draws(number)


def test_the_draws_are_the_ones_that_earlier_releases_gave():
    # These literals must never change: a seeded run would give other bytes.
    assert Chance("key", "report").draws(7)[:3] == (4_150_547_307, 4_265_774_453, 572_375_338)


def test_key_purpose_and_number_each_make_other_draws():
    drawn = {
        Chance(key, purpose).draws(number) for key in "ab" for purpose in ("report", "quota") for number in range(50)
    }

    assert len(drawn) == 200


@given(st.integers(0, 2**32 - 1), st.integers(1, 2**31 - 1))
def test_a_scaled_draw_is_within_its_size(draw: int, size: int):
    assert 0 <= scale(draw, size) < size


def test_a_scaled_draw_takes_every_value_equally_often():
    chance = Chance("key", "dice")

    thrown = Counter(scale(draw, 6) for number in range(1_000) for draw in chance.draws(number))

    expected = 1_000 * DRAWS / 6
    assert set(thrown) == set(range(6))
    assert all(abs(count - expected) < 5 * expected**0.5 for count in thrown.values())
