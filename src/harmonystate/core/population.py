"""The people of the city, what they say, and how the two fit: who feels low speaks low."""

from collections.abc import Iterable, Sequence
from hashlib import sha256

import msgspec
from msgspec import Struct

from harmonystate.core.chance import scale
from harmonystate.core.wire import encode_head, encode_words

MAX_PERSONS = 5
MAX_WORDS = 8
HAPPINESS = range(11)
_TAILS = [b"%d}" % score for score in range(11)]
# Coprime to most sizes, so that it scatters the gloomy ones over the whole list.
_SCATTER = 7_919


class Sentence(Struct, frozen=True):
    """Something that is said.

    Attributes:
        happiness: 0..10, on the scale of scores.
        words: its key words, 1..8.
    """

    happiness: int
    words: tuple[str, ...]


class Population:
    """People and sentences, encoded once.

    Attributes:
        digest: of everything in here that shapes reports.

    Args:
        people: first and last names, nobody twice, at least MAX_PERSONS.
        sentences: at least one.
    """

    def __init__(self, people: Sequence[tuple[str, str]], sentences: Sequence[Sentence]) -> None:
        if len(set(people)) != len(people) or len(people) < MAX_PERSONS:
            raise ValueError(f"expected at least {MAX_PERSONS} people, nobody twice")
        self.digest = sha256(msgspec.json.encode((people, sentences))).hexdigest()
        self._heads = [encode_head(*names) for names in people]
        self._sayings = [_nearest(sentences, happiness) for happiness in HAPPINESS]

    def choose(self, draws: Sequence[int], *, gloomy: bool) -> list[int]:
        """Choose one person a draw, nobody twice.

        Args:
            draws: at most MAX_PERSONS.
            gloomy: the first one is chosen among those who are often sad: one person in a hundred has ten in a
                hundred of all chances, and everybody has some.
        """
        size = len(self._heads)
        # Squared, a share of 1/100 of the draws becomes the first 1/10000 of the people.
        chosen = [(draws[0] ** 2 * size >> 64) * _SCATTER % size if gloomy else scale(draws[0], size)]
        for draw in draws[1:]:
            place = scale(draw, size)
            while place in chosen:
                place = (place + 1) % size
            chosen.append(place)
        return chosen

    def encode_persons(self, people: Iterable[int], scores: Iterable[int]) -> bytes:
        """Write persons with commas between them."""
        heads = self._heads
        return b",".join([heads[person] + _TAILS[score] for person, score in zip(people, scores, strict=True)])

    def say(self, happiness: int, draws: Sequence[int]) -> bytes:
        """Write the words of sentences of this happiness (or the nearest that anybody ever says): 1..MAX_WORDS words.

        Args:
            happiness: 0..10.
            draws: one a sentence; a sentence that would be too much is not said.
        """
        sayings = self._sayings[happiness]
        said, room = [], MAX_WORDS
        for draw in draws:
            words, length = sayings[scale(draw, len(sayings))]
            if length <= room and words not in said:
                said.append(words)
                room -= length
        return b",".join(said)


def _nearest(sentences: Sequence[Sentence], happiness: int) -> list[tuple[bytes, int]]:
    """Return the words, encoded and counted, of the sentences that are nearest to `happiness`."""
    distance = min(abs(sentence.happiness - happiness) for sentence in sentences)
    return [
        (encode_words(sentence.words), len(sentence.words))
        for sentence in sentences
        if abs(sentence.happiness - happiness) == distance
    ]
