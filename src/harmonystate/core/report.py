"""What one drone saw at one moment: the nouns of the pipeline."""

from datetime import datetime

from msgspec import Struct


class Person(Struct, frozen=True, gc=False, order=True):
    """A person in a report. Two people of the same name are one person to us.

    Attributes:
        firstname: 1..200 characters.
        lastname: 1..200 characters.
        score: harmony, int 0..10; below the alert threshold the person is sad.
    """

    firstname: str
    lastname: str
    score: int


class Report(Struct, frozen=True, gc=False):
    """What one drone saw at one moment.

    Attributes:
        report_id: a UUID in canonical lower case.
        drone_id: 0..2^31-1.
        time: when it was seen; UTC, years 2000..2100, whole milliseconds.
        latitude: degrees, -90..90.
        longitude: degrees, -180..180.
        persons: at most 1000, in the order the drone named them.
        words: key words of what was said, at most 1000, 1..200 characters each.
    """

    report_id: str
    drone_id: int
    time: datetime
    latitude: float
    longitude: float
    persons: tuple[Person, ...]
    words: tuple[str, ...]
