"""What one drone saw at one moment: the nouns of the pipeline."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

Word = Annotated[str, Meta(min_length=1, max_length=200)]


# Its bounds and its name on the wire stand here, so that `core.wire` need not make each person twice.
class Person(Struct, frozen=True, gc=False, order=True, rename={"score": "harmonyscore"}):
    """A person in a report. Two people of the same name are one person to us.

    Attributes:
        firstname: 1..200 characters.
        lastname: 1..200 characters.
        score: harmony, int 0..10; below the alert threshold the person is sad.
    """

    firstname: Word
    lastname: Word
    score: Annotated[int, Meta(ge=0, le=10)]


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
