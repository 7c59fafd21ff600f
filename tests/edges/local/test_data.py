"""The rows of the data files, as the fleet gets them."""

from harmonystate.edges.local.data import read_people, read_sentences


def test_there_are_ten_thousand_people_and_the_header_is_none_of_them():
    people = read_people()

    assert len(set(people)) == len(people) == 10_000
    assert ("firstname", "lastname") not in people
    assert all(first and last for first, last in people)


def test_every_sentence_has_a_happiness_and_words():
    sentences = read_sentences()

    assert len(sentences) >= 200
    assert {sentence.happiness for sentence in sentences} == set(range(11))
    assert all(1 <= len(sentence.words) <= 8 for sentence in sentences)
