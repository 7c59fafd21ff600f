"""The people, and what they say."""

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harmonystate.core.chance import Chance
from harmonystate.core.population import MAX_PERSONS, MAX_WORDS, Population, Sentence
from tests.support.strategies import names

PEOPLE = [(f"F{number}", f"L{number}") for number in range(200)]
SENTENCES = [
    Sentence(happiness, tuple(f"w{happiness}-{n}-{word}" for word in range(n % 8 + 1)))
    for happiness in range(11)
    for n in range(16)
]
SMALL = [Sentence(3, ("queue", "tax")), Sentence(9, ("sunny",))]
draws = st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=MAX_PERSONS)


@given(st.lists(st.tuples(names, names), min_size=MAX_PERSONS, max_size=12, unique=True), draws, st.booleans())
def test_nobody_is_chosen_twice_even_in_a_hamlet(people: list[tuple[str, str]], drawn: list[int], gloomy: bool):
    chosen = Population(people, SMALL).choose(drawn, gloomy=gloomy)

    assert len(set(chosen)) == len(chosen) == len(drawn)
    assert set(chosen) <= set(range(len(people)))


@given(st.lists(st.tuples(names, names), min_size=MAX_PERSONS, max_size=9, unique=True), st.lists(st.integers(0, 10)))
def test_persons_are_written_as_json_would_write_them(people: list[tuple[str, str]], scores: list[int]):
    scores = scores[: len(people)]

    text = Population(people, SMALL).encode_persons(range(len(scores)), scores)

    assert json.loads(b"[%b]" % text) == [
        {"firstname": first, "lastname": last, "harmonyscore": score}
        for (first, last), score in zip(people, scores, strict=False)
    ]


@pytest.mark.parametrize("gloomy", [False, True])
def test_everybody_is_chosen_now_and_then(gloomy: bool):
    population, chance = Population(PEOPLE, SMALL), Chance("key", "test")

    seen = Counter(population.choose(chance.draws(n)[:1], gloomy=gloomy)[0] for n in range(20_000))

    assert set(seen) == set(range(200))


def test_some_are_sad_far_more_often_than_others():
    population, chance = Population(PEOPLE, SMALL), Chance("key", "test")

    gloomy, calm = (
        Counter(population.choose(chance.draws(n)[:1], gloomy=mood)[0] for n in range(20_000)) for mood in (True, False)
    )

    assert gloomy.most_common(1)[0][1] > 1_000
    assert calm.most_common(1)[0][1] < 200


@given(st.integers(0, 10), st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=4))
def test_what_is_said_has_the_happiness_asked_for_and_one_to_eight_words(happiness: int, drawn: list[int]):
    words = json.loads(b"[%b]" % Population(PEOPLE, SENTENCES).say(happiness, drawn))

    assert 1 <= len(words) <= MAX_WORDS
    assert {word.split("-")[0] for word in words} == {f"w{happiness}"}
    assert len(set(words)) == len(words)


@pytest.mark.parametrize(("happiness", "words"), [(0, ["queue", "tax"]), (5, ["queue", "tax"]), (7, ["sunny"])])
def test_where_nobody_says_the_like_the_nearest_is_said(happiness: int, words: list[str]):
    assert json.loads(b"[%b]" % Population(PEOPLE, SMALL).say(happiness, [0, 0])) == words


@pytest.mark.parametrize("people", [PEOPLE[:4], [*PEOPLE, PEOPLE[0]]])
def test_too_few_people_or_the_same_twice_are_refused(people: list[tuple[str, str]]):
    with pytest.raises(ValueError, match="nobody twice"):
        Population(people, SMALL)


def test_the_digest_changes_with_every_name_happiness_and_word():
    digests = {
        Population(people, sentences).digest
        for people in (PEOPLE, PEOPLE[1:], [("f0", "L0"), *PEOPLE[1:]])
        for sentences in (
            SMALL,
            SMALL[1:],
            [Sentence(4, ("queue", "tax")), SMALL[1]],
            [Sentence(3, ("tax",)), SMALL[1]],
        )
    }

    assert len(digests) == 12
    assert Population(PEOPLE, SMALL).digest in digests
