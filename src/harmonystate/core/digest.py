"""Many older alerts in few lines: a digest for each area and five minutes, which shows the id of every one of them."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import NamedTuple

from harmonystate.core.alert import RaisedAlert
from harmonystate.core.card import Dialect, colour_of, length, listing, map_link, spell_person
from harmonystate.core.message import short_id
from harmonystate.core.report import Person, Report

SPAN = timedelta(minutes=5)
# So many ids, of 22 characters each, leave room for the other lines of a digest, which may have 4096 characters.
MOST_IN_DIGEST = 140
# What names may take of a digest, in UTF-16 units: who is left out here is found by `harmony trace`.
LONGEST_NAMES = 300
IDS = "alerts "


class Area(NamedTuple):
    """What is nearest to a crossing of hundredths of a degree: 1.1 km from south to north, less from west to east."""

    latitude: int
    longitude: int

    def __str__(self) -> str:
        """Spell its middle, in degrees."""
        return f"{self.latitude / 100:.2f}, {self.longitude / 100:.2f}"


class Digest(NamedTuple):
    """What is told of the older alerts of one area and five minutes.

    Attributes:
        text: several lines; the last one shows the ids of all.
        colour: 0xRRGGBB, of the worst score.
    """

    title: str
    text: str
    colour: int

    @property
    def size(self) -> int:
        """How long all its texts are together, in UTF-16 units."""
        return length(self.title) + length(self.text)


def area_of(report: Report) -> Area:
    """Return where a report was made."""
    return Area(round(report.latitude * 100), round(report.longitude * 100))


def span_of(report: Report) -> datetime:
    """Return when the five minutes began in which a report was made; UTC."""
    return datetime.fromtimestamp(report.time.timestamp() // SPAN.total_seconds() * SPAN.total_seconds(), UTC)


def digests_of(alerts: Iterable[RaisedAlert], dialect: Dialect) -> Iterator[tuple[int, Digest]]:
    """Yield digests with how many alerts each tells of; alerts of the same area and five minutes stand side by side."""
    for (span, area), group in groupby(
        alerts, lambda raised: (span_of(raised.alert.report), area_of(raised.alert.report))
    ):
        members = list(group)
        for first in range(0, len(members), MOST_IN_DIGEST):
            part = members[first : first + MOST_IN_DIGEST]
            yield len(part), _digest_of(part, span, area, dialect)


def count_within(alerts: Sequence[RaisedAlert], dialect: Dialect, *, most: int, limit: int) -> int:
    """Count how many alerts, in whole digests from the first on, fit a message; at least those of one digest.

    Args:
        most: digests in a message.
        limit: of all texts together, in UTF-16 units.
    """
    told = 0
    for number, (count, digest) in enumerate(digests_of(alerts, dialect)):
        limit -= digest.size
        if number and (number == most or limit < 0):
            break
        told += count
    return told


def _digest_of(alerts: Sequence[RaisedAlert], span: datetime, area: Area, dialect: Dialect) -> Digest:
    worst = min(person.score for raised in alerts for person in raised.alert.sad)
    sad = listing([spell_person(person, dialect) for person in _worst_first(alerts)], LONGEST_NAMES)
    drones = len({raised.alert.report.drone_id for raised in alerts})
    lines = [
        f"{span:%Y-%m-%d %H:%M} to {span + SPAN:%H:%M} UTC, from {_count(drones, 'drone')}",
        f"Worst score {worst}. Sad: {sad}",
        f"Around {map_link(area.latitude / 100, area.longitude / 100)}",
        IDS + "`" + " ".join(short_id(raised.alert_id) for raised in alerts) + "`",
    ]
    return Digest(f"{_count(len(alerts), 'alert')} around {area}", "\n".join(lines), colour_of(worst))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _worst_first(alerts: Iterable[RaisedAlert]) -> Iterable[Person]:
    """Return who was sad; somebody seen several times is named once, with the lowest score."""
    sad = sorted((person.score, person.lastname, person.firstname) for raised in alerts for person in raised.alert.sad)
    named: dict[tuple[str, str], Person] = {}
    for score, last, first in sad:
        named.setdefault((last, first), Person(first, last, score))
    return named.values()
