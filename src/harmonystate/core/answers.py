"""The four questions, and what an analysis answers."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from harmonystate.core.ranking import Ranked
from harmonystate.core.windows import Window


class Question(Struct, frozen=True):
    """A question to the stored reports.

    Attributes:
        name: of its table, and its key in JSON and CSV.
        title: what a reader sees over the answer.
        unit: of its values.
    """

    name: str
    title: str
    unit: str


SADDEST = Question("saddest", "The people most frequently sad", "sad sightings")
HARMONYSCORES = Question("harmonyscores", "Average harmony score over time", "score, 0 to 10")
PERSONS = Question("persons", "People supervised over time", "people per minute")
BADPERSONS = Question("badpersons", "Sad people over time", "people per minute")


class Minute(Struct, frozen=True, gc=False):
    """What all drones saw in one minute that has reports; whole numbers, so that sums are exact.

    Attributes:
        time: its start, UTC.
        sightings: persons in its reports, each counted as often as seen; 0 when the reports name nobody.
        score_sum: the sum of their scores.
        persons: distinct people among them.
        sad: distinct people among them with a sad sighting.
    """

    time: datetime
    sightings: int
    score_sum: int
    persons: int
    sad: int


class Point(Struct, frozen=True, gc=False):
    """A value of a series at a minute (UTC)."""

    time: datetime
    value: float


class Series(Struct, frozen=True):
    """The answer to a question over time.

    Attributes:
        points: one for each minute that has a value, rising in time.
        mean: over sightings for the score, over minutes for the counts; None when there is no point.
    """

    question: Question
    points: Sequence[Point]
    mean: float | None


class Answers(Struct, frozen=True):
    """The four answers for one window, and the threshold they were made with."""

    window: Window
    threshold: int
    saddest: Sequence[Ranked]
    harmonyscores: Series
    persons: Series
    badpersons: Series

    def series(self) -> tuple[Series, Series, Series]:
        """Return the three answers over time, in the order to show them."""
        return (self.harmonyscores, self.persons, self.badpersons)


def score_points(minutes: Iterable[Minute]) -> list[Point]:
    """Return the mean score of all sightings of each minute; a minute without sightings has none."""
    return [Point(m.time, m.score_sum / m.sightings) for m in minutes if m.sightings]


def person_points(minutes: Iterable[Minute]) -> list[Point]:
    """Return how many distinct people each minute saw."""
    return [Point(m.time, m.persons) for m in minutes]


def sad_points(minutes: Iterable[Minute]) -> list[Point]:
    """Return how many distinct people each minute saw sad: 0 where it has reports and nobody is."""
    return [Point(m.time, m.sad) for m in minutes]


POINTS: Mapping[Question, Callable[[Iterable[Minute]], list[Point]]] = {
    HARMONYSCORES: score_points,
    PERSONS: person_points,
    BADPERSONS: sad_points,
}


def score_series(points: Iterable[Point], *, sightings: int, score_sum: int) -> Series:
    """Return the series of scores; its mean is over all sightings, not over minutes."""
    return Series(HARMONYSCORES, _rising(points), score_sum / sightings if sightings else None)


def count_series(question: Question, points: Iterable[Point]) -> Series:
    """Return a series of counts; its mean is over the minutes that have reports."""
    rising = _rising(points)
    return Series(question, rising, sum(point.value for point in rising) / len(rising) if rising else None)


def _rising(points: Iterable[Point]) -> list[Point]:
    return sorted(points, key=lambda point: point.time)
